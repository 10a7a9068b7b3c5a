"""A cloud in process behind the HTTP server that ``stratolith server`` uses, on a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from stratolith.kernel.http.connections import Limits
from stratolith.kernel.http.protocol import guarded
from tests.testcloud import TestCloud


@contextmanager
def served(cloud: TestCloud, limits: Limits | None = None) -> Iterator[int]:
    """The port that serves all services by path."""
    config = uvicorn.Config(
        cloud.app,
        http=guarded(limits or Limits()),
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)
