"""Threads may decode a type for the first time at the same moment."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading
sys.setswitchinterval(1e-6)
import msgspec
from stratolith import services
from stratolith.kernel import concurrency
services.load()
from stratolith.network.drivers.base import HostNetworkPart, HostNetworkView
assert concurrency.prepare_structs() > 50
view = msgspec.json.encode(HostNetworkView(host="h", generation=1))
part = msgspec.json.encode(HostNetworkPart(generation=1))
together = threading.Barrier(8)
def decode():
    together.wait()
    for _ in range(20):
        msgspec.json.decode(view, type=HostNetworkView)
        msgspec.json.decode(part, type=HostNetworkPart)
threads = [threading.Thread(target=decode) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_first_decoding_in_several_threads() -> None:
    for _ in range(3):  # without the preparation two of three processes crash
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
