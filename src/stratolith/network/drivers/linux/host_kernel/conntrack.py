"""Ending connections whose permission was withdrawn.

Opening a rule touches nothing that runs. When rules of a port change, every tracked flow of
the port is judged by the new rules and those they would not let through are forgotten; their
next packet is then a new one, and a TCP packet without SYN opens no connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from stratolith.network.drivers.linux import rules
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.netlink import TrackedFlow
from stratolith.network.drivers.linux.objects import PortFlows
from stratolith.network.drivers.linux.rules import Members


def end_forbidden(
    changed: Sequence[PortFlows], removed: Sequence[PortFlows], groups: Mapping[str, Members]
) -> int:
    """Forget the flows that ``changed`` ports no longer permit and all of ``removed`` ports.

    Returns how many; raises ``OSError`` when the kernel refuses.
    """
    if not changed and not removed:
        return 0
    by_address = {
        (port.zone, address): (port, gone)
        for ports, gone in ((removed, True), (changed, False))
        for port in ports
        for address in port.addresses
    }
    doomed = [flow for flow in netlink.flows() if _is_forbidden(flow, by_address, groups)]
    for flow in doomed:
        netlink.forget(flow)
    return len(doomed)


def _is_forbidden(
    flow: TrackedFlow,
    ports: dict[tuple[int, str], tuple[PortFlows, bool]],
    groups: Mapping[str, Members],
) -> bool:
    asked = rules.Flow(
        source=flow.source,
        destination=flow.destination,
        protocol=flow.protocol,
        source_port=flow.source_port,
        destination_port=flow.destination_port,
        icmp_type=flow.icmp_type,
        icmp_code=flow.icmp_code,
    )
    for address, direction in ((flow.source, "egress"), (flow.destination, "ingress")):
        port, gone = ports.get((flow.zone, address), (None, False))
        if port is None:
            continue
        if gone or not port.admin_state_up:
            return True
        if port.filtered and not (
            _is_basic(asked) or rules.permits(port.rules, direction, asked, groups)
        ):
            return True
    return False


def judged_again(
    before: Mapping[str, PortFlows],
    now: Mapping[str, PortFlows],
    shrunk: Set[str],
) -> list[PortFlows]:
    """The ports whose flows may have lost their permission; a port that is new has none.

    ``shrunk``: security groups that lost an address. One that only gained some forbids nothing.
    """
    return [
        port
        for key, port in now.items()
        if (known := before.get(key)) is not None
        and (known != port or any(rule.remote_group in shrunk for rule in port.rules))
    ]


def shrunk(before: Mapping[str, Members], now: Mapping[str, Members]) -> set[str]:
    """The security groups that lost an address or block of addresses."""
    found = set()
    for group, known in before.items():
        left = now.get(group, rules.NOBODY)
        if not known.single <= left.single or not set(known.blocks) <= set(left.blocks):
            found.add(group)
    return found


def _is_basic(flow: rules.Flow) -> bool:
    """DHCP, which every port may use whatever its rules say."""
    return flow.protocol == 17 and {flow.source_port, flow.destination_port} in (
        {67, 68},
        {546, 547},
    )


def end_translated(addresses: Iterable[str]) -> int:
    """Forget the flows translated to or from floating addresses, in this thread's namespace."""
    wanted = set(addresses)
    if not wanted:
        return 0
    doomed = [
        flow
        for flow in netlink.flows()
        if flow.destination in wanted or flow.reply_destination in wanted
    ]
    for flow in doomed:
        netlink.forget(flow)
    return len(doomed)
