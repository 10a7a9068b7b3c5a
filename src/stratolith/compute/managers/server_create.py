"""Create servers: one transaction makes all decisions.

Quota, host, allocation, ports, rows and the operation for the host's agent are committed
together or not at all. A server without a valid host is created too, in ERROR with a fault
that gives the reason, as users of this API expect.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.compute.exceptions import (
    CreateWithPortResourceRequestOldVersion,
    QuotaExceeded,
    ServerGroupNotFound,
)
from stratolith.compute.managers import (
    admin_password,
    disks,
    flavors,
    hosts,
    image_machine,
    server_operations,
    server_spec,
    state,
)
from stratolith.compute.managers.server_spec import Resolved, ServerSpec
from stratolith.compute.models import (
    ComputeHost,
    Server,
    ServerGroup,
    ServerGroupMember,
    ServerTag,
)
from stratolith.compute.quotas import used_by_servers
from stratolith.compute.scheduler import demands, port_demands
from stratolith.compute.scheduler.filters import Candidate, Request
from stratolith.compute.scheduler.place import Refusal, place
from stratolith.compute.scheduler.port_demands import Grant
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Forbidden
from stratolith.kernel.ids import is_uuid, new_uuid
from stratolith.network.managers.servers import server_ports
from stratolith.network.managers.servers.server_ports import Granted, NetworkRequest, PortPlan
from stratolith.placement.managers import allocations, forest, traits
from stratolith.placement.managers import candidates as providers
from stratolith.placement.managers.allocations import Claim


def create(ctx: Context, spec: ServerSpec) -> list[Server]:
    """Create ``min_count`` to ``max_count`` servers, as many as the quota allows.

    Raises BadRequest, QuotaExceeded and the network service's errors for bad requests.
    """
    resolved = server_spec.resolve(ctx, spec)
    count = _allowed(ctx, spec, resolved.flavor.vcpus, resolved.flavor.ram)
    plan = _plan_ports(ctx, spec, count)
    request, group = _request(ctx, spec, resolved)
    request.port_demands = plan.demands
    servers = _rows(ctx, spec, resolved, count)
    granted = _place(ctx, servers, request, plan)
    if group is not None:
        _join(ctx, group, servers)
    for server in servers:
        if server.host:
            server_ports.create_planned(
                ctx, plan, server.id, server.host, server.hostname, server.zone or "",
                granted[server.id],
            )  # fmt: skip
    _begin(ctx, servers, spec.admin_pass if resolved.config_drive else None)
    return servers


# -- quota ---------------------------------------------------------------------------------------


def _allowed(ctx: Context, spec: ServerSpec, vcpus: int, ram: int) -> int:
    """How many of the requested servers fit into the quota; raises QuotaExceeded."""
    limits = quota.limits(ctx, ctx.project_id)
    used = used_by_servers(ctx.session, ctx.project_id)
    each = {"instances": 1, "cores": vcpus, "ram": ram}
    fitting = spec.max_count
    for name, amount in each.items():
        if limits[name] >= 0:
            fitting = min(fitting, max(0, limits[name] - used[name]) // amount)
    if fitting >= spec.min_count:
        return fitting
    overs = [
        name
        for name, amount in each.items()
        if 0 <= limits[name] < used[name] + amount * spec.min_count
    ]
    raise QuotaExceeded(
        overs=", ".join(overs),
        requested=", ".join(str(each[name] * spec.min_count) for name in overs),
        used=", ".join(str(used[name]) for name in overs),
        limits=", ".join(str(limits[name]) for name in overs),
    )


def _plan_ports(ctx: Context, spec: ServerSpec, count: int) -> PortPlan:
    if spec.networks == "none":
        return PortPlan(ctx.project_id, [], [])
    requests = None
    if spec.networks is not None and not isinstance(spec.networks, str):
        requests = [network_request(network) for network in spec.networks]
    if requests:
        ctx.authorize("os_compute_api:servers:create:attach_network")
    plan = server_ports.plan(ctx, ctx.project_id, requests, list(spec.security_groups))
    if spec.networks == "auto" and not plan.ports:
        raise BadRequest(
            "Unable to automatically allocate a network: the project has none. Create one, or "
            "ask for networks 'none'."
        )
    if any(plan.demands) and not spec.knows_port_demands:
        raise CreateWithPortResourceRequestOldVersion
    if count > 1 and plan.is_single:
        raise BadRequest(
            "Unable to launch multiple instances with a single configured port or fixed IP."
        )
    return plan


def network_request(wanted: Mapping[str, Any]) -> NetworkRequest:
    """One entry of a body's "networks"; raises BadRequest."""
    network_id, port_id = wanted.get("uuid"), wanted.get("port")
    if not port_id and not is_uuid(network_id):
        raise BadRequest(f"Bad networks format: network uuid {network_id} is no uuid")
    if port_id and wanted.get("fixed_ip"):
        raise BadRequest("Specified Fixed IP cannot be used with port: specify one or the other.")
    return NetworkRequest(
        network_id=None if port_id else network_id,
        port_id=port_id,
        fixed_ip=wanted.get("fixed_ip"),
        tag=wanted.get("tag"),
    )


