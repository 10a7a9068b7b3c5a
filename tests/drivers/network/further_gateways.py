"""A router with a further external gateway: its views, and machines behind the second network."""

from __future__ import annotations

import socket
import subprocess
from typing import Any
from uuid import uuid4

import msgspec

from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import ExtraGatewayView, FloatingIpView, RouterPortView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo

OUTSIDE = f"second-world-{uuid4().hex[:8]}"  # a namespace
# a machine that both external networks reach, and which is another one behind each
ANYWHERE = "198.51.100.9"
FIRST, SECOND = "172.31.249.10", "172.31.250.10"
FIRST_FLOATING, SECOND_FLOATING = "172.31.249.20", "172.31.250.20"
FIRST_WORLD, SECOND_WORLD = "172.31.249.1", "172.31.250.1"


def shell(script: str) -> None:
    subprocess.run(["/bin/sh", "-ec", script], check=True)


def inside(work: Any) -> Any:
    return namespaces.run_in(OUTSIDE, work)


def external() -> Any:
    return views.network("second external", "172.31.250.0/24")


def second(
    name: str = "gw2", address: str = SECOND, network: Any = None, bridge: str = ""
) -> ExtraGatewayView:
    """A further gateway, as a rule in the second network."""
    net = network or external()
    port = RouterPortView(
        port_id=views.uid(name),
        network_id=net.id,
        bridge=bridge or net.bridge,
        mac=views.mac_of(name),
        addresses=[f"{address}/24"],
        mtu=1500,
    )
    hop = SECOND_WORLD if address.startswith("172.31.250.") else FIRST_WORLD
    return ExtraGatewayView(port=port, nexthops=[hop])


def floating(outside: str, fixed: str) -> FloatingIpView:
    network = external().id if outside.startswith("172.31.250.") else ""
    return FloatingIpView(
        id=views.uid(outside), floating_ip=outside, fixed_ip=fixed, network_id=network
    )


def view(
    *extra: ExtraGatewayView, fips: tuple[FloatingIpView, ...] = (), network: Any = None
) -> HostNetworkView:
    """A router with two ports behind it. ``network``: the second external network."""
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    ports = [
        views.port(name, f"10.55.0.{last}", "n1-subnet", rules=rules)
        for name, last in (("a", 11), ("b", 12))
    ]
    net = views.network("n1", ports=ports)
    router = views.router("r1", [net], FIRST)
    router = msgspec.structs.replace(router, extra_gateways=list(extra), floating_ips=list(fips))
    return views.host([net, network or external()], [router], external=True)


def calls(address: str, port: int = 22, source: str = "") -> bool:
    origin = (source, 0) if source else None
    try:
        with socket.create_connection((address, port), PATIENCE, origin) as sock:
            return bool(echo(sock))
    except OSError:
        return False


def answers(address: str, source: str = "") -> bool:
    """Whether the router itself answers an echo request."""
    raw = (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with socket.socket(*raw) as sock:
        sock.bind((source, 0))
        sock.settimeout(PATIENCE)
        sock.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", (address, 0))
        while True:
            try:
                data, (sender, _) = sock.recvfrom(2048)
            except TimeoutError:
                return False
            if sender == address and data[(data[0] & 15) * 4] == 0:
                return True
