"""HTTP pages about the agent: alive, ready, metrics; on the loopback address.

GET /healthz   200 while the process runs
GET /readyz    200 when the last sync of each room succeeded, else 503 and the reasons
GET /left-out  {object id: why it could not be synchronised, although the rest was}
GET /metrics   Prometheus metrics of the agent
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stratolith.kernel import metrics

LOG = logging.getLogger(__name__)
Problems = Callable[[], list[str]]
LeftOut = Callable[[], dict[str, str]]


def make_handler(problems: Problems, left_out: LeftOut) -> type[BaseHTTPRequestHandler]:
    """A handler that shows ``problems`` (an empty list: no problems) and ``left_out``."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, metrics.render(), "text/plain; version=0.0.4")
            elif self.path in ("/healthz", "/healthcheck"):
                self._answer(200, b"OK", "text/plain")
            elif self.path == "/readyz":
                current = problems()
                self._answer(503 if current else 200, "\n".join(current or ["ready"]).encode())
            elif self.path == "/left-out":
                self._answer(200, json.dumps(left_out()).encode(), "application/json")
            else:
                self._answer(404, b"not found")

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            LOG.debug(format, *args)

    return Handler


class _Page(ThreadingHTTPServer):
    def shutdown(self) -> None:
        """Stop answering and close the port."""
        super().shutdown()
        self.server_close()


def serve(problems: Problems, port: int, left_out: LeftOut = dict) -> ThreadingHTTPServer | None:
    """Answer on 127.0.0.1:``port`` in a thread; None when the port is in use.

    An agent without health page still works, so this is not an error.
    """
    try:
        server = _Page(("127.0.0.1", port), make_handler(problems, left_out))
    except OSError as error:
        LOG.warning("no health page on 127.0.0.1:%d: %s", port, error)
        return None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
