"""QMP for threads: one short connection to a guest's monitor socket."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from qemu.qmp import ExecuteError, QMPClient, QMPError

from stratolith.compute.drivers.base import DriverError

# A connection that ends because the guest ended is normal: do not log it.
logging.getLogger("qemu.qmp").setLevel(logging.CRITICAL)

Event = dict[str, Any]


class MonitorError(DriverError):
    """QEMU refused a command; ``str(error)`` is its reason."""


class MonitorGone(DriverError):
    """The guest's monitor does not answer, because its process ended or hangs."""


class Monitor:
    """``with Monitor(directory) as monitor``; QEMU serves one connection at a time."""

    def __init__(self, directory: Path, *, timeout: float = 10.0) -> None:
        self._directory = directory
        self._timeout = timeout
        self._client = QMPClient("guest")
        self._loop = asyncio.Runner()

    def __enter__(self) -> Monitor:
        # The path of a unix socket has at most 107 bytes, the state directory may be longer: use a
        # path through an open directory.
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            path = f"/proc/self/fd/{directory}/qmp.sock"
            self._wait(self._client.connect(path), self._timeout)
        except BaseException:
            self._loop.close()
            raise
        finally:
            os.close(directory)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._wait(self._client.disconnect(), 2.0)
        except DriverError:
            pass  # the guest ended first
        finally:
            self._loop.close()

    def execute(self, command: str, arguments: dict[str, object] | None = None) -> Any:
        """The command's return value; raises MonitorError (refused), MonitorGone."""
        return self._wait(self._client.execute(command, arguments), self._timeout)

    def await_event(self, name: str, fits: Callable[[Event], bool], seconds: float) -> bool:
        """Whether such an event came since the connection was made, or comes in ``seconds``."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                event = self._wait(self._client.events.get(), remaining)
            except MonitorGone as error:
                if isinstance(error.__cause__, TimeoutError):
                    return False
                raise
            if event["event"] == name and fits(event.get("data", {})):
                return True
        return False

    def _wait(self, work: Any, seconds: float) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(work, seconds)

        try:
            return self._loop.run(bounded())
        except ExecuteError as error:
            raise MonitorError(str(error)) from error
        except TimeoutError as error:
            raise MonitorGone(f"The guest's monitor did not answer in {seconds:.0f} s") from error
        except (QMPError, OSError, EOFError) as error:
            raise MonitorGone(f"The guest's monitor failed: {error}") from error
