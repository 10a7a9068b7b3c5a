"""The host that realises each object: for guests' ports the guest's host, for others a row.

Routers and gateways are placed when they are made, on a live host if there is one. Without any
host they are placed when one reports. They move when their host dies or is taken out of service
(reconcilers/places.py).
The reading functions read rows and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    delete,
    literal,
    or_,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.kernel.hosts.records import HostRecord
from stratolith.kernel.matching import among
from stratolith.network.managers import agents, holders
from stratolith.network.managers.events import VIEW
from stratolith.network.managers.routing import zones
from stratolith.network.models import (
    DhcpPlace,
    FloatingIp,
    Network,
    Place,
    Port,
    PortBinding,
    Router,
    RouterHost,
)

# kinds of placed objects; a gateway has the id of its network
ROUTER, GATEWAY = "router", "gateway"
_HOSTS = "network.hosts"  # key in Session.info
EVERY = "*"  # instead of a host's name: all hosts together, for what is realised centrally

# Built once: SQLAlchemy takes longer to compare a new statement than the database to answer it.
_PLACED = select(Place.object_id)
_WAITING = union_all(
    select(Router.id, literal(ROUTER)).where(Router.id.not_in(_PLACED)),
    select(Network.id, literal(GATEWAY)).where(
        Network.network_type == "flat", Network.id.not_in(_PLACED)
    ),
)
_HOSTS_OF_NETWORK = union(
    select(Port.binding_host).where(
        Port.network_id == bindparam("network"), Port.binding_host != ""
    ),
    select(Place.host)
    .join(Port, Port.holder_id == Place.object_id)
    .where(
        Port.network_id == bindparam("network"), Port.holder.in_(holders.ROUTER), Place.host != ""
    ),
    select(RouterHost.host)
    .join(Port, Port.holder_id == RouterHost.router_id)
    .where(Port.network_id == bindparam("network"), Port.holder.in_(holders.ROUTER)),
    select(DhcpPlace.host).where(DhcpPlace.network_id == bindparam("network")),
    select(PortBinding.host)
    .join(Port, Port.id == PortBinding.port_id)
    .where(PortBinding.network_id == bindparam("network"), Port.binding_host != ""),
)


def _hosts(ctx: Context) -> list[HostRecord]:
    """The hosts with networks, the oldest in the cloud first; read once per transaction."""
    hosts: list[HostRecord] | None = ctx.session.info.get(_HOSTS)
    if hosts is None:
        hosts = [record for record in host_records.records(ctx.session) if VIEW in record.views]
        hosts.sort(key=lambda record: (record.joined_at, record.name))
        ctx.session.info[_HOSTS] = hosts
    return list(hosts)


# -- deciding ------------------------------------------------------------------------------------


def _in_service(ctx: Context) -> list[str]:
    """The live hosts with an L3 agent in service; without any, the live hosts; without any (when
    a cloud starts), all hosts.
    """
    now, out = ctx.env.clock.now(), agents.out_of_service(ctx)
    hosts = _hosts(ctx)
    alive = [record.name for record in hosts if host_records.is_alive(record, now)]
    served = [host for host in alive if agents.id_of(host, agents.L3) not in out]
    return served or alive or [record.name for record in hosts]


def choose(ctx: Context, hints: Sequence[str] = ()) -> str:
    """The host for a router or gateway: the oldest in the cloud of those in service, "" for none.

    ``hints``: availability zones; without them any. A new host gets no objects of others; a
    draining host gets no new objects and keeps its own.
    """
    return next(iter(candidates(ctx, hints)), "")


def candidates(ctx: Context, hints: Sequence[str] = ()) -> list[str]:
    """The hosts that may get a new router, the first choice first."""
    draining = {record.name for record in _hosts(ctx) if host_records.is_draining(record)}
    good = zones.among(ctx, _in_service(ctx), hints)
    return [host for host in good if host not in draining]


def place(ctx: Context, kind: str, object_id: str, host: str) -> None:
    """From now on this host realises the object; "": none until an administrator sets one.

    The floating IPs of a router without a host are down.
    """
    row = ctx.session.get(Place, object_id)
    if row is None:
        row = Place(object_id=object_id, kind=kind)
        ctx.session.add(row)
    row.host, row.placed_at = host, ctx.env.clock.now()
    if kind == ROUTER and not host:
        of_router = update(FloatingIp).where(FloatingIp.router_id == object_id)
        ctx.session.execute(of_router.values(status="DOWN"))
    ctx.session.flush()


def place_new(ctx: Context, kind: str, object_id: str, hints: Sequence[str] = ()) -> None:
    """Place a new object; without a host, in the zones of ``hints``, it stays unplaced."""
    host = choose(ctx, hints)
    if host:
        place(ctx, kind, object_id, host)


def hints_of(ctx: Context, objects: Mapping[str, str]) -> dict[str, list[str]]:
    """The availability zones of the routers among these (object -> kind) that ask for some."""
    routers = [object_id for object_id, kind in objects.items() if kind == ROUTER]
    wanted = select(Router.id, Router.availability_zone_hints).where(Router.id.in_(routers))
    return {router_id: hints for router_id, hints in ctx.session.execute(wanted) if hints}


def forget(ctx: Context, object_id: str) -> None:
    """Delete the row of a deleted object."""
    ctx.session.execute(delete(Place).where(Place.object_id == object_id))


def waiting(ctx: Context) -> dict[str, str]:
    """Objects that have no host yet: object -> kind."""
    return dict(ctx.session.execute(_WAITING).all())


def misplaced(ctx: Context) -> dict[str, str]:
    """Objects whose host died, left, or is out of service: object -> kind.

    Routers that several hosts have are in managers/routing/elections.py.
    """
    good = _usable(ctx)
    if not good:
        return {}
    elected = select(RouterHost.router_id)
    wanted = select(Place.object_id, Place.kind).where(
        Place.host.not_in(["", *good]), Place.object_id.not_in(elected)
    )
    return dict(ctx.session.execute(wanted).all())


def _usable(ctx: Context) -> set[str]:
    """The hosts that keep their objects.

    A host counts as dead only after this process has run as long as a live host may be silent.
    Otherwise the first host that reports after an upgrade would get all routers.
    """
    good = set(_in_service(ctx))
    listened = ctx.env.clock.now() - ctx.env.started_at
    if good and listened < timedelta(seconds=host_records.ALIVE_SECONDS):
        out = agents.out_of_service(ctx)
        hosts = [record.name for record in _hosts(ctx)]
        good |= {host for host in hosts if agents.id_of(host, agents.L3) not in out}
    return good


class Choice:
    """The hosts for routers that several hosts have, as of now.

    usable: those that keep their routers.  takes_new: those that get further ones, the oldest in
    the cloud first.  may_return: usable ones, and those that are only silent.
    """

    def __init__(self, ctx: Context) -> None:
        hosts, out = _hosts(ctx), agents.out_of_service(ctx)
        draining = {record.name for record in hosts if host_records.is_draining(record)}
        self.usable = _usable(ctx)
        self.takes_new = [host for host in _in_service(ctx) if host not in draining]
        self.may_return = self.usable | {
            record.name for record in hosts if agents.id_of(record.name, agents.L3) not in out
        }


def _has(host: str) -> ColumnElement[bool]:
    """A condition on Place: the host realises the object, also as one of several."""
    elected = select(RouterHost.router_id).where(RouterHost.host == host)
    return is_on(Place.host, host) | Place.object_id.in_(elected)


def is_on(column: InstrumentedAttribute[str], host: str) -> ColumnElement[bool]:
    """The condition that something is on this host; with EVERY, on any."""
    return column != "" if host == EVERY else column == host


def realises(host: str) -> ColumnElement[bool]:
    """The condition on Port that it is bound to this host, or prepared there for a move."""
    prepared = select(PortBinding.port_id).where(PortBinding.host == host)
    is_prepared = Port.id.in_(prepared) & (Port.binding_host != "")
    return or_(is_on(Port.binding_host, host), is_prepared)


# -- reading -------------------------------------------------------------------------------------


def on_host(
    ctx: Context, kind: str, host: str, among: ColumnElement[bool] | None = None
) -> list[str]:
    """Ids of the host's objects of this kind. ``among``: a condition on Place."""
    statement = select(Place.object_id).where(_has(host), Place.kind == kind)
    return list(ctx.session.scalars(statement if among is None else statement.where(among)))


