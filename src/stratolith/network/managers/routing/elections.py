"""Routers that several hosts have (``ha``): which hosts these are, and which is the active one.

The hosts choose the active one themselves, on a network that a project's routers share; here is
only what they report of it. The router's row in ``Place`` names the host that reported last that it
is active.

With driver ovn they need no such network: OVN moves the gateway of each router, so ``ha`` says what
is true anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.matching import among
from stratolith.network.drivers.routing import HIGHEST_PRIORITY
from stratolith.network.exceptions.routers import BadRouterRequest, NoVRIDAvailable
from stratolith.network.managers import holders, host_hints, networks, placement, ports, subnets
from stratolith.network.managers.routing import gateway_hosts, zones
from stratolith.network.models import ElectionNetwork, Network, Port, Router, RouterHost
from stratolith.network.settings import NetworkSettings

OWNER = "network:router_ha_interface"  # of the hosts' ports on the network of elections
INTERFACE_OWNER = "network:ha_router_replicated_interface"
ACTIVE, STANDBY, UNKNOWN = "active", "standby", "unknown"
# of a host that reported itself active before another one did: it is again when that one is not,
# and does not report it again
_OUTDONE = "outdone"
_CIDR = "169.254.192.0/18"
_NUMBERS = range(1, 256)  # VRRP has no more
_FEWEST = 2  # hosts: with fewer, nothing takes over


def offered(ctx: Context) -> bool:
    """Whether the cloud's driver elects hosts."""
    return ctx.env.settings.of(NetworkSettings).driver != "ovn"


def are_of(router: Router) -> bool:
    """Whether the hosts of the router elect the active one."""
    return router.ha_network_id is not None


def concern(ctx: Context, router: Router) -> bool:
    """Whether ``settle`` decides about the router's hosts."""
    return router.ha and (offered(ctx) or are_of(router))


def enable(ctx: Context, router: Router) -> None:
    """Let several hosts have the router; raises NoVRIDAvailable."""
    router.ha = True
    ctx.session.flush()
    if offered(ctx):
        settle(ctx, router)


def _begin(ctx: Context, router: Router) -> None:
    """Give the router a number in the elections of its project; raises NoVRIDAvailable."""
    router.ha_network_id = _network(ctx, router.project_id).id
    used = select(Router.ha_number).where(Router.ha_network_id == router.ha_network_id)
    taken = set(ctx.session.scalars(used))
    number = next((number for number in _NUMBERS if number not in taken), None)
    if number is None:
        raise NoVRIDAvailable(router_id=router.id)
    router.ha_number = number
    ctx.session.flush()
    name_interfaces(ctx, router)


def disable(ctx: Context, router: Router) -> None:
    """Leave the router to one host; the network goes with the project's last such router."""
    router.ha = False
    if are_of(router):
        _end(ctx, router)
    ctx.session.flush()


def _end(ctx: Context, router: Router) -> None:
    host_hints.router_place(ctx, router.id)
    for row in _rows(ctx, [router.id]):
        _remove(ctx, row)
    network = ctx.session.get(Network, router.ha_network_id)
    router.ha_network_id, router.ha_number = None, None
    ctx.session.flush()
    name_interfaces(ctx, router)
    in_use = select(Router.id).where(Router.ha_network_id == (network.id if network else ""))
    if network is not None and ctx.session.scalar(in_use.limit(1)) is None:
        ctx.session.delete(ctx.session.get_one(ElectionNetwork, router.project_id))
        ctx.session.flush()
        networks.delete(ctx, network)


def change(ctx: Context, router: Router, values: Mapping[str, Any]) -> None:
    """Raises BadRouterRequest for a router that is up after the update."""
    if values["ha"] == router.ha:
        return
    if values.get("admin_state_up", router.admin_state_up):
        raise BadRouterRequest(
            msg="Cannot change HA attribute of active routers. Please set router admin_state_up "
            "to False prior to upgrade",
        )
    if values["ha"]:
        enable(ctx, router)
    else:
        disable(ctx, router)
        _place(ctx, router)


def _place(ctx: Context, router: Router) -> None:
    """Give the router, which one host has from now on, that host unless it has one."""
    if not placement.host_of(ctx, router.id):
        placement.place_new(ctx, placement.ROUTER, router.id, router.availability_zone_hints)


