"""Address scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.matching import among
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.subnetpools import AddressScopeInUse, AddressScopeNotFound
from stratolith.network.managers import host_hints, visibility
from stratolith.network.models import AddressScope, Subnet, SubnetPool


def get(ctx: Context, address_scope_id: str) -> AddressScope:
    """Raises AddressScopeNotFound."""
    scope = ctx.session.get(AddressScope, address_scope_id)
    if scope is None or not visibility.is_granted(ctx, "address_scope", scope):
        raise AddressScopeNotFound(address_scope_id=address_scope_id)
    return scope


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> AddressScope:
    scope = AddressScope(
        project_id=project_id,
        name=values.get("name", ""),
        ip_version=values["ip_version"],
        shared=bool(values.get("shared")),
    )
    ctx.session.add(scope)
    ctx.session.flush()
    if scope.shared:
        visibility.grant_to_all(ctx, "address_scope", scope)
    return scope


def update(ctx: Context, scope: AddressScope, values: Mapping[str, Any]) -> AddressScope:
    """Raises InvalidInput when ``values`` would unshare a shared scope."""
    if values.get("shared") is False and scope.shared:
        raise InvalidInput(error_message="Shared address scope can't be unshared")
    for name in ("name", "shared"):
        if name in values:
            setattr(scope, name, values[name])
    ctx.session.flush()
    if values.get("shared"):
        visibility.grant_to_all(ctx, "address_scope", scope)
    return scope


def delete(ctx: Context, scope: AddressScope) -> None:
    """Pools of other projects leave the scope; raises AddressScopeInUse for the owner's pools."""
    pools = list(
        ctx.session.scalars(select(SubnetPool).where(SubnetPool.address_scope_id == scope.id))
    )
    if any(pool.project_id == scope.project_id for pool in pools):
        raise AddressScopeInUse(address_scope_id=scope.id)
    for pool in pools:
        pool.address_scope_id = None
        pool.revision_number += 1
        host_hints.routers_of_pool(ctx, pool.id)
    visibility.forget_policies(ctx, scope.id)
    ctx.session.delete(scope)
    ctx.session.flush()


def of_subnets(ctx: Context, subnet_ids: Iterable[str]) -> dict[str, str]:
    """Subnet -> the address scope of its pool; subnets without one are left out."""
    wanted = sorted(subnet_ids)
    if not wanted:
        return {}
    rows = ctx.session.execute(
        select(Subnet.id, SubnetPool.address_scope_id)
        .join(SubnetPool, SubnetPool.id == Subnet.subnetpool_id)
        .where(among(ctx.session, Subnet.id, wanted), SubnetPool.address_scope_id.is_not(None))
    )
    return {subnet_id: str(scope_id) for subnet_id, scope_id in rows}


def of_networks(ctx: Context, network_ids: Iterable[str]) -> dict[str, dict[int, str]]:
    """Network -> IP version -> the address scope of its subnets."""
    rows = ctx.session.execute(
        select(Subnet.network_id, Subnet.ip_version, SubnetPool.address_scope_id)
        .join(SubnetPool, SubnetPool.id == Subnet.subnetpool_id)
        .where(
            among(ctx.session, Subnet.network_id, network_ids),
            SubnetPool.address_scope_id.is_not(None),
        )
        .order_by(Subnet.created_at.desc(), Subnet.id)
    )
    scopes: dict[str, dict[int, str]] = {}
    for network_id, version, scope_id in rows:
        scopes.setdefault(network_id, {})[version] = str(scope_id)
    return scopes
