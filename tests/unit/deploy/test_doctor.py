"""`doctor` names what the host of this machine leaves out, and why."""

from __future__ import annotations

import socket
from pathlib import Path

from stratolith.deploy.checks import doctor
from stratolith.kernel.agent import health
from stratolith.network.drivers.ovn import central
from tests.unit.deploy.test_restarts import settings_with


def test_what_an_agent_left_out_is_named_with_the_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = settings_with(port - 1, tmp_path)
    left_out = {f"port-{number}": "its MAC address is none" for number in range(23)}
    page = health.serve(list, port, lambda: left_out)
    assert page is not None
    try:
        found = list(doctor._of_agent(settings))
        assert found[0].text == "port-0 is not as it should be: its MAC address is none"
        assert not any(one.is_broken for one in found)
        assert [one.text for one in found[20:]] == ["So are 3 others"]
        left_out.clear()
        assert list(doctor._of_agent(settings)) == []
    finally:
        page.shutdown()
        page.server_close()


def test_what_the_server_cannot_write_into_ovn_is_named(tmp_path: Path) -> None:
    directory = central.directory_of(tmp_path)
    directory.mkdir()
    central.write_faults(directory, {"port-1": "the database refuses it"})
    (found,) = doctor._left_out(central.read_faults(directory))
    assert found.text == "port-1 is not as it should be: the database refuses it"
    central.faults_file(directory).write_text("[")
    assert list(doctor._left_out(central.read_faults(directory))) == []
