"""Conntrack helpers of routers, with real packets: FTP that asks to be called back."""

from __future__ import annotations

import socket

import pytest

from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.routing import conntrack_helpers
from stratolith.network.drivers.routing import ConntrackHelperView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE
from tests.drivers.network.test_routers import WORLD

pytestmark = pytest.mark.root


def helper(name: str, protocol: str, port: int) -> ConntrackHelperView:
    return ConntrackHelperView(
        id=views.uid(f"{name}{port}"), helper=name, protocol=protocol, port=port
    )


def view(*wanted):
    a = views.port("a", "10.55.0.11", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(5555)])
    n1 = views.network("n1", ports=[a])
    router = views.router("r1", [n1], "172.31.249.10", conntrack_helpers=list(wanted))
    return a, views.host([n1], [router], external=True)


def heard(machine) -> str:
    """What a server hears of a guest that says "PORT", its address and its port 5555."""
    with socket.create_server((WORLD, 21)) as server:
        server.settimeout(PATIENCE)

        def call() -> socket.socket:
            return socket.create_connection((WORLD, 21), PATIENCE)

        with namespaces.run_in(machine.name, call) as client:
            answering, _ = server.accept()
            with answering:
                answering.settimeout(PATIENCE)
                client.sendall(b"USER me\r\n")  # the kernel reads from the second line on
                assert answering.recv(100) == b"USER me\r\n"
                client.sendall(b"PORT 10,55,0,11,21,179\r\n")
                return answering.recv(100).decode().strip()


def test_a_helper_lets_the_server_call_back(driver, guest):
    a, plain = view()
    assert not driver.apply(plain).errors
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    assert heard(machine) == "PORT 10,55,0,11,21,179", "an address that the server cannot reach"
    _, wanted = view(helper("ftp", "tcp", 21), helper("tftp", "udp", 69), helper("irc", "tcp", 21))
    assert not driver.apply(wanted).errors
    said = heard(machine)
    assert said.startswith("PORT 172,31,249,10,"), said
    assert not driver.apply(plain).errors
    assert heard(machine) == "PORT 10,55,0,11,21,179"


def test_every_helper_that_this_kernel_has_can_be_loaded(driver):
    known = [
        pair
        for pair, kind in conntrack_helpers.HELPERS.items()
        if conntrack_helpers.in_kernel(kind, pair[1])
    ]
    assert ("ftp", "tcp") in known
    _, wanted = view(*(helper(name, protocol, 1000) for name, protocol in known))
    assert not driver.apply(wanted).errors


def test_one_that_the_kernel_lacks_is_told_and_left_out(driver, guest, monkeypatch):
    real = conntrack_helpers.in_kernel
    monkeypatch.setattr(
        conntrack_helpers, "in_kernel", lambda kind, _: kind != "sip" and real(kind, "tcp")
    )
    lacking = helper("sip", "tcp", 5060)
    a, wanted = view(helper("ftp", "tcp", 21), lacking)
    assert driver.apply(wanted).errors == {
        lacking.id: "this kernel has no conntrack helper sip/tcp"
    }
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    assert heard(machine).startswith("PORT 172,31,249,10,")