# -- host ----------------------------------------------------------------------------------------


def _request(
    ctx: Context, spec: ServerSpec, resolved: Resolved
) -> tuple[Request, ServerGroup | None]:
    wanted = image_machine.of(resolved.image["properties"])
    demanded = demands.of(resolved.flavor.extra_specs, resolved.image["properties"])
    request = Request(
        resources={**resolved.resources, **demanded.resources},
        required_traits=demanded.required,
        forbidden_traits=demanded.forbidden,
        impossible=demanded.impossible,
        zone=resolved.zone,
        host=resolved.host,
        architecture=wanted.architecture or None,
        needs_uefi=wanted.firmware == "uefi",
    )
    hints = spec.hints
    if hints.get("same_host"):
        request.same_host = frozenset(_hosts_of(ctx, hints["same_host"]).values())
    if hints.get("different_host"):
        request.different_host = frozenset(_hosts_of(ctx, hints["different_host"]).values())
    group = _group(ctx, hints.get("group"))
    if group is not None:
        members = list(
            ctx.session.scalars(
                select(ServerGroupMember.server_id).where(ServerGroupMember.group_id == group.id)
            )
        )
        request.group_policy = group.policy
        request.group_max_per_host = int(group.rules.get("max_server_per_host", 1))
        request.group_hosts = dict(Counter(_hosts_of(ctx, members).values()))
    return request, group


def _hosts_of(ctx: Context, server_ids: Any) -> dict[str, str]:
    """Server id -> its host, for servers with a host.

    Servers of other projects are left out: a hint must not reveal their host.
    """
    wanted = [server_ids] if isinstance(server_ids, str) else list(server_ids)
    statement = select(Server.id, Server.host).where(
        Server.id.in_(wanted), Server.deleted_at.is_(None), Server.host.is_not(None)
    )
    if not ctx.is_admin:
        statement = statement.where(ctx.own(Server.project_id))
    rows = ctx.session.execute(statement)
    return {server_id: host for server_id, host in rows if host}


def _group(ctx: Context, hint: Any) -> ServerGroup | None:
    if not hint:
        return None
    group_id = hint[0] if isinstance(hint, list) else hint
    group = None
    if is_uuid(group_id):
        group = ctx.session.scalars(select(ServerGroup).where(ServerGroup.id == group_id)).first()
    if group is None or not (ctx.owns(group.project_id) or ctx.is_admin):
        raise BadRequest(str(ServerGroupNotFound(group_id=group_id)))
    return group


def _join(ctx: Context, group: ServerGroup, servers: Sequence[Server]) -> None:
    limit = quota.limits(ctx, ctx.project_id)["server_group_members"]
    statement = select(ServerGroupMember).where(ServerGroupMember.group_id == group.id)
    members = len(ctx.session.scalars(statement).all())
    if 0 <= limit < members + len(servers):
        raise Forbidden("Quota exceeded, too many servers in group")
    ctx.session.add_all(ServerGroupMember(server_id=s.id, group_id=group.id) for s in servers)


def candidates(ctx: Context, *, with_trees: bool = False) -> list[Candidate]:
    """All compute hosts with their state, resources and traits; ``with_trees``: also the providers
    below them.
    """
    trees = port_demands.trees(forest.load(ctx)) if with_trees else {}
    stocks = {provider.uuid: provider.stocks for provider in providers.find(ctx, {})}
    records, zones = hosts.beats(ctx), hosts.zones(ctx)
    known_traits = traits.of_all(ctx)
    return [
        Candidate(
            host=row.host,
            uuid=row.uuid,
            zone=hosts.zone_of(ctx, row.host, zones),
            up=hosts.is_up(ctx, row, records),
            disabled_reason=(hosts.disabled_reason(row, records) or "no reason given")
            if hosts.is_disabled(row, records)
            else None,
            architectures=row.facts.get("architectures", ()),
            uefi=row.facts.get("uefi", ()),
            stocks=stocks.get(row.uuid, {}),
            traits=known_traits.get(row.uuid, frozenset()),
            tree=trees.get(row.uuid),
        )
        for row in ctx.session.scalars(select(ComputeHost).order_by(ComputeHost.id))
    ]


