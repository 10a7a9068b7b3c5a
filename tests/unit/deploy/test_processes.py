"""Ports and their owners, ending processes, memory: on real sockets and processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from stratolith.deploy.checks import requirements
from stratolith.deploy.supervision import processes
from stratolith.kernel import config


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def test_a_taken_port_is_not_bindable_and_its_owner_is_known(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert not processes.is_bindable("127.0.0.1", port)
    assert not processes.is_bindable("0.0.0.0", port)
    owner = processes.port_owner(port)
    assert owner is not None
    assert owner[0] == os.getpid()
    assert "pytest" in owner[1] or "python" in owner[1]
    listener.close()
    assert processes.is_bindable("127.0.0.1", port)
    assert processes.port_owner(port) is None


def test_the_finding_names_process_and_setting(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    settings = config.load({}, None, {}, {"api": {"port": port, "single_port": True}})
    (finding,) = requirements.taken_ports(settings)
    assert not finding.is_met
    assert str(os.getpid()) in finding.actual
    assert "api.port" in finding.fix


def test_an_address_of_another_host_is_explained() -> None:
    settings = config.load({}, None, {}, {"api": {"listen": "198.51.100.77"}})
    (finding,) = requirements.taken_ports(settings)
    assert not finding.is_met
    assert "--listen" in finding.fix


def test_stop_ends_a_process_and_forgives_one_that_is_gone() -> None:
    process = subprocess.Popen(["sleep", "60"])
    processes.stop(process.pid, 5)
    assert process.wait(5) != 0
    processes.stop(process.pid, 5)


def test_stop_kills_a_process_that_does_not_listen() -> None:
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
        "print(1, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    begun = time.monotonic()
    processes.stop(process.pid, 0.3)
    assert time.monotonic() - begun < 3
    assert process.wait(5) == -9
    process.stdout.close()


def test_memory_and_descendants() -> None:
    process = subprocess.Popen(["sh", "-c", "sleep 60 & wait"])
    try:
        deadline = time.monotonic() + 5
        while len(found := processes.children([process.pid])) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert process.pid in found
        assert os.getpid() not in found
    finally:
        for pid in found:
            processes.stop(pid, 2)
        process.wait(5)
    assert processes.proportional_kib(os.getpid()) > 1000
    assert processes.proportional_kib(process.pid) == 0


def test_a_full_disk_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "LEAST_FAKE_DISK_MIB", 1 << 50)
    settings = config.load({}, None, {}, {"cloud": {"fake": True, "state_dir": "/no/such/dir"}})
    finding = requirements.disk(settings)
    assert not finding.is_met
    assert "--state-dir" in finding.fix
