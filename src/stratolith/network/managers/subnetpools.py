"""Subnet pools: prefixes from which subnets are allocated."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.requests import BadSubnetsRequest
from stratolith.network.exceptions.subnetpools import (
    AddressScopePrefixConflict,
    IllegalSubnetPoolIpVersionAssociationToAddressScope,
    IllegalSubnetPoolPrefixBounds,
    IllegalSubnetPoolUpdate,
    MaxPrefixSubnetAllocationError,
    MinPrefixSubnetAllocationError,
    NetworkAddressScopeAffinityError,
    NetworkSubnetPoolAffinityError,
    PrefixVersionMismatch,
    SubnetAllocationError,
    SubnetPoolInUse,
    SubnetPoolNotFound,
    SubnetPoolQuotaExceeded,
)
from stratolith.network.managers import address_scopes, host_hints, limits, tags, visibility
from stratolith.network.managers.addressing import prefixes
from stratolith.network.managers.addressing.ipam import AUTOMATIC
from stratolith.network.models import AddressScope, Subnet, SubnetPool

PLAIN = ("name", "description", "is_default", "default_quota")
DELEGATION = "prefix_delegation"  # stands for a pool
BOUNDS = ("default_prefixlen", "min_prefixlen", "max_prefixlen")


def get(ctx: Context, subnetpool_id: str) -> SubnetPool:
    """Raises SubnetPoolNotFound."""
    pool = ctx.session.get(SubnetPool, subnetpool_id)
    if pool is None or not is_visible(ctx, pool):
        raise SubnetPoolNotFound(subnetpool_id=subnetpool_id)
    return pool


def is_visible(ctx: Context, pool: SubnetPool) -> bool:
    """Whether the caller may see and use the pool."""
    return visibility.is_granted(ctx, "subnetpool", pool)


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> SubnetPool:
    """Raises InvalidInput, IllegalSubnetPoolPrefixBounds, OverQuota."""
    limits.check(ctx, project_id, subnetpool=1)
    version, compact = _prefixes(values["prefixes"])
    pool = SubnetPool(
        project_id=project_id,
        ip_version=version,
        prefixes=compact,
        shared=bool(values.get("shared")),
        revision_number=0,
        **{name: values[name] for name in PLAIN if values.get(name) is not None},
        **_bounds(version, values),
    )
    _check_default(ctx, pool)
    join_scope(ctx, pool, values.get("address_scope_id"))
    ctx.session.add(pool)
    ctx.session.flush()
    if pool.shared:
        visibility.grant_to_all(ctx, "subnetpool", pool)
    return pool


def update(ctx: Context, pool: SubnetPool, values: Mapping[str, Any]) -> SubnetPool:
    """Prefixes may be added, not removed; raises IllegalSubnetPoolUpdate, also for a pool in
    another project's address scope, and the errors of joining a scope.
    """
    check_scope_is_ours(ctx, pool)
    if "prefixes" in values:
        version, compact = _prefixes([*values["prefixes"]])
        if version != pool.ip_version:
            raise InvalidInput(error_message="The prefixes must be of the pool's IP version")
        kept = [ipaddress.ip_network(prefix) for prefix in compact]
        for old in pool.prefixes:
            net = ipaddress.ip_network(old)
            if not any(net.subnet_of(new) for new in kept):  # type: ignore[arg-type]
                raise IllegalSubnetPoolUpdate(
                    reason="Existing prefixes must be a subset of the new prefixes"
                )
        pool.prefixes = compact
    current = {name: getattr(pool, name) for name in BOUNDS}
    given = {name: values[name] for name in BOUNDS if values.get(name) is not None}
    for name, length in _bounds(pool.ip_version, {**current, **given}).items():
        setattr(pool, name, length)
    for name in PLAIN:
        if name in values:
            setattr(pool, name, values[name])
    if values.get("is_default"):
        _check_default(ctx, pool)
    if "address_scope_id" in values or "prefixes" in values:
        join_scope(ctx, pool, values.get("address_scope_id", pool.address_scope_id))
        ctx.session.flush()
        host_hints.routers_of_pool(ctx, pool.id)
    pool.revision_number += 1
    ctx.session.flush()
    return pool


def delete(ctx: Context, pool: SubnetPool) -> None:
    """Raises SubnetPoolInUse."""
    user = ctx.session.scalar(select(Subnet.id).where(Subnet.subnetpool_id == pool.id).limit(1))
    if user is not None:
        raise SubnetPoolInUse(reason="Subnet pool has existing allocations")
    tags.forget(ctx, pool.id)
    visibility.forget_policies(ctx, pool.id)
    ctx.session.delete(pool)
    ctx.session.flush()


def complete(ctx: Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """A subnet's values with cidr and ip_version, allocated from a pool if one is requested.

    Raises BadSubnetsRequest, SubnetPoolNotFound, SubnetAllocationError and similar errors.
    """
    completed = dict(values)
    pool_id = completed.get("subnetpool_id")
    if completed.pop("use_default_subnetpool", False):
        if pool_id:
            raise BadSubnetsRequest(
                msg="subnetpool_id and use_default_subnetpool cannot both be specified"
            )
        pool_id = _default(ctx, completed.get("ip_version", 4))
    if pool_id == DELEGATION:
        _refuse_delegation(completed)
        pool_id = completed["subnetpool_id"] = None
    if not pool_id:
        if not completed.get("cidr"):
            raise BadSubnetsRequest(msg="a subnetpool must be specified in the absence of a cidr")
        if completed.get("prefixlen") is not None:
            raise BadSubnetsRequest(msg="cidr and prefixlen must not be supplied together")
        if completed.get("ip_version") is None:
            raise InvalidInput(error_message="ip_version is required with a cidr")
        return completed
    pool = get(ctx, pool_id)
    if completed.get("ip_version", pool.ip_version) != pool.ip_version:
        raise BadSubnetsRequest(
            msg=f"Cannot allocate IPv{completed['ip_version']} subnet from IPv{pool.ip_version} "
            "subnet pool"
        )
    if completed.get("cidr") and completed.get("prefixlen") is not None:
        raise BadSubnetsRequest(msg="cidr and prefixlen must not be supplied together")
    completed["subnetpool_id"], completed["ip_version"] = pool.id, pool.ip_version
    completed["is_from_pool"] = not completed.get("cidr")
    completed["cidr"] = _allocate(ctx, pool, completed)
    return completed


def check_alone(ctx: Context, network_id: str, pool_id: str) -> None:
    """Raise NetworkSubnetPoolAffinityError when the network has subnets of another pool, or of no
    pool, and NetworkAddressScopeAffinityError when they are in another address scope.
    """
    pool = ctx.session.get_one(SubnetPool, pool_id)
    scopes = address_scopes.of_networks(ctx, [network_id]).get(network_id, {})
    scope_id = scopes.get(pool.ip_version)
    if scope_id is not None:
        if pool.address_scope_id != scope_id:
            raise NetworkAddressScopeAffinityError
        return
    of_others = select(Subnet.id).where(
        Subnet.network_id == network_id,
        Subnet.ip_version == pool.ip_version,
        Subnet.subnetpool_id.is_distinct_from(pool_id),
    )
    if ctx.session.scalar(of_others.limit(1)) is not None:
        raise NetworkSubnetPoolAffinityError


def _refuse_delegation(values: Mapping[str, Any]) -> None:
    """Raise BadSubnetsRequest for a subnet whose prefix would be delegated: no agent asks for one.

    A subnet with a prefix of its own is one without a pool.
    """
    if values.get("cidr"):
        return
    reason = "IPv6 prefix delegation is not available in this cloud"
    if values.get("ip_version") != 6:
        reason = "Prefix Delegation can only be used with IPv6 subnets."
    elif values.get("ipv6_ra_mode") not in AUTOMATIC:
        reason = "IPv6 RA Mode must be SLAAC or Stateless for Prefix Delegation."
    elif values.get("ipv6_address_mode") not in AUTOMATIC:
        reason = "IPv6 Address Mode must be SLAAC or Stateless for Prefix Delegation."
    raise BadSubnetsRequest(msg=reason)


def _allocate(ctx: Context, pool: SubnetPool, values: Mapping[str, Any]) -> str:
    used = [
        ipaddress.ip_network(cidr)
        for cidr in ctx.session.scalars(select(Subnet.cidr).where(Subnet.subnetpool_id == pool.id))
    ]
    requested = values.get("cidr")
    length = ipaddress.ip_network(requested).prefixlen if requested else values.get("prefixlen")
    length = pool.default_prefixlen if length is None else length
    if length < pool.min_prefixlen:
        raise MinPrefixSubnetAllocationError(prefixlen=length, min_prefixlen=pool.min_prefixlen)
    if length > pool.max_prefixlen:
        raise MaxPrefixSubnetAllocationError(prefixlen=length, max_prefixlen=pool.max_prefixlen)
    _check_quota(ctx, pool, str(values["project_id"]), length)
    nets = [ipaddress.ip_network(prefix) for prefix in pool.prefixes]
    if requested:
        if not prefixes.is_free(ipaddress.ip_network(requested), nets, used):
            raise SubnetAllocationError(
                reason=f"Cannot allocate requested subnet {requested} from the available set of "
                "prefixes"
            )
        return str(requested)
    free = prefixes.first_free(nets, used, length)
    if free is None:
        raise SubnetAllocationError(
            reason=f"Insufficient prefix space to allocate subnet size /{length}"
        )
    return str(free)


def _check_quota(ctx: Context, pool: SubnetPool, project_id: str, length: int) -> None:
    """The quota counts addresses (IPv4) or /64 networks (IPv6)."""
    if pool.default_quota is None:
        return
    unit = 32 if pool.ip_version == 4 else 64
    cidrs = ctx.session.scalars(
        select(Subnet.cidr).where(Subnet.subnetpool_id == pool.id, Subnet.project_id == project_id)
    )
    used = sum(2 ** max(0, unit - ipaddress.ip_network(cidr).prefixlen) for cidr in cidrs)
    if used + 2 ** max(0, unit - length) > pool.default_quota:
        raise SubnetPoolQuotaExceeded


def _prefixes(given: Sequence[str]) -> tuple[int, list[str]]:
    nets = [ipaddress.ip_network(prefix) for prefix in given]
    if not nets:
        raise InvalidInput(error_message="Empty subnet pool prefix list")
    if len({net.version for net in nets}) > 1:
        raise PrefixVersionMismatch
    return nets[0].version, prefixes.compact(nets)


def _bounds(version: int, values: Mapping[str, Any]) -> dict[str, int]:
    """The three prefix lengths, with defaults, checked; raises IllegalSubnetPoolPrefixBounds."""
    widest = 32 if version == 4 else 128
    low = values.get("min_prefixlen")
    low = (8 if version == 4 else 64) if low is None else low
    high = values.get("max_prefixlen")
    high = widest if high is None else high
    default = values.get("default_prefixlen")
    default = low if default is None else default
    for name, length, other, bound, wrong in (
        ("max_prefixlen", high, "max", widest, high > widest),
        ("min_prefixlen", low, "max_prefixlen", high, low > high),
        ("default_prefixlen", default, "min_prefixlen", low, default < low),
        ("default_prefixlen", default, "max_prefixlen", high, default > high),
    ):
        if wrong:
            raise IllegalSubnetPoolPrefixBounds(
                prefix_type=name, prefixlen=length, base_prefix_type=other, base_prefixlen=bound
            )
    return {"min_prefixlen": low, "max_prefixlen": high, "default_prefixlen": default}


def _check_default(ctx: Context, pool: SubnetPool) -> None:
    if not pool.is_default:
        return
    other = ctx.session.scalar(
        select(SubnetPool.id).where(
            SubnetPool.is_default.is_(True),
            SubnetPool.ip_version == pool.ip_version,
            SubnetPool.id != (pool.id or ""),
        )
    )
    if other is not None:
        raise InvalidInput(
            error_message="A default subnetpool for this IP family has already been set. Only "
            "one default may exist per IP family"
        )


def _default(ctx: Context, version: int) -> str:
    pool_id = ctx.session.scalar(
        select(SubnetPool.id).where(
            SubnetPool.is_default.is_(True), SubnetPool.ip_version == version
        )
    )
    if pool_id is None:
        raise BadSubnetsRequest(msg=f"No default subnetpool found for IPv{version}")
    return pool_id


def check_scope_is_ours(ctx: Context, pool: SubnetPool) -> None:
    scope = ctx.session.get(AddressScope, pool.address_scope_id or "")
    if scope is not None and not (ctx.is_admin or ctx.owns(scope.project_id)):
        raise IllegalSubnetPoolUpdate(
            reason=f"the pool is associated with the address scope {scope.id} of another project"
        )


def join_scope(ctx: Context, pool: SubnetPool, scope_id: str | None) -> None:
    """Pools of one address scope have its IP version and do not overlap; pools of other
    projects in a shared scope are removed when a pool of the scope's owner needs their range.
    """
    if scope_id is None:
        pool.address_scope_id = None
        return
    scope = address_scopes.get(ctx, scope_id)
    if scope.ip_version != pool.ip_version:
        raise IllegalSubnetPoolIpVersionAssociationToAddressScope(
            subnetpool_id=pool.id or pool.name,
            address_scope_id=scope_id,
            version=scope.ip_version,
        )
    other_pools = ctx.session.scalars(
        select(SubnetPool).where(
            SubnetPool.address_scope_id == scope_id, SubnetPool.id != (pool.id or "")
        )
    )
    pool_prefixes = [ipaddress.ip_network(prefix) for prefix in pool.prefixes]
    removed = []
    for other_pool in other_pools:
        if not any(
            a.overlaps(ipaddress.ip_network(b)) for a in pool_prefixes for b in other_pool.prefixes
        ):
            continue
        if pool.project_id != scope.project_id or other_pool.project_id == scope.project_id:
            raise AddressScopePrefixConflict
        removed.append(other_pool)
    for removed_pool in removed:  # other projects must not keep the owner of a scope from using it
        removed_pool.address_scope_id = None
        removed_pool.revision_number += 1
        host_hints.routers_of_pool(ctx, removed_pool.id)
    pool.address_scope_id = scope_id
