"""Networks as logical switches."""

from __future__ import annotations

from stratolith.network.drivers.base import NetworkView
from stratolith.network.drivers.ovn.northbound import dhcp, metadata
from stratolith.network.drivers.ovn.northbound.rows import Link, Row


def network_rows(network: NetworkView) -> list[Row]:
    """The switch, its way to a physical network, and the options of its subnets."""
    if network.uplink not in ("", network.bridge) or network.network_type == "vlan":
        raise ValueError("the driver ovn cannot connect physical networks of bridge_mappings yet")
    owner = f"network/{network.id}"
    rows = [Row(table="Logical_Switch", key=network.id, owner=owner, columns={"name": network.id})]
    if network.physical_network:
        rows.append(_localnet(network, owner))
    return [*rows, *metadata.network_rows(network, owner), *dhcp.network_rows(network, owner)]


def _localnet(network: NetworkView, owner: str) -> Row:
    return Row(
        table="Logical_Switch_Port",
        key=f"localnet/{network.id}",
        owner=owner,
        columns={
            "name": f"localnet-{network.id}",
            "type": "localnet",
            "addresses": frozenset(("unknown",)),
            "options": {"network_name": network.physical_network},
        },
        links=(Link("Logical_Switch", network.id, "ports"),),
    )
