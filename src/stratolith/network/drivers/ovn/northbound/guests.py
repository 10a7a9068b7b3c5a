"""Ports of guests as ports of logical switches."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView, PortView
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.ovn.northbound import dhcp, matches, metadata, qos
from stratolith.network.drivers.ovn.northbound.rows import Link, Partial, Row

_METADATA = ipaddress.IPv6Address(metadata6.ADDRESS)


def port_rows(
    network_id: str,
    port: PortView,
    reservations: Sequence[DhcpHostView],
    subnet_rows: Mapping[str, Row],
    rules: qos.Rules,
    hosts: Sequence[str] = (),
) -> list[Row]:
    """A guest's port. ``reservations``: its own. ``subnet_rows``: subnet -> its DHCP options.
    ``rules``: of QoS policies. ``hosts``: those that may have the port, its own first; empty for
    any. Raises ``ValueError``.
    """
    owner = f"port/{port.id}"
    mac = checks.mac(port.mac)
    addresses = [checks.address(ip.ip_address) for ip in port.fixed_ips]
    rows, columns, reasons = dhcp.port_options(port, reservations, subnet_rows, owner)
    options = {"requested-chassis": ",".join(hosts)} if hosts else {}
    if len(hosts) > 1:  # no frame passes on the others until the guest announces itself there
        options["activation-strategy"] = "rarp"
    four = [r for r in reservations if r.subnet_id in subnet_rows and ":" not in r.ip_address]
    columns |= {
        "name": port.id,
        "enabled": port.admin_state_up,
        "addresses": _addresses(port, mac, addresses),
        "port_security": _sources(port, mac, addresses) if port.port_security else frozenset(),
        "options": {**(dhcp.hostname(four[0]) if four else {}), **options},
    }
    if port.parent:  # its frames have a tag on the wire of another port
        columns |= {"parent_name": port.parent, "tag": checks.tag(port.tag)}
    rows += metadata.owner_marks(port, owner, network_id, addresses)
    rows += qos.port_rows(port, owner, network_id, rules)
    links = [Link("Logical_Switch", network_id, "ports")]
    if port.port_security:
        links += [Link("Port_Group", group, "ports") for group in port.groups]
        links.append(Link("Port_Group", matches.DROP_KEY, "ports"))
    rows.append(
        Row(
            table="Logical_Switch_Port",
            key=port.id,
            owner=owner,
            columns=columns,
            links=tuple(links),
        )
    )
    if reasons:
        raise Partial(rows, "; ".join(reasons))
    return rows


def _addresses(port: PortView, mac: str, addresses: Sequence[str]) -> frozenset[str]:
    """Where the switch sends frames. It answers ARP for the port's own addresses only: those of
    pairs may be another port's today.
    """
    if not port.admin_state_up:
        return frozenset()
    macs = {checks.mac(pair.mac_address) for pair in port.allowed_address_pairs} - {mac}
    known = {" ".join([mac, *addresses, link_local(mac)]), *macs}
    return frozenset(known if port.port_security else {*known, "unknown"})


def _sources(port: PortView, mac: str, addresses: Sequence[str]) -> frozenset[str]:
    """What the port may send from: its address, and its pairs."""
    by_mac = {mac: list(addresses)}
    for pair in port.allowed_address_pairs:
        texts = by_mac.setdefault(checks.mac(pair.mac_address), [])
        for network in _without_metadata(checks.network(pair.ip_address)):
            alone = network.num_addresses == 1
            texts.append(str(network.network_address) if alone else str(network))
    return frozenset(" ".join([key, *dict.fromkeys(texts)]) for key, texts in by_mac.items())


def _without_metadata(network: checks.Network) -> Iterable[checks.Network]:
    """The network without the IPv6 address of the metadata service.

    No list could drop its announcement: OVN lets neighbour discovery pass all of them.
    """
    if isinstance(network, ipaddress.IPv6Network) and _METADATA in network:
        if network.num_addresses == 1:
            return ()
        return network.address_exclude(ipaddress.IPv6Network(_METADATA))
    return (network,)
