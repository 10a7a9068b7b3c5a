"""Why a server cannot be reached: the state of each hop from the guest to the outside."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import or_, select

from stratolith.compute.managers import hosts
from stratolith.compute.models import Server
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict, NotFound
from stratolith.network.managers.servers import port_ways


def of_server(ctx: Context, name: str) -> dict[str, Any]:
    """{"server": {...}, "hop": {...}, "ports": [{"port_id", ..., "hops": [...]}]}.

    ``name``: id or name of a server of any project. Asks the hosts, so it takes seconds; commits
    the transaction of ``ctx`` first. Raises NotFound, Conflict for a name of several servers.
    """
    server = _find(ctx, name)
    answer: dict[str, Any] = {
        "server": {"id": server.id, "name": server.name, "host": server.host},
        "hop": _hop(ctx, server),
    }
    ways = port_ways.of_server(ctx, server.id)
    port_ways.ask(ctx, ways)
    return {**answer, "ports": [_shown(way) for way in ways]}


def _find(ctx: Context, name: str) -> Server:
    wanted = select(Server).where(
        or_(Server.id == name, Server.name == name), Server.deleted_at.is_(None)
    )
    servers = list(ctx.session.scalars(wanted.limit(2)))
    if not servers:
        raise NotFound(f"There is no server {name}.")
    if len(servers) > 1:
        raise Conflict(f"Several servers are called {name}: use the id of one.")
    return servers[0]


def _hop(ctx: Context, server: Server) -> dict[str, Any]:
    """The server itself, without its ports."""
    advice = ""
    if server.host is None:
        passed, text = False, f"it has no host: it is {server.vm_state}"
        advice = f"openstack server show {server.id}: see its fault"
    elif server.host not in hosts.alive(ctx):
        passed, text = False, f"its host {server.host} is down"
        advice = f"stratolith status; on {server.host}: stratolith logs agent"
    elif server.observed_power != "running":
        passed, text = False, f"the guest does not run ({server.observed_power or 'not built'})"
        advice = f"openstack server start {server.id}, or openstack server show: see its fault"
    else:
        passed, text = True, f"it runs on host {server.host}"
    return {"name": "server", "passed": passed, "text": text, "advice": advice}


def _shown(way: port_ways.Way) -> dict[str, Any]:
    hops = [{"host": host, **msgspec.to_builtins(hop)} for host, hop in way.hops]
    return {
        "port_id": way.port_id,
        "network_id": way.network_id,
        "network": way.network,
        "addresses": way.addresses,
        "hops": hops,
    }
