"""Which host realises what: ports where the guests are, routers and gateways as rows say.

They are placed when they are made, if there is a host: one that is alive before others. What had
none then is placed when one reports, and what is on a host that died or was taken out of service
moves (reconcilers/places.py).
Reads look at rows and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    delete,
    literal,
    select,
    union,
    union_all,
)

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.kernel.hosts.records import HostRecord
from stratolith.network.managers import agents, holders
from stratolith.network.managers.events import VIEW
from stratolith.network.models import DhcpPlace, Network, Place, Port, Router

ROUTER, GATEWAY = "router", "gateway"  # what is placed; a gateway is named by its network
_HOSTS = "network.hosts"  # key in Session.info

# Made once: SQLAlchemy takes longer to compare a new statement than the database to answer it.
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
    select(DhcpPlace.host).where(DhcpPlace.network_id == bindparam("network")),
)


def _hosts(ctx: Context) -> list[HostRecord]:
    """The hosts with networks, those in the cloud for longest first; read once a transaction."""
    found: list[HostRecord] | None = ctx.session.info.get(_HOSTS)
    if found is None:
        found = [one for one in host_records.records(ctx.session) if VIEW in one.views]
        found.sort(key=lambda one: (one.joined_at, one.name))
        ctx.session.info[_HOSTS] = found
    return list(found)


# -- deciding ------------------------------------------------------------------------------------


def _in_service(ctx: Context) -> list[str]:
    """The hosts alive whose L3 agent is in service; if there is none of these, those alive; if
    there is none either (a cloud that starts), all of them.
    """
    now, out = ctx.env.clock.now(), agents.without_routers(ctx)
    hosts = _hosts(ctx)
    alive = [one.name for one in hosts if host_records.is_alive(one, now)]
    served = [host for host in alive if agents.id_of(host, agents.L3) not in out]
    return served or alive or [one.name for one in hosts]


def choose(ctx: Context) -> str:
    """The host for a router or gateway: of those in service the one in the cloud for longest, ""
    for none. A host that joins takes nothing from another; one that is draining gets nothing new
    and keeps what it has.
    """
    draining = {one.name for one in _hosts(ctx) if host_records.is_draining(one)}
    return next((host for host in _in_service(ctx) if host not in draining), "")


def place(ctx: Context, kind: str, object_id: str, host: str) -> None:
    """From now on this host realises it; "": none does until an administrator says so."""
    found = ctx.session.get(Place, object_id)
    if found is None:
        found = Place(object_id=object_id, kind=kind)
        ctx.session.add(found)
    found.host, found.placed_at = host, ctx.env.clock.now()
    ctx.session.flush()


def place_new(ctx: Context, kind: str, object_id: str) -> None:
    """Place what was just made; without a host it waits for one."""
    host = choose(ctx)
    if host:
        place(ctx, kind, object_id, host)


def forget(ctx: Context, object_id: str) -> None:
    """It goes."""
    ctx.session.execute(delete(Place).where(Place.object_id == object_id))


def waiting(ctx: Context) -> dict[str, str]:
    """What has no host yet: object -> kind."""
    return dict(ctx.session.execute(_WAITING).all())


def misplaced(ctx: Context) -> dict[str, str]:
    """What another host should have: theirs died, left, or is out of service. Object -> kind.

    Nobody is taken for dead until this process has listened as long as a host that is alive may be
    silent: after an upgrade the first host to report would else get the routers of all the others.
    """
    good = set(_in_service(ctx))
    if not good:
        return {}
    listened = ctx.env.clock.now() - ctx.env.started_at
    if listened < timedelta(seconds=host_records.ALIVE_SECONDS):
        out = agents.without_routers(ctx)
        hosts = [record.name for record in _hosts(ctx)]
        good |= {host for host in hosts if agents.id_of(host, agents.L3) not in out}
    wanted = select(Place.object_id, Place.kind).where(Place.host.not_in(["", *good]))
    return dict(ctx.session.execute(wanted).all())


# -- reading -------------------------------------------------------------------------------------


def on_host(
    ctx: Context, kind: str, host: str, among: ColumnElement[bool] | None = None
) -> list[str]:
    """Ids of what the host realises of this kind. ``among``: a condition on Place."""
    here = select(Place.object_id).where(Place.host == host, Place.kind == kind)
    return list(ctx.session.scalars(here if among is None else here.where(among)))


def gateways_on(ctx: Context, host: str) -> set[str]:
    """The external networks that have gateway addresses on the host, or routers' gateways."""
    addresses = select(Place.object_id).where(Place.host == host, Place.kind == GATEWAY)
    of_routers = (
        select(Port.network_id)
        .join(Place, Place.object_id == Port.holder_id)
        .where(Port.holder == holders.GATEWAY, Place.host == host)
    )
    return set(ctx.session.scalars(union(addresses, of_routers)))


def host_of(ctx: Context, object_id: str) -> str:
    """The host that realises it, "" for none."""
    return hosts_of(ctx, [object_id]).get(object_id, "")


def hosts_of(ctx: Context, object_ids: Iterable[str]) -> dict[str, str]:
    """Object -> the host that realises it; those without are left out."""
    wanted = sorted(set(object_ids))
    if not wanted:
        return {}
    here = Place.object_id.in_(wanted) & (Place.host != "")
    return dict(ctx.session.execute(select(Place.object_id, Place.host).where(here)).all())


def hosts_of_network(ctx: Context, network_id: str) -> set[str]:
    """The hosts with a part of the network: as ``networks_of`` says of each."""
    return set(ctx.session.scalars(_HOSTS_OF_NETWORK, {"network": network_id}))


def networks_of(ctx: Context, host: str, among: Sequence[str] | None = None) -> list[str]:
    """Ids of the networks that the host has a part of. ``among``: of these only."""
    return sorted(ctx.session.scalars(networks_on(host, among)))


def networks_on(host: str, among: Sequence[str] | None = None) -> CompoundSelect[Any]:
    """Selects the ids of the networks with guests on the host, of those that its routers join, and
    of those for which an administrator wants DHCP there.
    """
    here = select(Port.network_id).where(Port.binding_host == host)
    joined = (
        select(Port.network_id)
        .join(Place, Place.object_id == Port.holder_id)
        .where(Port.holder.in_(holders.ROUTER), Place.host == host)
    )
    asked = select(DhcpPlace.network_id).where(DhcpPlace.host == host)
    if among is not None:
        here, joined = (one.where(Port.network_id.in_(among)) for one in (here, joined))
        asked = asked.where(DhcpPlace.network_id.in_(among))
    return union(here, joined, asked)


def tunnel_addresses(ctx: Context, among: Iterable[str] | None = None) -> dict[str, str]:
    """Host -> the address that others reach it by with tunnels; those without are left out.

    ``among``: of these hosts only.
    """
    if among is None:
        records = _hosts(ctx)
    else:
        named = host_records.records(ctx.session, among)
        records = [record for record in named if VIEW in record.views]
    return {record.name: record.tunnel_address for record in records if record.tunnel_address}
