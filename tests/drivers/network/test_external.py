"""Guests directly on the external network, and IPv6 on a tenant's."""

from __future__ import annotations

import socket

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo, serve_echo

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def test_guest_on_the_external_network_is_filtered(driver, guest):
    """The host is its neighbour: what it sends is no bridged packet and is judged all the same."""
    one = views.port("e1", "172.31.249.50", "ext", rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    view = views.host(external=True)
    public = msgspec.structs.replace(view.networks[0], ports=[one])
    assert not driver.apply(msgspec.structs.replace(view, networks=[public])).errors
    machine = guest(one, "172.31.249.50/24", "172.31.249.1")
    with machine.serving(22), machine.serving(23):
        with socket.create_connection(("172.31.249.50", 22), PATIENCE) as sock:
            assert echo(sock)
        with pytest.raises(OSError):
            socket.create_connection(("172.31.249.50", 23), 0.7)
    with serve_echo(socket.create_server(("172.31.249.1", 8080))) as clients:
        assert machine.reaches("172.31.249.1", 8080)
    assert clients == ["172.31.249.50"]


def test_ipv6_rules_and_spoofing(driver, guest):
    open22 = RuleView(
        direction="ingress", ethertype="IPv6", protocol="tcp", port_range_min=22, port_range_max=22
    )
    ports = []
    for name, number in (("a", 11), ("b", 12)):
        one = views.port(name, f"10.55.0.{number}", "n1-subnet", rules=[*views.EGRESS_ALL, open22])
        six = FixedIpView(subnet_id="six", ip_address=f"fd00:55::{number}")
        ports.append(msgspec.structs.replace(one, fixed_ips=[*one.fixed_ips, six]))
    assert not driver.apply(views.host([views.network("n1", ports=ports)])).errors
    a, b = (guest(one) for one in ports)
    for machine, number in ((a, 11), (b, 12)):
        machine.sh(f"ip addr add fd00:55::{number}/64 dev eth0 nodad")

    def reaches(address: str, port: int, source: str = "", seconds: float = 1) -> bool:
        def body() -> bool:
            try:
                ends = {"source_address": (source, 0)} if source else {}
                with socket.create_connection((address, port), seconds, **ends) as sock:
                    return echo(sock)
            except OSError:
                return False

        return namespaces.run_in(a.name, body)

    def server(port: int) -> socket.socket:
        return namespaces.run_in(
            b.name, lambda: socket.create_server(("::", port), family=socket.AF_INET6)
        )

    with serve_echo(server(22)), serve_echo(server(23)):
        assert reaches("fd00:55::12", 22, seconds=PATIENCE)
        assert not reaches("fd00:55::12", 23)
        a.sh("ip addr add fd00:55::99/64 dev eth0 nodad")
        assert not reaches("fd00:55::12", 22, "fd00:55::99")
        b.sh("ip addr add fd00:55::98/64 dev eth0 nodad")
        assert not reaches("fd00:55::98", 22)