def _place(
    ctx: Context, servers: Sequence[Server], request: Request, plan: PortPlan
) -> dict[str, Granted]:
    """Set the host of each server and claim its resources there, or set the fault.

    Returns what the ports of each server got there.
    """
    strategy = ctx.env.settings.of(ComputeSettings).scheduler
    hosts_of_cloud = candidates(ctx, with_trees=any(request.port_demands))
    names = [candidate.host for candidate in hosts_of_cloud]
    request.unconnected = server_ports.unreachable(ctx, plan, names)
    choices = place(hosts_of_cloud, request, len(servers), strategy)
    claims, granted = [], {}
    for server, choice in zip(servers, choices, strict=True):
        if isinstance(choice, Refusal):
            server_operations.set_fault(ctx, server, choice.message, details=choice.details)
            continue
        server.host, server.zone = choice.host, choice.zone
        grant = choice.granted.pop(0) if choice.granted else Grant()
        granted[server.id] = grant.providers
        resources = grant.beside({choice.uuid: request.resources})
        claims.append(Claim(server.id, resources, server.project_id, server.user_id, "INSTANCE"))
    if claims:
        allocations.replace(ctx, claims)
    return granted


# -- rows ----------------------------------------------------------------------------------------


def _rows(ctx: Context, spec: ServerSpec, resolved: Resolved, count: int) -> list[Server]:
    flavor = resolved.flavor
    common: dict[str, Any] = {
        "project_id": ctx.project_id,
        "user_id": ctx.user_id,
        "description": spec.description,
        "reservation_id": f"r-{uuid.uuid4().hex[:8]}",
        "flavor_id": flavor.flavor_id,
        "flavor": flavors.embedded(flavor),
        "vcpus": flavor.vcpus,
        "memory_mb": flavor.ram,
        "disk_gb": resolved.disk_gb,
        "image_id": resolved.image["id"],
        "image": resolved.image,
        "disks": disks.stored(resolved.disks),
        "key_name": spec.key_name,
        "key": resolved.key,
        "user_data": spec.user_data,
        "files": dict(spec.files),
        "config_drive": resolved.config_drive,
        "properties": dict(spec.metadata),
        "security_groups": list(spec.security_groups),
        "access_ip_v4": spec.access_ip_v4,
        "access_ip_v6": spec.access_ip_v6,
        "disk_config": spec.disk_config,
        "pinned_zone": resolved.zone,
        "scheduler_hints": dict(spec.hints),
        "created_at": ctx.env.clock.now(),
    }
    rows = []
    for index in range(count):
        server_id = new_uuid()
        name = server_spec.numbered(spec.name, index, count)
        hostname = server_spec.numbered(spec.hostname, index, count) if spec.hostname else None
        rows.append(
            Server(
                id=server_id,
                name=name,
                hostname=hostname or server_spec.hostname_of(name, server_id),
                launch_index=index,
                **common,
            )
        )
    ctx.session.add_all(rows)
    if spec.tags:
        tags = sorted(set(spec.tags))
        ctx.session.add_all(ServerTag(server_id=row.id, tag=tag) for row in rows for tag in tags)
    return rows


def _begin(ctx: Context, servers: Sequence[Server], admin_pass: str | None) -> None:
    """Begin the operations that build the servers; servers without a host have failed already."""
    seconds = ctx.env.settings.of(ComputeSettings).build_timeout
    placed = [server for server in servers if server.host]
    params = {admin_password.PARAM: admin_password.seal(ctx, admin_pass)} if admin_pass else {}
    begun = server_operations.begin(ctx, placed, state.CREATE, seconds=seconds, params=params)
    operations = {operation.resource_id: [operation] for operation in begun}
    for server in servers:
        if not server.host:
            assert server.fault is not None
            server_operations.note(ctx, server, state.CREATE, server.fault["details"])
    server_operations.refresh(ctx, servers, operations)
    ctx.session.flush()
