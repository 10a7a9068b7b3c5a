"""Security groups as old clients reach them through compute (below 2.36).

Each route asks the network service's managers; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.compute.schemas import security_groups as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid
from stratolith.network.managers import lookups, security_group_rules, security_groups

Body = dict[str, Any]
_RULE = "os_compute_api:os-security-groups:"


def render_all(ctx: Context, groups: Sequence[Any]) -> list[Body]:
    """The old shape: ingress rules only, as these clients knew no others."""
    rules = lookups.ingress_rules(ctx, [group.id for group in groups])
    sources = {rule.remote_group_id for found in rules.values() for rule in found} - {None}
    named = {group.id: group for group in lookups.groups(ctx, sorted(sources))}
    return [
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "tenant_id": group.project_id,
            "rules": [render_rule(rule, named) for rule in rules[group.id]],
        }
        for group in groups
    ]


def render_rule(rule: Any, groups: Mapping[str, Any]) -> Body:
    """``groups``: id -> group, for the source groups of rules."""
    found: Body = {
        "id": rule.id,
        "parent_group_id": rule.security_group_id,
        "ip_protocol": rule.protocol,
        "from_port": rule.port_range_min,
        "to_port": rule.port_range_max,
        "group": {},
        "ip_range": {},
    }
    source = groups.get(rule.remote_group_id or "")
    if source is not None:
        found["group"] = {"name": source.name, "tenant_id": source.project_id}
    elif rule.remote_group_id is None:
        anywhere = "::/0" if rule.ethertype == "IPv6" else "0.0.0.0/0"
        found["ip_range"] = {"cidr": rule.remote_ip_prefix or anywhere}
    if rule.protocol in ("tcp", "udp") and rule.port_range_min is None:
        found["from_port"], found["to_port"] = 1, 65535
    elif rule.protocol == "icmp" and rule.port_range_min is None:
        found["from_port"] = found["to_port"] = -1
    return found


def _one(ctx: Context, group: Any) -> Body:
    return {"security_group": render_all(ctx, [group])[0]}


def _get(ctx: Context, group_id: str) -> Any:
    if not is_uuid(group_id):
        raise BadRequest("Security group id should be uuid")
    return security_groups.get(ctx, group_id)


def index(ctx: Context) -> Body:
    if ctx.is_admin and "all_tenants" in ctx.query:
        groups = lookups.all_groups(ctx)
    else:
        groups = security_groups.of_project(ctx, ctx.project_id)
    return {"security_groups": render_all(ctx, groups)}


def create(ctx: Context, body: Body) -> Body:
    wanted = body["security_group"]
    values = {"name": wanted["name"], "description": wanted["description"]}
    group = security_groups.create(ctx, ctx.project_id, values)
    return _one(ctx, group)


def show(ctx: Context, group_id: str) -> Body:
    return _one(ctx, _get(ctx, group_id))


def update(ctx: Context, group_id: str, body: Body) -> Body:
    wanted, group = body["security_group"], _get(ctx, group_id)
    values = {"name": wanted["name"], "description": wanted["description"]}
    security_groups.update(ctx, group, values)
    return _one(ctx, group)


def remove(ctx: Context, group_id: str) -> Response:
    group = _get(ctx, group_id)
    try:
        security_groups.delete(ctx, group)
    except Conflict as error:  # as these clients know it
        raise BadRequest(str(error)) from None
    return Response(status=202)


def remove_nothing(ctx: Context) -> None:
    """DELETE without an id: old clients expect that nothing was found."""
    ctx.authorize(_RULE + "delete")
    raise NotFound


# -- rules ---------------------------------------------------------------------------------------


def create_rule(ctx: Context, body: Body) -> Body:
    wanted = body["security_group_rule"]
    group = _get(ctx, wanted.get("parent_group_id") or "")
    values: dict[str, Any] = {
        "security_group_id": group.id,
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": wanted.get("ip_protocol"),
    }
    if wanted.get("group_id"):
        values["remote_group_id"] = _get(ctx, wanted["group_id"]).id
    elif wanted.get("cidr"):
        values["remote_ip_prefix"] = wanted["cidr"]
        values["ethertype"] = "IPv6" if ":" in wanted["cidr"] else "IPv4"
    for old, new in (("from_port", "port_range_min"), ("to_port", "port_range_max")):
        if wanted.get(old) not in (None, "", -1, "-1"):
            values[new] = int(wanted[old])
    if isinstance(values["protocol"], str):
        values["protocol"] = values["protocol"].lower()
    try:
        rule = security_group_rules.create(ctx, group.project_id, values)
    except Conflict as error:  # as these clients know it
        raise BadRequest(str(error)) from None
    sources = lookups.groups(ctx, [rule.remote_group_id]) if rule.remote_group_id else []
    return {"security_group_rule": render_rule(rule, {group.id: group for group in sources})}


def remove_rule(ctx: Context, rule_id: str) -> Response:
    if not is_uuid(rule_id):
        raise BadRequest("Security group rule id should be uuid")
    security_group_rules.delete(ctx, security_group_rules.get(ctx, rule_id))
    return Response(status=202)


_OLD: dict[str, Any] = {"until": "2.35"}
_ID = "/os-security-groups/{group_id}"
ROUTES = [
    Route.get("/os-security-groups", index, rule=_RULE + "get", **_OLD),
    Route.post("/os-security-groups", create, rule=_RULE + "create", body=schemas.GROUP, **_OLD),
    Route.delete("/os-security-groups", remove_nothing, **_OLD),
    Route.get(_ID, show, rule=_RULE + "show", **_OLD),
    Route.put(_ID, update, rule=_RULE + "update", body=schemas.GROUP, **_OLD),
    Route.delete(_ID, remove, rule=_RULE + "delete", **_OLD),
    Route.post(
        "/os-security-group-rules",
        create_rule,
        rule=_RULE + "rule:create",
        body=schemas.RULE,
        **_OLD,
    ),
    Route.delete(
        "/os-security-group-rules/{rule_id}", remove_rule, rule=_RULE + "rule:delete", **_OLD
    ),
]
