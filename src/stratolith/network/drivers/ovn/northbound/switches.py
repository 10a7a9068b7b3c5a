"""Networks as logical switches."""

from __future__ import annotations

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView
from stratolith.network.drivers.ovn.northbound import dhcp, matches, metadata
from stratolith.network.drivers.ovn.northbound.rows import Link, Row

_TYPES = ("local", "flat", "vlan", "vxlan", "gre", "geneve")


def network_rows(network: NetworkView) -> list[Row]:
    """The switch, its way to a physical network, and the options of its subnets."""
    if network.network_type not in _TYPES:
        raise ValueError("hosts are connected to no segment of the network")
    owner = f"network/{network.id}"
    rows = [Row(table="Logical_Switch", key=network.id, owner=owner, columns={"name": network.id})]
    if network.physical_network:
        rows.append(_localnet(network, owner))
        if network.dhcp_port_id is not None:
            rows.append(matches.foreign_dhcp(network.id, owner, _localnet_name(network)))
    return [*rows, *metadata.network_rows(network, owner), *dhcp.network_rows(network, owner)]


def _localnet_name(network: NetworkView) -> str:
    return f"localnet-{network.id}"


def _localnet(network: NetworkView, owner: str) -> Row:
    is_tagged = network.network_type == "vlan"
    return Row(
        table="Logical_Switch_Port",
        key=f"localnet/{network.id}",
        owner=owner,
        columns={
            "name": _localnet_name(network),
            "type": "localnet",
            "addresses": frozenset(("unknown",)),
            "options": {"network_name": network.physical_network},
            "tag": checks.tag(network.segmentation_id) if is_tagged else frozenset(),
        },
        links=(Link("Logical_Switch", network.id, "ports"),),
    )
