"""What guards a port: its security groups, allowed address pairs, port security."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert

from stratolith.kernel.context import Context
from stratolith.network.exceptions.networks import AllowedAddressPairExhausted
from stratolith.network.exceptions.ports import (
    AddressPairAndPortSecurityRequired,
    PortSecurityAndIPRequiredForSecurityGroups,
    PortSecurityPortHasSecurityGroup,
)
from stratolith.network.managers import security_groups
from stratolith.network.models import Port, PortSecurityGroup
from stratolith.network.settings import NetworkSettings

# Of the table, not of the model: making objects of the rows would cost more than the database.
_JOIN = insert(PortSecurityGroup.metadata.tables[PortSecurityGroup.__tablename__])


def groups(
    ctx: Context,
    project_id: str,
    values: Mapping[str, Any],
    secure: bool,
    owner: str,
) -> list[str]:
    """The groups of a new port: the wanted ones, or the default one of its project.

    ``secure``: whether port security is on. Raises PortSecurityAndIPRequiredForSecurityGroups.
    """
    wanted = values.get("security_groups")
    if wanted:
        if not secure:
            raise PortSecurityAndIPRequiredForSecurityGroups
        return security_groups.check_usable(ctx, project_id, wanted)
    if wanted is None and secure and project_id and not owner.startswith("network:"):
        return [security_groups.default_of(ctx, project_id)]
    return []


def join(ctx: Context, port_id: str, groups: Sequence[str]) -> None:
    """Make the port a member of these groups."""
    rows = [{"port_id": port_id, "security_group_id": group_id} for group_id in groups]
    if rows:
        ctx.session.execute(_JOIN, rows)


def pairs(
    ctx: Context, wanted: Sequence[Mapping[str, Any]], mac: str, secure: bool
) -> list[dict[str, str]]:
    """The allowed address pairs of a port with this MAC address.

    Raises AddressPairAndPortSecurityRequired, AllowedAddressPairExhausted.
    """
    if wanted and not secure:
        raise AddressPairAndPortSecurityRequired
    max_pairs = ctx.env.settings.of(NetworkSettings).max_allowed_address_pairs
    if len(wanted) > max_pairs:
        raise AllowedAddressPairExhausted(quota=max_pairs)
    return [
        {
            "mac_address": str(pair.get("mac_address") or mac),
            "ip_address": str(pair["ip_address"]),
        }
        for pair in wanted
    ]


def change(ctx: Context, port: Port, values: Mapping[str, Any], secure: bool) -> None:
    """Update a port's groups, address pairs and port security, which is ``secure`` from now on.

    Raises the errors of ``groups`` and ``pairs``, and PortSecurityPortHasSecurityGroup.
    """
    current = security_groups.of_ports(ctx, [port.id]).get(port.id, [])
    wanted: Sequence[str] = current
    if "security_groups" in values:
        requested = values["security_groups"]
        default = (
            [security_groups.default_of(ctx, port.project_id)] if requested is None else requested
        )
        wanted = security_groups.check_usable(ctx, port.project_id, default)
    if not secure and wanted:
        if values.get("security_groups"):
            raise PortSecurityAndIPRequiredForSecurityGroups
        raise PortSecurityPortHasSecurityGroup
    wanted_pairs = values.get("allowed_address_pairs", port.allowed_address_pairs) or []
    port.allowed_address_pairs = pairs(ctx, wanted_pairs, port.mac_address, secure)
    port.port_security_enabled = secure
    if sorted(wanted) != sorted(current):
        ctx.session.execute(
            delete_rows(PortSecurityGroup).where(PortSecurityGroup.port_id == port.id)
        )
        join(ctx, port.id, wanted)