def name_interfaces(ctx: Context, router: Router) -> None:
    """Give the router's interfaces their device owner."""
    wanted = interface_owner(router)
    interfaces = select(Port).where(holders.held_by(holders.INTERFACE, router.id))
    for port in ctx.session.scalars(interfaces):
        port.device_owner = wanted
    ctx.session.flush()


def interface_owner(router: Router) -> str:
    """The device owner of the router's interfaces."""
    return INTERFACE_OWNER if are_of(router) else "network:router_interface"


# -- hosts ---------------------------------------------------------------------------------------


def settle(ctx: Context, router: Router) -> None:
    """Give the router the hosts that it should have now.

    With driver ovn, end the elections that it has from the time of another driver.
    """
    if not offered(ctx):
        _end(ctx, router)
        _place(ctx, router)
        return
    if not are_of(router):
        _begin(ctx, router)
    rows = {row.host: row for row in _rows(ctx, [router.id])}
    connections = gateway_hosts.Connections(ctx, [router.id])
    hints, apt = router.availability_zone_hints, partial(connections.best, router.id)
    wanted = _chosen(ctx, placement.Choice(ctx), hints, list(rows), apt)
    if list(rows) == wanted:
        return
    for host in rows.keys() - set(wanted):
        remove_host(ctx, router, host)
    for host in wanted:
        if host not in rows:
            add_host(ctx, router, host)


def unsettled(ctx: Context) -> set[str]:
    """The routers that should have other hosts."""
    elected = select(Router.id, Router.availability_zone_hints).where(Router.ha.is_(True))
    if not offered(ctx):
        elected = elected.where(Router.ha_network_id.is_not(None))
    hints: dict[str, list[str]] = dict(ctx.session.execute(elected).all())
    if not hints or not offered(ctx):
        return set(hints)
    current: dict[str, list[str]] = {router_id: [] for router_id in hints}
    for row in _rows(ctx, hints):
        current[row.router_id].append(row.host)
    choice, connections = placement.Choice(ctx), gateway_hosts.Connections(ctx, hints)
    return {
        key
        for key, hosts in current.items()
        if hosts != _chosen(ctx, choice, hints[key], hosts, partial(connections.best, key))
    }


def _chosen(
    ctx: Context,
    choice: placement.Choice,
    hints: Sequence[str],
    current: list[str],
    apt: Callable[[list[str]], list[str]],
) -> list[str]:
    """Keep the usable hosts; fill up to the fewest with others, at first to the most.

    Hosts that are silent keep their place while there is room: they return. ``apt``: those of some
    hosts that are connected to the router's external networks.
    """
    most = ctx.env.settings.of(NetworkSettings).max_l3_agents_per_router
    free = [h for h in zones.among(ctx, choice.takes_new, hints) if h not in current]
    connected = set(apt([*(host for host in current if host in choice.usable), *free]))
    kept = [host for host in current if host in connected]
    free = [host for host in free if host in connected]
    target = _FEWEST if current else most
    kept += free[: max(0, target - len(kept))]
    silent = [h for h in current if h not in choice.usable and h in choice.may_return]
    wanted = set(kept + silent[: max(0, most - len(kept))])
    return [host for host in (*current, *free) if host in wanted]


def add_host(ctx: Context, router: Router, host: str) -> None:
    """Let a host have the router, too."""
    before = [row.priority for row in _rows(ctx, [router.id])]
    network = ctx.session.get_one(Network, router.ha_network_id)
    port = ports.create(
        ctx,
        "",
        {
            "name": f"HA port project {router.project_id}",
            "network_id": network.id,
            "device_owner": OWNER,
            "device_id": router.id,
            "binding:host_id": host,
        },
        network=network,
        holder=(holders.ELECTION, router.id),
    )
    priority = next(p for p in range(HIGHEST_PRIORITY, 0, -1) if p not in before)
    row = RouterHost(router_id=router.id, host=host, port_id=port.id, priority=priority)
    ctx.session.add(row)
    ctx.session.flush()
    if not placement.host_of(ctx, router.id):
        placement.place(ctx, placement.ROUTER, router.id, host)
    host_hints.router_place(ctx, router.id)