def gateways_on(ctx: Context, host: str) -> set[str]:
    """The external networks with gateway addresses or gateways of routers on the host."""
    addresses = select(Place.object_id).where(is_on(Place.host, host), Place.kind == GATEWAY)
    of_routers = (
        select(Port.network_id)
        .join(Place, Place.object_id == Port.holder_id)
        .where(Port.holder == holders.GATEWAY, _has(host))
    )
    return set(ctx.session.scalars(union(addresses, of_routers)))


def having(ctx: Context, router_ids: Iterable[str]) -> dict[str, set[str]]:
    """Router -> all its hosts; routers without a host are left out."""
    ids, hosts = list(router_ids), {}
    for router_id, host in hosts_of(ctx, ids).items():
        hosts[router_id] = {host}
    elected = select(RouterHost.router_id, RouterHost.host).where(
        among(ctx.session, RouterHost.router_id, ids)
    )
    for router_id, host in ctx.session.execute(elected):
        hosts.setdefault(router_id, set()).add(host)
    return hosts


def host_of(ctx: Context, object_id: str) -> str:
    """The host that realises the object, "" for none; of several, the active one."""
    return hosts_of(ctx, [object_id]).get(object_id, "")


def hosts_of(ctx: Context, object_ids: Iterable[str]) -> dict[str, str]:
    """Object -> its host; objects without a host are left out."""
    wanted = sorted(set(object_ids))
    if not wanted:
        return {}
    is_placed = among(ctx.session, Place.object_id, wanted) & (Place.host != "")
    return dict(ctx.session.execute(select(Place.object_id, Place.host).where(is_placed)).all())


