"""Networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.kernel.ids import new_uuid
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import (
    ExternalNetworkInUse,
    InvalidSharedSetting,
    NetworkInUse,
    NetworkMTUSubnetConflict,
    NetworkNotFound,
)
from stratolith.network.exceptions.topologies import DefaultExternalNetworkExists
from stratolith.network.managers import (
    batches,
    holders,
    host_hints,
    limits,
    placement,
    tags,
    visibility,
)
from stratolith.network.managers.qos import allocation as promises
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.routing import zones
from stratolith.network.managers.segments import allocation, segments, types
from stratolith.network.managers.visibility import ALL_PROJECTS, EXTERNAL, SHARED
from stratolith.network.models import (
    FloatingIp,
    Network,
    Port,
    RbacPolicy,
    Segment,
    Subnet,
)
from stratolith.network.settings import NetworkSettings

MIN_MTU = {4: 68, 6: 1280}
_SUBNETS = KeyedReader(
    RowReader(tuple[str, str, str | None], (Subnet.network_id, Subnet.id, Subnet.segment_id)),
    Subnet.network_id,
    select(Subnet).order_by(Subnet.created_at, Subnet.id),
)
PLAIN = ("name", "description", "admin_state_up", "port_security_enabled", "dns_domain")


def get(ctx: Context, network_id: str) -> Network:
    """A network that the caller may see; raises NetworkNotFound."""
    network = ctx.session.get(Network, network_id)
    if network is None or not visibility.may_see(ctx, network):
        raise NetworkNotFound(net_id=network_id)
    batches.hold(ctx, network)
    return network


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Network:
    """Make a network; ``values`` has the names of the API."""
    limits.check(ctx, project_id, network=1)
    settings = ctx.env.settings.of(NetworkSettings)
    external = bool(values.get("router:external"))
    if values.get("is_default"):
        _check_only_default(ctx)
    hints = values.get("availability_zone_hints") or []
    zones.check(ctx, hints)
    taken = allocation.take(ctx, project_id, allocation.wanted_of(values))
    network = Network(
        id=new_uuid(),
        project_id=project_id,
        **{name: values[name] for name in PLAIN if name in values},
        shared=bool(values.get("shared")),
        external=external,
        availability_zone_hints=hints,
        is_default=external and bool(values.get("is_default")),
        mtu=_mtu(settings, taken, values.get("mtu")),
        qos_policy_id=qos.for_new_network(ctx, project_id, values.get("qos_policy_id")),
        revision_number=1,
    )
    segments.note(network, taken)
    ctx.session.add(network)
    for segment in taken:
        segment.network_id = network.id
        ctx.session.add(segment)
    ctx.session.flush()
    qos.check_network(ctx, network.id, network.qos_policy_id)
    if network.network_type == "flat":
        placement.place_new(ctx, placement.GATEWAY, network.id)
    for action, is_open in ((SHARED, network.shared), (EXTERNAL, network.external)):
        if is_open:
            _grant_to_all(ctx, network, action)
    return network


def update(ctx: Context, network: Network, values: Mapping[str, Any]) -> Network:
    """Change a network; raises InvalidSharedSetting, ExternalNetworkInUse, InvalidInput."""
    if values.get("shared") is False and network.shared:
        _check_unsharing(ctx, network)
    if any(name.startswith("provider:") for name in values):
        segments.change_provider(ctx, network, values)
    for name in PLAIN:
        if name in values:
            setattr(network, name, values[name])
    if values.get("router:external", network.external) != network.external:
        set_external(ctx, network, external=values["router:external"])
    if values.get("shared", network.shared) != network.shared:
        _set_shared(ctx, network, shared=values["shared"])
    if values.get("is_default") and not network.is_default:
        _check_only_default(ctx)
    network.is_default = network.external and values.get("is_default", network.is_default)
    if "qos_policy_id" in values:
        former = network.qos_policy_id
        network.qos_policy_id = qos.replaced(ctx, former, values["qos_policy_id"])
        qos.check_network(ctx, network.id, network.qos_policy_id)
        promises.follow_network(ctx, network, former)
    if values.get("mtu"):
        settings = ctx.env.settings.of(NetworkSettings)
        mtu = _mtu(settings, segments.of_network(ctx, network), values["mtu"])
        check_mtu_for(ctx, network, mtu)
        network.mtu = mtu
    network.revision_number += 1
    ctx.session.flush()
    host_hints.network(ctx, network.id)
    return network


def delete(ctx: Context, network: Network) -> None:
    """Delete with its subnets; raises NetworkInUse while it has ports other than DHCP ports."""
    from stratolith.network.managers import floatingips, ports

    floatingips.delete_unused(ctx, network.id)
    port_ids = list(
        ctx.session.scalars(
            select(Port.id).where(Port.network_id == network.id, Port.holder != holders.DHCP)
        )
    )
    if port_ids:
        raise NetworkInUse(net_id=network.id, ports=",".join(sorted(port_ids)))
    dhcp_ports = ctx.session.scalars(select(Port).where(Port.network_id == network.id))
    for port in list(dhcp_ports):
        ports.remove(ctx, port)
    for subnet in list(ctx.session.scalars(select(Subnet).where(Subnet.network_id == network.id))):
        tags.forget(ctx, subnet.id)
        ctx.session.delete(subnet)
    for policy in ctx.session.scalars(select(RbacPolicy).where(RbacPolicy.object_id == network.id)):
        ctx.session.delete(policy)
    segments.forget(ctx, network.id)
    tags.forget(ctx, network.id)
    host_hints.network(ctx, network.id)
    placement.forget(ctx, network.id)
    ctx.session.flush()
    ctx.session.delete(network)
    ctx.session.flush()
    host_hints.network(ctx, network.id)


def labels(ctx: Context, network_ids: Iterable[str]) -> dict[str, str]:
    """Network id -> name."""
    rows = ctx.session.execute(
        select(Network.id, Network.name).where(Network.id.in_(list(set(network_ids))))
    )
    return dict(rows.all())


def subnet_ids(ctx: Context, network_ids: Iterable[str]) -> tuple[dict[str, list[str]], set[str]]:
    """(network id -> ids of its subnets, oldest first; the networks whose subnets belong to single
    segments); one statement.
    """
    by_network: dict[str, list[str]] = {network_id: [] for network_id in network_ids}
    routed = set()
    for network_id, subnet_id, segment_id in _SUBNETS(ctx.session, by_network):
        by_network[network_id].append(subnet_id)
        if segment_id is not None:
            routed.add(network_id)
    return by_network, routed


def _check_only_default(ctx: Context) -> None:
    """Raise DefaultExternalNetworkExists: only one network is the default external one."""
    default = select(Network.id).where(Network.external.is_(True), Network.is_default.is_(True))
    default_id = ctx.session.scalar(default.limit(1))
    if default_id is not None:
        raise DefaultExternalNetworkExists(net_id=default_id)


def _mtu(settings: NetworkSettings, of_segments: Sequence[Segment], wanted: int | None) -> int:
    """The MTU of a network: the wanted one, or the largest; raises InvalidInput."""
    widest = types.largest_mtu(
        settings, [types.Wanted(s.network_type, s.physical_network) for s in of_segments]
    )
    if wanted and wanted > widest:
        raise InvalidInput(error_message=f"Requested MTU is too big, maximum is {widest}")
    return wanted or widest


def set_external(ctx: Context, network: Network, *, external: bool) -> None:
    """Make it external for all projects, or for none; raises ExternalNetworkInUse."""
    if external:
        _grant_to_all(ctx, network, EXTERNAL)
    else:
        check_not_gateway(ctx, network)
        _remove_policies(ctx, network, RbacPolicy.action == EXTERNAL)
    network.external = external


def _set_shared(ctx: Context, network: Network, *, shared: bool) -> None:
    if shared:
        _grant_to_all(ctx, network, SHARED)
    else:
        to_all = RbacPolicy.target_project == ALL_PROJECTS
        _remove_policies(ctx, network, (RbacPolicy.action == SHARED) & to_all)
    network.shared = shared


def _grant_to_all(ctx: Context, network: Network, action: str) -> None:
    existing = select(RbacPolicy.id).where(
        RbacPolicy.object_id == network.id,
        RbacPolicy.action == action,
        RbacPolicy.target_project == ALL_PROJECTS,
    )
    if ctx.session.scalar(existing) is None:
        policy = RbacPolicy(
            project_id=network.project_id,
            object_type="network",
            object_id=network.id,
            action=action,
            target_project=ALL_PROJECTS,
        )
        ctx.session.add(policy)
        ctx.session.flush()


def _remove_policies(ctx: Context, network: Network, which: ColumnElement[bool]) -> None:
    rows = select(RbacPolicy).where(RbacPolicy.object_id == network.id, which)
    for policy in list(ctx.session.scalars(rows)):
        ctx.session.delete(policy)
    ctx.session.flush()


def check_mtu_for(
    ctx: Context, network: Network, mtu: int, versions: Iterable[int] | None = None
) -> None:
    """Raise NetworkMTUSubnetConflict when the MTU is too small for subnets of these IP versions
    (default: those of the network's subnets).
    """
    if mtu >= MIN_MTU[6]:
        return
    if versions is None:
        versions = ctx.session.scalars(
            select(Subnet.ip_version).where(Subnet.network_id == network.id).distinct()
        )
    for version in sorted(versions):
        if mtu < MIN_MTU[version]:
            raise NetworkMTUSubnetConflict(net_id=network.id, mtu=MIN_MTU[version])


def _check_unsharing(ctx: Context, network: Network) -> None:
    foreign_ports = select(Port.id).where(
        Port.network_id == network.id,
        Port.project_id.not_in([network.project_id, ""]),
    )
    if network.external:
        foreign_ports = foreign_ports.where(Port.holder.not_in(holders.SERVICES))
    foreign_subnet = select(Subnet.id).where(
        Subnet.network_id == network.id, Subnet.project_id != network.project_id
    )
    if ctx.session.scalar(foreign_ports.limit(1)) or ctx.session.scalar(foreign_subnet.limit(1)):
        raise InvalidSharedSetting(network=network.name)


def check_not_gateway(ctx: Context, network: Network) -> None:
    gateway = select(Port.id).where(Port.network_id == network.id, Port.holder == holders.GATEWAY)
    floating = select(FloatingIp.id).where(FloatingIp.floating_network_id == network.id)
    if ctx.session.scalar(gateway.limit(1)) or ctx.session.scalar(floating.limit(1)):
        raise ExternalNetworkInUse(net_id=network.id)


def usable_by(ctx: Context, project_id: str, ids: Iterable[str] | None = None) -> list[Network]:
    """Networks for servers of a project, by name; ``ids``: only these (may be external)."""
    if ids is not None:
        condition: ColumnElement[bool] = Network.id.in_(list(ids))
        if not ctx.is_admin:
            condition = condition & visibility.of_networks(ctx, project_id)
        return list(ctx.session.scalars(select(Network).where(condition)))
    condition = or_(
        Network.project_id == project_id,
        Network.shared.is_(True),
        Network.id.in_(visibility.granted(project_id, "network")),
    )
    return list(
        ctx.session.scalars(
            select(Network).where(condition, Network.external.is_(False)).order_by(Network.name)
        )
    )
