"""Add prefixes to subnet pools, remove them, and take existing subnets into a pool."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.network.exceptions.subnetpools import (
    AddrFormatError,
    IllegalSubnetPoolPrefixUpdate,
    IllegalSubnetPoolUpdate,
    NotAuthorized,
    PrefixVersionMismatch,
)
from stratolith.network.managers import networks, subnetpools
from stratolith.network.managers.addressing import prefixes
from stratolith.network.managers.addressing.ipam import Net
from stratolith.network.models import Subnet, SubnetPool


def add(ctx: Context, pool: SubnetPool, given: Sequence[str]) -> list[str]:
    """The pool's prefixes afterwards; raises AddrFormatError, PrefixVersionMismatch and the errors
    of joining its address scope.
    """
    nets = [_net(prefix) for prefix in given]
    if any(net.version != pool.ip_version for net in nets):
        raise PrefixVersionMismatch
    subnetpools.check_scope_is_ours(ctx, pool)
    _set(pool, [*_prefixes(pool), *nets])
    subnetpools.join_scope(ctx, pool, pool.address_scope_id)
    ctx.session.flush()
    return list(pool.prefixes)


def remove(ctx: Context, pool: SubnetPool, given: Sequence[str]) -> list[str]:
    """The pool's prefixes afterwards; raises AddrFormatError, IllegalSubnetPoolPrefixUpdate."""
    removed = [net for net in (_net(prefix) for prefix in given) if net.version == pool.ip_version]
    kept = prefixes.without(_prefixes(pool), removed)
    if [str(net) for net in kept] == pool.prefixes:
        return list(pool.prefixes)
    if any(net.overlaps(taken) for net in removed for taken in _allocated(ctx, pool)):
        raise IllegalSubnetPoolPrefixUpdate(
            msg="One or more the prefixes to be removed is in use by a subnet."
        )
    _set(pool, kept)
    ctx.session.flush()
    return list(pool.prefixes)


def onboard(ctx: Context, pool: SubnetPool, network_id: str) -> list[Subnet]:
    """Take the subnets of a network, of the pool's IP version, into the pool.

    Raises NetworkNotFound, NotAuthorized for a network of another project, IllegalSubnetPoolUpdate.
    """
    network = networks.get(ctx, network_id)
    if not (ctx.is_admin or ctx.owns(network.project_id)):
        raise NotAuthorized
    subnets = list(
        ctx.session.scalars(
            select(Subnet)
            .where(Subnet.network_id == network.id, Subnet.ip_version == pool.ip_version)
            .order_by(Subnet.created_at, Subnet.id)
        )
    )
    allocated = _allocated(ctx, pool)
    for subnet in subnets:
        if any(_net(subnet.cidr).overlaps(net) for net in allocated):
            raise IllegalSubnetPoolUpdate(
                reason=f"Onboarding subnet {subnet.id}: {subnet.cidr} conflicts with allocated "
                f"prefixes in subnet pool {pool.id}"
            )
    if subnets:
        add(ctx, pool, [subnet.cidr for subnet in subnets])
    for subnet in subnets:
        subnet.subnetpool_id = pool.id
        subnet.revision_number += 1
    ctx.session.flush()
    return subnets


def _net(text: str) -> Net:
    try:
        return addresses.prefix(text).network
    except ValueError:
        raise AddrFormatError(prefix=text) from None


def _prefixes(pool: SubnetPool) -> list[Net]:
    return [ipaddress.ip_network(prefix) for prefix in pool.prefixes]


def _allocated(ctx: Context, pool: SubnetPool) -> list[Net]:
    cidrs = ctx.session.scalars(select(Subnet.cidr).where(Subnet.subnetpool_id == pool.id))
    return [ipaddress.ip_network(cidr) for cidr in cidrs]


def _set(pool: SubnetPool, nets: Iterable[Net]) -> None:
    pool.prefixes = prefixes.compact(nets)
