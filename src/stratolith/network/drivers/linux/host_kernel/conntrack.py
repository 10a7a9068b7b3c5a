"""End connections that the rules no longer permit.

Adding a permission does not touch existing connections. When rules of a port change, every
tracked flow of the port is checked against the new rules, and forbidden flows are deleted. The
next packet of such a flow is a new one, and a TCP packet without SYN opens no connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from stratolith.network.drivers.linux import rules
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.netlink import TrackedFlow
from stratolith.network.drivers.linux.objects import ForwardSpec, PortFlows
from stratolith.network.drivers.linux.rules import Members


def end_forbidden(
    changed: Sequence[PortFlows], removed: Sequence[PortFlows], groups: Mapping[str, Members]
) -> int:
    """Delete the flows that ``changed`` ports no longer permit and all flows of ``removed`` ports.

    Returns their number; raises ``OSError`` when the kernel refuses.
    """
    if not changed and not removed:
        return 0
    by_address = {
        (port.zone, address): (port, is_removed)
        for ports, is_removed in ((removed, True), (changed, False))
        for port in ports
        for address in port.addresses
    }
    forbidden = [flow for flow in netlink.flows() if _is_forbidden(flow, by_address, groups)]
    for flow in forbidden:
        netlink.forget(flow)
    return len(forbidden)


def _is_forbidden(
    flow: TrackedFlow,
    ports: dict[tuple[int, str], tuple[PortFlows, bool]],
    groups: Mapping[str, Members],
) -> bool:
    packet = rules.Flow(
        source=flow.source,
        destination=flow.destination,
        protocol=flow.protocol,
        source_port=flow.source_port,
        destination_port=flow.destination_port,
        icmp_type=flow.icmp_type,
        icmp_code=flow.icmp_code,
    )
    for address, direction in ((flow.source, "egress"), (flow.destination, "ingress")):
        port, is_removed = ports.get((flow.zone, address), (None, False))
        if port is None:
            continue
        if is_removed or not port.admin_state_up:
            return True
        if port.filtered and not (
            _is_basic(packet) or rules.permits(port.rules, direction, packet, groups)
        ):
            return True
    return False


def ports_to_check(
    before: Mapping[str, PortFlows],
    now: Mapping[str, PortFlows],
    shrunk: Set[str],
) -> list[PortFlows]:
    """The ports whose flows may have lost their permission; a new port has no flows.

    ``shrunk``: security groups and address groups that lost an address. Added addresses forbid
    nothing.
    """
    return [
        port
        for key, port in now.items()
        if (old := before.get(key)) is not None
        and (
            not _permits_the_same_or_more(old, port)
            or any(rule.peers in shrunk for rule in port.rules)
        )
    ]


def _permits_the_same_or_more(old: PortFlows, port: PortFlows) -> bool:
    """Whether the port is as before, or has got rules and nothing else has changed."""
    if old == port:
        return True
    if msgspec.structs.replace(old, rules=port.rules) != port:
        return False
    remaining = iter(port.rules)
    return all(rule in remaining for rule in old.rules)  # the old ones, in the same order


def shrunk(before: Mapping[str, Members], now: Mapping[str, Members]) -> set[str]:
    """The security groups and address groups that lost an address or block of addresses."""
    group_ids = set()
    for group, old in before.items():
        new = now.get(group, rules.NO_MEMBERS)
        if not old.single <= new.single or not set(old.blocks) <= set(new.blocks):
            group_ids.add(group)
    return group_ids


def _is_basic(flow: rules.Flow) -> bool:
    """Whether this is DHCP, which every port may use regardless of its rules."""
    return flow.protocol == 17 and {flow.source_port, flow.destination_port} in (
        {67, 68},
        {546, 547},
    )


def end_translated(addresses: Iterable[str], forwards: Set[ForwardSpec] = frozenset()) -> int:
    """Delete the flows translated to or from floating addresses, and those of forwarded ports, in
    this thread's namespace.
    """
    wanted = set(addresses)
    if not wanted and not forwards:
        return 0
    translated = [
        flow
        for flow in netlink.flows()
        if flow.destination in wanted
        or flow.reply_destination in wanted
        or any(_is_forwarded(flow, forward) for forward in forwards)
    ]
    for flow in translated:
        netlink.forget(flow)
    return len(translated)


def _is_forwarded(flow: TrackedFlow, forward: ForwardSpec) -> bool:
    return (
        flow.destination == forward.address
        and flow.protocol == forward.protocol
        and forward.ports[0] <= flow.destination_port <= forward.ports[1]
    )
