"""Ports of routers."""

from __future__ import annotations

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.ovn.northbound import advertising
from stratolith.network.drivers.ovn.northbound.rows import Link, Row
from stratolith.network.drivers.routing import RouterPortView


def port_rows(
    router_id: str, owner: str, port: RouterPortView, options: dict[str, str]
) -> list[Row]:
    """A port of the router and its other end on the switch."""
    name = port_name(port.port_id)
    return [
        Row(
            table="Logical_Router_Port",
            key=port.port_id,
            owner=owner,
            columns={
                "name": name,
                "mac": checks.mac(port.mac),
                "networks": frozenset(checks.interface(text) for text in port.addresses),
                "ipv6_ra_configs": advertising.configuration(port),
            },
            links=(Link("Logical_Router", router_id, "ports"),),
        ),
        Row(
            table="Logical_Switch_Port",
            key=port.port_id,
            owner=owner,
            columns={
                "name": port.port_id,
                "type": "router",
                "addresses": "router",
                "options": {"router-port": name, **options},
            },
            links=(Link("Logical_Switch", port.network_id, "ports"),),
        ),
    ]


def port_name(port_id: str) -> str:
    return f"lrp-{names.checked_id(port_id)}"
