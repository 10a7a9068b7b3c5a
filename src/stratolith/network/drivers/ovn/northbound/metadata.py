"""The port of a network behind which each host answers metadata, and the mark of its senders."""

from __future__ import annotations

import json
from collections.abc import Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView, PortView
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from stratolith.network.drivers.ovn.northbound.matches import METADATA_ADDRESS
from stratolith.network.drivers.ovn.northbound.rows import Link, Row

_OWNED, _UNMARKED = 2000, 1900  # above the marks of QoS policies


def network_rows(network: NetworkView, owner: str) -> list[Row]:
    """The port behind which each host answers; nobody's packets to it have the mark."""
    served = [s.dhcp_ip for s in network.subnets if s.enable_dhcp and s.dhcp_ip]
    if network.dhcp_port_id is None or network.dhcp_mac is None or not served:
        return []
    addresses = [checks.mac(network.dhcp_mac), *(checks.address(text) for text in served)]
    own = [METADATA_ADDRESS]
    if metadata6.has_dhcp_end(network):
        own.append(metadata6.ADDRESS)
    columns = {
        "name": network.dhcp_port_id,
        "type": "localport",
        "addresses": " ".join([*addresses, *own]),
    }
    port = Row(
        table="Logical_Switch_Port",
        key=network.dhcp_port_id,
        owner=owner,
        columns=columns,
        links=(Link("Logical_Switch", network.id, "ports"),),
    )
    marks = [
        mark(f"{network.id}/unmarked/{_version(text)}", owner, network.id, _UNMARKED, match, 0)
        for text in own
        for match in [f"ip{_version(text)}.dst == {text}"]
    ]
    return [port, *marks]


def owner_marks(port: PortView, owner: str, network_id: str, addresses: Sequence[str]) -> list[Row]:
    """Packets to the metadata service from the owner of their address have a mark."""
    rows = []
    for address in (*addresses, link_local(checks.mac(port.mac))):
        version = _version(address)
        to = METADATA_ADDRESS if version == 4 else metadata6.ADDRESS
        match = (
            f"inport == {json.dumps(port.id)} && ip{version}.src == {address} && "
            f"ip{version}.dst == {to}"
        )
        rows.append(mark(f"{port.id}/{address}", owner, network_id, _OWNED, match, OWNER_DSCP))
    return rows


def mark(key: str, owner: str, network_id: str, priority: int, match: str, dscp: int) -> Row:
    """A rule of a switch that sets the DSCP field of packets from its ports."""
    columns = {
        "priority": priority, "direction": "from-lport", "match": match, "action": {"dscp": dscp}
    }  # fmt: skip
    links = (Link("Logical_Switch", network_id, "qos_rules"),)
    return Row(table="QoS", key=key, owner=owner, columns=columns, links=links)


def _version(address: str) -> int:
    return 6 if ":" in address else 4
