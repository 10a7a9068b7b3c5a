"""NDP proxies of routers, with real packets."""

from __future__ import annotations

import socket
import subprocess

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, RuleView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import NdpProxyView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo, serve_echo

pytestmark = pytest.mark.root
WORLD, INSIDE, BESIDE = "fd00:ffff::1", "fd00:55::11", "fd00:55::12"
OPEN = RuleView(
    direction="ingress", ethertype="IPv6", protocol="tcp", port_range_min=22, port_range_max=22
)


def view(*proxied: str, enabled: bool = True):
    ports = []
    for name, number in (("a", 11), ("b", 12)):
        port = views.port(name, f"10.55.0.{number}", "n1-subnet", rules=[*views.EGRESS_ALL, OPEN])
        six = FixedIpView(subnet_id=views.uid("six"), ip_address=f"fd00:55::{number}")
        ports.append(msgspec.structs.replace(port, fixed_ips=[*port.fixed_ips, six]))
    n1 = views.network("n1", ports=ports)
    router = views.router(
        "r1",
        [n1],
        "172.31.249.10",
        enable_ndp_proxy=enabled,
        ndp_proxies=[NdpProxyView(id=views.uid(text), ip_address=text) for text in proxied],
    )
    gateway = msgspec.structs.replace(
        router.gateway, addresses=[*router.gateway.addresses, "fd00:ffff::10/64"]
    )
    (interface,) = router.interfaces
    interface = msgspec.structs.replace(
        interface, addresses=[*interface.addresses, "fd00:55::1/64"]
    )
    router = msgspec.structs.replace(router, gateway=gateway, interfaces=[interface])
    external = msgspec.structs.replace(
        views.EXTERNAL, gateway_cidrs=[*views.EXTERNAL.gateway_cidrs, f"{WORLD}/64"]
    )
    host = views.host([n1], [router], external=True)
    return ports, msgspec.structs.replace(host, externals=[external])


def machine_of(guest, port, number: int):
    machine = guest(port)
    machine.sh(f"ip addr add fd00:55::{number}/64 dev eth0 nodad")
    machine.sh("ip -6 route add default via fd00:55::1")
    return machine


def from_world(address: str, seconds: float = PATIENCE) -> bool:
    try:
        with socket.create_connection((address, 22), seconds) as sock:
            return echo(sock)
    except OSError:
        return False


def serving(machine):
    def server() -> socket.socket:
        return socket.create_server(("::", 22), family=socket.AF_INET6)

    return serve_echo(namespaces.run_in(machine.name, server))


def answered() -> set[str]:
    """The addresses for which the router answers on its external network."""
    space = names.router_namespace(views.uid("r1"))
    shown = subprocess.run(
        ["ip", "-n", space, "-6", "neigh", "show", "proxy"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {line.split()[0] for line in shown.stdout.splitlines()}


def test_the_router_answers_for_addresses_with_a_proxy_only(driver, guest):
    ports, wanted = view(INSIDE)
    assert not driver.apply(wanted).errors
    first, second = (machine_of(guest, port, 11 + at) for at, port in enumerate(ports))
    for address in (INSIDE, BESIDE):  # on the link, as the outside sees it
        route = ["ip", "-6", "route", "replace", f"{address}/128", "dev", views.EXTERNAL_BRIDGE]
        subprocess.run(route, check=True)
    with serving(first), serving(second):
        assert from_world(INSIDE)
        assert not from_world(BESIDE, 2)
        assert not driver.apply(view(BESIDE)[1]).errors
        subprocess.run(["ip", "-6", "neigh", "flush", "dev", views.EXTERNAL_BRIDGE], check=True)
        assert from_world(BESIDE)
        assert not from_world(INSIDE, 2)
        assert answered() == {BESIDE}, "a former proxy makes another router's address useless"
        assert not driver.apply(view()[1]).errors
        assert answered() == set()


def test_with_a_route_the_outside_still_needs_a_proxy(driver, guest):
    ports, wanted = view()
    assert not driver.apply(wanted).errors
    machine = machine_of(guest, ports[0], 11)
    route = ["ip", "-6", "route", "replace", "fd00:55::/64", "via", "fd00:ffff::10"]
    subprocess.run(route, check=True)
    with serving(machine):
        assert not from_world(INSIDE, 1)
        assert not driver.apply(view(enabled=False)[1]).errors
        assert from_world(INSIDE), "without enable_ndp_proxy routes are enough"
        assert not driver.apply(view(INSIDE)[1]).errors
        assert from_world(INSIDE)
