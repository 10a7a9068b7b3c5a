"""A guest's process that was killed and still holds its files."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stratolith.compute.drivers.qemu import process

LARGE = """
import ctypes, fcntl, os, sys
ctypes.CDLL(None).prctl(15, b"qemu-system-x86", 0, 0, 0)  # PR_SET_NAME
memory = bytearray(os.urandom(1)) * (700 << 20)
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX)
file.write(str(os.getpid()))
file.flush()
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_next_start_waits_until_the_files_are_free(tmp_path: Path) -> None:
    pid_file = tmp_path / "qemu.pid"
    pid_file.touch()
    words = [sys.executable, "-c", LARGE, str(pid_file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guest:
        assert guest.stdout is not None and guest.stdout.readline() == b"ready\n"
        os.kill(guest.pid, signal.SIGKILL)
        while any(process._command(guest.pid)):
            time.sleep(0)  # it loses its command line before its memory and its locks
        process.await_release(pid_file, 30.0)
        with pid_file.open("r+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("text", ["", "no number", "99999999", "ours"])
def test_nobody_waits_for_another_process(tmp_path: Path, text: str) -> None:
    pid_file = tmp_path / "qemu.pid"
    process.await_release(pid_file, 0.0)
    pid_file.write_text(text.replace("ours", str(os.getpid())))
    process.await_release(pid_file, 0.0)