def remove_host(ctx: Context, router: Router, host: str) -> None:
    """Take the router from a host; the next one counts as active until one reports that it is."""
    host_hints.router_place(ctx, router.id)
    for row in _rows(ctx, [router.id]):
        if row.host == host:
            _remove(ctx, row)
    if placement.host_of(ctx, router.id) == host:
        left = [row.host for row in _rows(ctx, [router.id])]
        placement.place(ctx, placement.ROUTER, router.id, left[0] if left else "")
    host_hints.router_place(ctx, router.id)
    host_hints.router_left(ctx, router.id, host)


def _remove(ctx: Context, row: RouterHost) -> None:
    port, router_id, host = ctx.session.get(Port, row.port_id), row.router_id, row.host
    ctx.session.delete(row)
    ctx.session.flush()
    if port is not None:
        ports.remove(ctx, port)
    host_hints.router_left(ctx, router_id, host)


def _rows(ctx: Context, router_ids: Iterable[str]) -> list[RouterHost]:
    wanted = select(RouterHost).where(among(ctx.session, RouterHost.router_id, router_ids))
    return list(ctx.session.scalars(wanted.order_by(RouterHost.priority.desc())))


def hosts_of(ctx: Context, router_ids: Iterable[str]) -> dict[str, list[str]]:
    """Router that several hosts have -> these."""
    ids: list[str] = sorted(set(router_ids))
    hosts: dict[str, list[str]] = {}
    for row in _rows(ctx, ids) if ids else ():
        hosts.setdefault(row.router_id, []).append(row.host)
    return hosts


def on_host(ctx: Context, host: str, router_ids: Sequence[str]) -> dict[str, RouterHost]:
    """Router that several hosts have -> the row of this host."""
    return {row.router_id: row for row in _rows(ctx, router_ids) if row.host == host}


# -- states --------------------------------------------------------------------------------------


def states(ctx: Context, router_id: str) -> dict[str, str]:
    """Host -> whether it is the active one, as it reported last."""
    return {
        row.host: STANDBY if row.state == _OUTDONE else row.state for row in _rows(ctx, [router_id])
    }


def take_report(ctx: Context, host: str, elections: Mapping[str, bool]) -> dict[str, str]:
    """Store what a host reports of its elections; returns router -> status for those it has."""
    of_host = select(RouterHost.router_id).where(RouterHost.host == host)
    by_router: dict[str, list[RouterHost]] = {}
    for row in _rows(ctx, ctx.session.scalars(of_host)):
        by_router.setdefault(row.router_id, []).append(row)
    statuses = {}
    for router_id, rows in by_router.items():
        own = next(row for row in rows if row.host == host)
        state = UNKNOWN
        if router_id in elections:
            state = ACTIVE if elections[router_id] else STANDBY
        if state != own.state:
            _take(ctx, rows, own, state)
        realised = any(row.state != UNKNOWN for row in rows)
        statuses[router_id] = "ACTIVE" if realised else "ERROR"
    return statuses


def _take(ctx: Context, rows: list[RouterHost], own: RouterHost, state: str) -> None:
    was_active, own.state = own.state == ACTIVE, state
    active = own if state == ACTIVE else None
    if active is not None:
        for row in rows:
            if row is not own and row.state == ACTIVE:
                row.state = _OUTDONE
    elif was_active:
        active = next((row for row in rows if row.state == _OUTDONE), None)
    if active is not None:
        active.state = ACTIVE
        placement.place(ctx, placement.ROUTER, active.router_id, active.host)
    ctx.session.flush()


# -- the network of elections --------------------------------------------------------------------


def _network(ctx: Context, project_id: str) -> Network:
    """The network on which the hosts of a project's routers send each other messages."""
    row = ctx.session.get(ElectionNetwork, project_id)
    if row is not None:
        return ctx.session.get_one(Network, row.network_id)
    name = f"HA network project {project_id}"
    network = networks.create(ctx, "", {"name": name, "port_security_enabled": True})
    values = {
        "name": f"HA subnet project {project_id}",
        "ip_version": 4,
        "cidr": _CIDR,
        "enable_dhcp": False,
        "gateway_ip": None,
    }
    subnets.create(ctx, "", network, values)
    ctx.session.add(ElectionNetwork(project_id=project_id, network_id=network.id))
    ctx.session.flush()
    return network