def hosts_of_network(ctx: Context, network_id: str) -> set[str]:
    """The hosts with a part of the network: those for which ``networks_of`` contains it."""
    return set(ctx.session.scalars(_HOSTS_OF_NETWORK, {"network": network_id}))


def networks_of(ctx: Context, host: str, among: Sequence[str] | None = None) -> list[str]:
    """Ids of the networks of which the host has a part. ``among``: only of these."""
    return sorted(ctx.session.scalars(networks_on(host, among)))


def networks_on(host: str, among: Sequence[str] | None = None) -> CompoundSelect[Any]:
    """A statement for the ids of the networks with guests on the host or prepared for it, of the
    networks of its routers, and of those for which an administrator added it as DHCP host.
    """
    of_guests = select(Port.network_id).where(is_on(Port.binding_host, host))
    of_routers = (
        select(Port.network_id)
        .join(Place, Place.object_id == Port.holder_id)
        .where(Port.holder.in_(holders.ROUTER), _has(host))
    )
    of_dhcp = select(DhcpPlace.network_id).where(is_on(DhcpPlace.host, host))
    of_prepared = (
        select(PortBinding.network_id)
        .join(Port, Port.id == PortBinding.port_id)
        .where(is_on(PortBinding.host, host), Port.binding_host != "")
    )
    if among is not None:
        of_guests, of_routers = (
            statement.where(Port.network_id.in_(among)) for statement in (of_guests, of_routers)
        )
        of_dhcp = of_dhcp.where(DhcpPlace.network_id.in_(among))
        of_prepared = of_prepared.where(PortBinding.network_id.in_(among))
    return union(of_guests, of_routers, of_dhcp, of_prepared)


def tunnel_addresses(ctx: Context, among: Iterable[str] | None = None) -> dict[str, str]:
    """Host -> its address for tunnels; hosts without one are left out.

    ``among``: only of these hosts.
    """
    if among is None:
        records = _hosts(ctx)
    else:
        named = host_records.records(ctx.session, among)
        records = [record for record in named if VIEW in record.views]
    return {record.name: record.tunnel_address for record in records if record.tunnel_address}
