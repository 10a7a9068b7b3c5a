"""Reads which taps a running process has open."""

from __future__ import annotations

import os
import threading

import pytest

from stratolith.compute.drivers.base import DriverError
from stratolith.compute.drivers.qemu import taps


def test_files_that_are_closed_meanwhile_are_no_fault() -> None:
    """QEMU opens and closes files of its own at any time."""
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            for one in [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]:
                os.close(one)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(300):
            assert taps.opened(os.getpid()) == {}
    finally:
        stop.set()
        thread.join()


def test_a_process_that_ended_is_named() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    with pytest.raises(DriverError, match=f"process {pid}"):
        taps.opened(pid)
