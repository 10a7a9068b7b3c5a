"""A private host for network tests: its own network namespace, so nothing of ours leaks out."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from tests.drivers.network.guests import Guest
from tests.drivers.network.ovn_host import OvnHost
from tests.drivers.network.wires import sh

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def sandbox() -> Iterator[None]:
    """The test's thread, and threads it starts, live in a network namespace of their own."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    assert _libc.unshare(_CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        assert _libc.setns(before, _CLONE_NEWNET) == 0
        os.close(before)


@pytest.fixture
def wire(sandbox: None) -> str:
    """The far end of the cable of ``nic``, the host's card on the physical network."""
    sh("ip link add nic type veth peer name wire; ip link set nic up; ip link set wire up")
    return "wire"


@pytest.fixture
def linux(sandbox: None, tmp_path: Path) -> Iterator[LinuxNetworkDriver]:
    made = LinuxNetworkDriver(tmp_path, instance="stratotest")
    yield made
    made.remove_all()


@pytest.fixture
def driver(linux: LinuxNetworkDriver) -> LinuxNetworkDriver:
    """The driver linux; modules whose tests fit several drivers replace this fixture."""
    return linux


@pytest.fixture
def ovn(sandbox: None, tmp_path: Path) -> Iterator[OvnHost]:
    """A host with the driver ovn, with the central part of OVN in the same namespace."""
    made = OvnHost(tmp_path)
    yield made
    made.close()


@pytest.fixture
def guest() -> Iterator[Callable[..., Guest]]:
    """Makes guests: ``guest(port_view)``, optionally with an address to configure."""
    made: list[Guest] = []

    def make(port: object, address: str | None = None, gateway: str | None = None) -> Guest:
        one = Guest(port.tap, port.mac)  # type: ignore[attr-defined]
        made.append(one)
        if address:
            one.configure(address, gateway)
        return one

    yield make
    for one in made:
        one.close()
