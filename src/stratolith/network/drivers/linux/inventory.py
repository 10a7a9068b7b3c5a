"""Names of everything that a plan makes on a host and that others could remove."""

from __future__ import annotations

import re

import msgspec

from stratolith.network.drivers.linux.objects import HostPlan, NamespaceSpec

_TABLE = re.compile(r"^table (\S+ \S+) \{$", re.MULTILINE)
_DELETED = re.compile(r"^delete table (\S+ \S+)$", re.MULTILINE)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One object. ``namespace``: the namespace it is in, "" for the host's own.

    kind: bridge, tap, tunnel, branch (a pair for frames with a VLAN tag, or to a bridge of the
    machine), port ("eth1 on brq1": a card of the machine), tags (the program at the entry of a
    device, which reads and writes VLAN tags), veth, namespace, table ("inet
    stratolith"), address ("10.0.0.1/24 dev x"), route ("10.0.0.0/8 via 10.1.0.1"), neighbour
    ("10.0.0.5 lladdr MAC dev x"), place ("MAC dev x": the device behind which a bridge expects the
    MAC address), setting ("net/ipv4/ip_forward 1"), dhcp-server (the network's id) or
    keepalived (the router's id).
    """

    kind: str
    name: str
    namespace: str = ""


def of_plan(plan: HostPlan) -> list[Made]:
    objects = [Made(kind="table", name=table.name) for table in (*plan.ruleset, *plan.answers)]
    objects += [Made(kind="setting", name=f"{key} {value}") for key, value in plan.sysctls]
    for bridge in plan.bridges:
        objects.append(Made(kind="bridge", name=bridge.name))
        objects += [Made(kind="address", name=f"{a} dev {bridge.name}") for a in bridge.addresses]
    objects += [Made(kind="tap", name=tap.name) for tap in plan.taps]
    objects += [Made(kind="place", name=f"{tap.mac} dev {tap.name}") for tap in plan.taps]
    objects += [Made(kind="tunnel", name=tunnel.name) for tunnel in plan.tunnels]
    for branch in plan.branches:
        objects += [Made(kind="branch", name=branch.name), Made(kind="tags", name=branch.end)]
        if branch.mac:
            objects.append(Made(kind="place", name=f"{branch.mac} dev {branch.name}"))
    objects += [Made(kind="port", name=f"{card.card} on {card.bridge}") for card in plan.cards]
    objects += [Made(kind="branch", name=patch.name) for patch in plan.patches]
    objects += [Made(kind="tags", name=split.shared) for split in plan.splits]
    for space in plan.namespaces:
        objects += _of_namespace(space)
    return objects + [Made(kind="dhcp-server", name=server.owner) for server in plan.dhcp]


def _of_namespace(space: NamespaceSpec) -> list[Made]:
    objects = [Made(kind="namespace", name=space.name)]

    def inside(kind: str, name: str) -> None:
        objects.append(Made(kind=kind, name=name, namespace=space.name))

    for device in space.devices:
        objects.append(Made(kind="veth", name=device.host_name))
        inside("veth", device.inner_name)
        if not device.moves:
            objects.append(Made(kind="place", name=f"{device.mac} dev {device.host_name}"))
        for address in device.addresses if not device.moves else ():
            inside("address", f"{address} dev {device.inner_name}")
        for address, mac in device.neighbours:
            inside("neighbour", f"{address} lladdr {mac} dev {device.inner_name}")
    for route in space.routes:
        inside("route", f"{route.destination} via {route.nexthop}")
    if space.election is not None:
        objects.append(Made(kind="keepalived", name=space.owner))
    for name in _tables(space.ruleset):
        inside("table", name)
    for key, value in space.sysctls:
        inside("setting", f"{key} {value}")
    return objects


def _tables(ruleset: str) -> list[str]:
    deleted = set(_DELETED.findall(ruleset))  # it makes them first, to be sure that they exist
    return [name for name in dict.fromkeys(_TABLE.findall(ruleset)) if name not in deleted]
