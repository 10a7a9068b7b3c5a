"""Security groups through the compute API, for old clients (below 2.36).

Every route calls the network service's own route (kernel/http/proxy.py); nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from stratolith.compute.api.links import limited
from stratolith.compute.api.proxies import network_proxy
from stratolith.compute.schemas import queries
from stratolith.compute.schemas import security_groups as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound
from stratolith.kernel.http import Response, proxy
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid
from stratolith.network.exceptions.general import OverQuota

Body = dict[str, Any]
_RULE = "os_compute_api:os-security-groups:"
_PATH, _RULES_PATH = "/security-groups", "/security-group-rules"


@contextmanager
def _old_errors() -> Iterator[None]:
    """Convert conflicts to the errors that old clients expect."""
    try:
        yield
    except OverQuota as error:
        raise Forbidden(str(error)) from None
    except Conflict as error:
        raise BadRequest(str(error)) from None


# -- the old format ------------------------------------------------------------------------------


def render_all(ctx: Context, groups: Sequence[Body]) -> list[Body]:
    """Groups in the old format: with ingress rules only, as this API has no others.

    ``groups``: in the format of the network API. A rule whose source is a group that the caller
    cannot see is left out: the old format has no way to show it.
    """
    named = {group["id"]: group for group in groups}
    rules = [rule for group in groups for rule in group["security_group_rules"]]
    sources = {rule["remote_group_id"] for rule in rules} - {None} - set(named)
    named.update({group["id"]: group for group in network_proxy.groups(ctx, sorted(sources))})
    return [
        {
            "id": group["id"],
            "name": group["name"],
            "description": group["description"],
            "tenant_id": group["project_id"],
            "rules": [
                _render_rule(rule, named.get(rule["remote_group_id"]))
                for rule in group["security_group_rules"]
                if rule["direction"] == "ingress"
                and (rule["remote_group_id"] is None or rule["remote_group_id"] in named)
            ],
        }
        for group in groups
    ]


def _render_rule(rule: Body, source: Body | None) -> Body:
    """``source``: the group that ``rule`` allows; None if it allows addresses."""
    low, high, protocol = rule["port_range_min"], rule["port_range_max"], rule["protocol"]
    if protocol and low is None and high is None:
        low, high = (1, 65535) if protocol in ("tcp", "udp") else (-1, -1)
    anywhere = "::/0" if rule["ethertype"] == "IPv6" else "0.0.0.0/0"
    return {
        "id": rule["id"],
        "parent_group_id": rule["security_group_id"],
        "ip_protocol": protocol,
        "from_port": low,
        "to_port": high,
        "group": {"name": source["name"], "tenant_id": source["project_id"]} if source else {},
        "ip_range": {} if source else {"cidr": rule["remote_ip_prefix"] or anywhere},
    }


def _one(ctx: Context, answer: Body) -> Body:
    return {"security_group": render_all(ctx, [answer["security_group"]])[0]}


def _path(group_id: str) -> str:
    if not is_uuid(group_id):
        raise BadRequest("Security group id should be uuid")
    return f"{_PATH}/{group_id}"


# -- groups --------------------------------------------------------------------------------------


def index(ctx: Context) -> Body:
    filters = {} if ctx.is_admin and "all_tenants" in ctx.query else {"project_id": ctx.project_id}
    groups = proxy.every(ctx, "network", _PATH, "security_groups", **filters)
    groups.sort(key=lambda group: (group["project_id"], group["name"], group["id"]))
    return {"security_groups": render_all(ctx, limited(ctx, groups))}


def create(ctx: Context, body: Body) -> Body:
    with _old_errors():
        return _one(ctx, proxy.call(ctx, "network", "POST", _PATH, _wanted(body)))


def show(ctx: Context, group_id: str) -> Body:
    return _one(ctx, proxy.call(ctx, "network", "GET", _path(group_id)))


def update(ctx: Context, group_id: str, body: Body) -> Body:
    with _old_errors():
        return _one(ctx, proxy.call(ctx, "network", "PUT", _path(group_id), _wanted(body)))


def remove(ctx: Context, group_id: str) -> Response:
    with _old_errors():
        proxy.call(ctx, "network", "DELETE", _path(group_id))
    return Response(status=202)


def remove_nothing(ctx: Context) -> None:
    """DELETE without an id: old clients expect 404."""
    raise NotFound


def _wanted(body: Body) -> Body:
    given = body["security_group"]
    return {"security_group": {name: given[name] for name in ("name", "description")}}


# -- rules ---------------------------------------------------------------------------------------


def create_rule(ctx: Context, body: Body) -> Body:
    wanted = body["security_group_rule"]
    proxy.call(ctx, "network", "GET", _path(wanted["parent_group_id"] or ""))
    source = None
    if wanted.get("group_id"):
        answer = proxy.call(ctx, "network", "GET", _path(wanted["group_id"]))
        source = answer["security_group"]
    rule = schemas.as_network_rule(wanted)
    with _old_errors():
        created = proxy.call(ctx, "network", "POST", _RULES_PATH, {"security_group_rule": rule})
    return {"security_group_rule": _render_rule(created["security_group_rule"], source)}


def remove_rule(ctx: Context, rule_id: str) -> Response:
    if not is_uuid(rule_id):
        raise BadRequest("Security group rule id should be uuid")
    proxy.call(ctx, "network", "DELETE", f"{_RULES_PATH}/{rule_id}")
    return Response(status=202)


_OLD: dict[str, Any] = {"until": "2.35"}
_ID = "/os-security-groups/{group_id}"
ROUTES = [
    Route.get(
        "/os-security-groups", index, rule=_RULE + "get", query=queries.SECURITY_GROUPS, **_OLD
    ),
    Route.post("/os-security-groups", create, rule=_RULE + "create", body=schemas.GROUP, **_OLD),
    Route.delete("/os-security-groups", remove_nothing, rule=_RULE + "delete", **_OLD),
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
