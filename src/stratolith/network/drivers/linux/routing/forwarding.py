"""Port forwarding in a router's namespace: maps of nft, one for each kind of range.

A range that keeps its numbers and a range that leads to one port are one element each. nft cannot
add to a port number, so a range that leads to other numbers has an element for each port; the API
limits their number.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux.objects import ForwardSpec
from stratolith.network.drivers.routing import PortForwardingView

_KEY = "ipv4_addr . inet_proto . inet_service"
_WITH_PORTS = "meta l4proto { tcp, udp, dccp, sctp }"
_USE = "ip daddr . meta l4proto . th dport map"


def compile_forwards(views: Iterable[PortForwardingView]) -> tuple[ForwardSpec, ...]:
    """Raises ``ValueError`` that names an unusable address, protocol or range."""
    return tuple(sorted((_forward(view) for view in views), key=str))


def _forward(view: PortForwardingView) -> ForwardSpec:
    protocol = checks.forwarded(view.protocol, view.external_ports, view.internal_ports)
    return ForwardSpec(
        address=checks.address(view.floating_ip, 4),
        protocol=protocol,
        ports=view.external_ports,
        target=checks.address(view.fixed_ip, 4),
        target_ports=view.internal_ports,
    )


def maps(forwards: Iterable[ForwardSpec]) -> tuple[str, list[str]]:
    """(the text of sets and maps, the rules that translate); both empty without forwards."""
    to_one, kept, moved, addresses = [], [], [], set()
    for forward in forwards:
        addresses.add(forward.address)
        key = f"{forward.address} . {forward.protocol}"
        (first, last), (low, high) = forward.ports, forward.target_ports
        if low == high:
            to_one.append(f"{key} . {_range(first, last)} : {forward.target} . {low}")
        elif low == first:
            kept.append(f"{key} . {_range(first, last)} : {forward.target}")
        else:
            moved += [
                f"{key} . {port} : {forward.target} . {low + port - first}"
                for port in range(first, last + 1)
            ]
    text, rules = "", []
    for name, value, flags, elements in (
        ("to_one", "ipv4_addr . inet_service", "interval", to_one),
        ("kept", "ipv4_addr", "interval", kept),
        ("moved", "ipv4_addr . inet_service", "", moved),
    ):
        if elements:
            text += _block(f"map {name}", f"{_KEY} : {value}", flags, elements)
            what = "ip addr . port to" if "service" in value else "to"
            rules.append(f"{_WITH_PORTS} dnat {what} {_USE} @{name}")
    if addresses:
        text += _block("set forwarded", "ipv4_addr", "", sorted(addresses))
    return text, rules


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _block(name: str, kind: str, flags: str, elements: list[str]) -> str:
    lines = [f"type {kind}"]
    if flags:
        lines.append(f"flags {flags}")
    lines.append(f"elements = {{ {', '.join(elements)} }}")
    return f"  {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"
