"""What a host can say about the way of a port's packets: the question and its answers."""

from __future__ import annotations

import msgspec


class FloatingPair(msgspec.Struct, frozen=True, kw_only=True):
    floating_ip: str
    fixed_ip: str
    router_id: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The question: a port, and the routers and floating IPs on its way to the outside.

    is_bound_here: the guest runs on the asked host. routers: those that connect the port's network
    and that the asked host realises.
    """

    port_id: str
    network_id: str
    mac: str
    addresses: list[str] = []
    is_bound_here: bool = False
    routers: list[str] = []
    floating_ips: list[FloatingPair] = []


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one part of the way.

    name: one of ``ORDER``. passed: None if this host cannot judge it.  text: what was seen.
    advice: what to do, "" when there is nothing to do.
    """

    name: str
    passed: bool | None
    text: str
    advice: str = ""


# The way of a packet of a guest, and what comes before it can be sent.
ORDER = (
    "server", "port", "link", "network", "dhcp", "metadata", "gateway", "snat", "floating ip",
    "security group",
)  # fmt: skip
