"""Which host realises what: guests' ports where the guests are, all routers on one host."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.kernel.hosts.records import HostRecord
from stratolith.network.managers import agents, holders
from stratolith.network.managers.events import VIEW
from stratolith.network.models import Port

_HOSTS = "network.hosts"  # key in Session.info


def _hosts(ctx: Context) -> list[HostRecord]:
    """The hosts, read once a transaction: a view asks for them three times."""
    found: list[HostRecord] | None = ctx.session.info.get(_HOSTS)
    if found is None:
        found = ctx.session.info[_HOSTS] = host_records.records(ctx.session)
    return list(found)


def network_host(ctx: Context) -> str:
    """The host that realises routers: of those alive whose L3 agent is not taken out of service
    the one that is in the cloud for longest, else of those alive, else of all; "" before any was.

    A host that joins takes no router from another.
    """
    records = [one for one in _hosts(ctx) if VIEW in one.views]
    records.sort(key=lambda one: (one.joined_at, one.name))
    now, out = ctx.env.clock.now(), agents.without_routers(ctx)
    alive = [record.name for record in records if host_records.is_alive(record, now)]
    chosen = [host for host in alive if agents.id_of(host, agents.L3) not in out]
    return next(iter(chosen or alive or [record.name for record in records]), "")


def is_network_host(ctx: Context, host: str) -> bool:
    """Whether this host realises routers; the first that ever asks does."""
    return network_host(ctx) in ("", host)


def hosts_of_network(ctx: Context, network_id: str) -> set[str]:
    """The hosts with a part of the network: those of its guests, and of the routers it joins."""
    here = select(Port.binding_host).where(Port.network_id == network_id, Port.binding_host != "")
    found = set(ctx.session.scalars(here.distinct()))
    joined = (Port.network_id == network_id) & Port.holder.in_(holders.ROUTER)
    if ctx.session.scalar(select(Port.id).where(joined).limit(1)) is not None:
        found.add(network_host(ctx))
    return found - {""}


def has_network(ctx: Context, host: str, network_ids: Sequence[str]) -> set[str]:
    """Which of these networks the host has a part of, as ``networks_of`` would say."""
    among = Port.network_id.in_(network_ids)
    here = select(Port.network_id).where(Port.binding_host == host, among)
    found = set(ctx.session.scalars(here.distinct()))
    if set(network_ids) - found and is_network_host(ctx, host):
        joined = select(Port.network_id).where(Port.holder.in_(holders.ROUTER), among)
        found |= set(ctx.session.scalars(joined.distinct()))
    return found


def tunnel_addresses(ctx: Context) -> dict[str, str]:
    """Host -> the address that others reach it by with tunnels; those without are left out."""
    records = _hosts(ctx)
    return {record.name: record.tunnel_address for record in records if record.tunnel_address}


def networks_of(ctx: Context, host: str) -> list[str]:
    """Ids of the networks with guests on the host, and of those that its routers join."""
    here = select(Port.network_id).where(Port.binding_host == host)
    found = set(ctx.session.scalars(here.distinct()))
    if is_network_host(ctx, host):
        joined = select(Port.network_id).where(Port.holder.in_(holders.ROUTER))
        found |= set(ctx.session.scalars(joined.distinct()))
    return sorted(found)
