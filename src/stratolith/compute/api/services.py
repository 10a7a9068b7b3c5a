"""Compute services (one per host) and availability zones."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from stratolith.compute.api.links import since
from stratolith.compute.exceptions import HostNotFound
from stratolith.compute.managers import hosts
from stratolith.compute.models import ComputeHost
from stratolith.compute.schemas import queries
from stratolith.compute.schemas import services as schemas
from stratolith.compute.schemas.types import as_bool
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.kernel.hosts.records import HostRecord
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:os-services:"
BINARY = "nova-compute"
# Scheduler and conductor are calls inside this process; operators expect to see their names.
CONTROL_PLANE = ("nova-scheduler", "nova-conductor")
_OWN_ID = 1_000_001  # above the numbers of hosts


def _render(
    ctx: Context, row: ComputeHost, beats: dict[str, HostRecord], zones: dict[str, str]
) -> Body:
    beat = beats.get(row.host)
    answer: Body = {
        "id": row.service_uuid if since(ctx, 53) else row.id,
        "binary": BINARY,
        "host": row.host,
        "zone": hosts.zone_of(ctx, row.host, zones),
        "status": "disabled" if hosts.is_disabled(row, beats) else "enabled",
        "state": "up" if hosts.is_up(ctx, row, beats) else "down",
        "updated_at": naive_micro(beat.last_seen_at if beat else row.reported_at),
        "disabled_reason": hosts.disabled_reason(row, beats),
    }
    if since(ctx, 11):
        answer["forced_down"] = row.forced_down
    return answer


def index(ctx: Context) -> Body:
    beats, zones = hosts.beats(ctx), hosts.zones(ctx)
    services = [_render(ctx, row, beats, zones) for row in hosts.all_hosts(ctx)]
    services += [_render_own(ctx, number, binary) for number, binary in enumerate(CONTROL_PLANE)]
    for key in ("host", "binary"):
        wanted = ctx.query.get(key)
        services = [service for service in services if wanted in (None, service[key])]
    return {"services": services}


def _render_own(ctx: Context, number: int, binary: str) -> Body:
    """A service inside this process: it is up while the process answers."""
    host = hosts.control_host()
    answer: Body = {
        "id": str(uuid5(NAMESPACE_DNS, f"{binary}.{host}")) if since(ctx, 53) else _OWN_ID + number,
        "binary": binary,
        "host": host,
        "zone": hosts.INTERNAL_ZONE,
        "status": "enabled",
        "state": "up",
        "updated_at": naive_micro(ctx.env.clock.now()),
        "disabled_reason": None,
    }
    if since(ctx, 11):
        answer["forced_down"] = False
    return answer


def update(ctx: Context, service_id: str, body: Body) -> Body:
    """From 2.53 on: one PUT for all changes."""
    row = hosts.get_service(ctx, service_id, by_uuid=True)
    status = body.get("status")
    if "disabled_reason" in body and status != "disabled":
        raise BadRequest("Specifying disabled_reason requires that status is disabled.")
    if status is not None:
        hosts.set_disabled(ctx, row, body.get("disabled_reason"), disabled=status == "disabled")
    if "forced_down" in body:
        row.forced_down = as_bool(body["forced_down"])
    ctx.session.flush()
    return {"service": _render(ctx, row, hosts.beats(ctx), hosts.zones(ctx))}


def act(ctx: Context, service_id: str, body: Body) -> Body:
    """Before 2.53: PUT to the name of an action, with host and binary in the body."""
    actions = {"enable", "disable", "disable-log-reason"}
    if since(ctx, 11):
        actions.add("force-down")
    if service_id not in actions:
        raise NotFound("Unknown action")
    if body["binary"] != BINARY:
        raise NotFound(f"Could not find binary {body['binary']} on host {body['host']}.")
    try:
        row = hosts.get(ctx, body["host"])
    except HostNotFound as error:
        raise NotFound(str(error)) from None
    answer: Body = {"host": row.host, "binary": BINARY}
    if service_id == "force-down":
        if "forced_down" not in body:
            raise BadRequest("Missing forced_down field")
        row.forced_down = as_bool(body["forced_down"])
        return {"service": {**answer, "forced_down": row.forced_down}}
    if service_id == "disable-log-reason" and not body.get("disabled_reason"):
        raise BadRequest("Missing disabled reason field")
    hosts.set_disabled(ctx, row, body.get("disabled_reason"), disabled=service_id != "enable")
    answer["status"] = "disabled" if row.disabled else "enabled"
    if service_id == "disable-log-reason":
        answer["disabled_reason"] = row.disabled_reason
    return {"service": answer}


def remove(ctx: Context, service_id: str) -> None:
    """Delete the service of a removed host; raises Conflict if it has servers or is up."""
    row = hosts.get_service(ctx, service_id, by_uuid=since(ctx, 53))
    if hosts.usage(ctx).get(row.host, {}).get("servers"):
        raise Conflict("Unable to delete compute service that is hosting instances.")
    if hosts.is_up(ctx, row, hosts.beats(ctx)):
        raise Conflict(f"The agent of {row.host} is alive; stop it first.")
    hosts.remove(ctx, row)


# -- availability zones --------------------------------------------------------------------------


def list_zones(ctx: Context) -> Body:
    zones: list[Body] = [
        {"zoneName": zone, "zoneState": {"available": available}, "hosts": None}
        for zone, available in hosts.zone_names(ctx).items()
    ]
    return {"availabilityZoneInfo": [entry for entry in zones if entry["zoneState"]["available"]]}


def detail_zones(ctx: Context) -> Body:
    beats, zones = hosts.beats(ctx), hosts.zones(ctx)
    entries = []
    for zone, available in hosts.zone_names(ctx).items():
        rows = [
            row
            for row in hosts.all_hosts(ctx)
            if not hosts.is_disabled(row, beats) and hosts.zone_of(ctx, row.host, zones) == zone
        ]
        shown = {
            row.host: {
                BINARY: {
                    "available": hosts.is_up(ctx, row, beats),
                    "active": True,
                    "updated_at": naive_micro(
                        beats[row.host].last_seen_at if row.host in beats else row.reported_at
                    ),
                }
            }
            for row in rows
        }
        state = {"available": available}
        entries.append(
            {"zoneName": zone, "zoneState": state, "hosts": shown if available else None}
        )
    now = naive_micro(ctx.env.clock.now())
    own = {name: {"available": True, "active": True, "updated_at": now} for name in CONTROL_PLANE}
    internal: Body = {"zoneName": hosts.INTERNAL_ZONE, "zoneState": {"available": True}}
    entries.append({**internal, "hosts": {hosts.control_host(): own}})
    return {
        "availabilityZoneInfo": sorted(
            entries, key=lambda entry: not entry["zoneState"]["available"]
        )
    }


ROUTES = [
    Route.get("/os-services", index, rule=_P + "list", query=queries.SERVICES),
    Route.put(
        "/os-services/{service_id}",
        update,
        rule=_P + "update",
        body=schemas.UPDATE,
        since="2.53",
    ),
    Route.put(
        "/os-services/{service_id}",
        act,
        rule=_P + "update",
        body=schemas.OLD_ACTION,
        until="2.52",
    ),
    Route.delete("/os-services/{service_id}", remove, rule=_P + "delete"),
    Route.get("/os-availability-zone", list_zones, rule="os_compute_api:os-availability-zone:list"),
    Route.get(
        "/os-availability-zone/detail",
        detail_zones,
        rule="os_compute_api:os-availability-zone:detail",
    ),
]
