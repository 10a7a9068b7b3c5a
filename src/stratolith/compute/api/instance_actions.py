"""The actions of a server: who requested each of them, and its result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func

from stratolith.compute.api.links import check_changes, since, with_next
from stratolith.compute.managers import server_operations, servers
from stratolith.compute.models import Server
from stratolith.compute.schemas import queries
from stratolith.kernel import operations
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, moment
from stratolith.kernel.http.routing import Route
from stratolith.kernel.operations import Operation, State

Body = dict[str, Any]
_P = "os_compute_api:os-instance-actions:"

# Action -> the name of its event upstream.
_EVENTS = {
    "create": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "start": "compute_start_instance",
    "stop": "compute_stop_instance",
    "reboot": "compute_reboot_instance",
    "rebuild": "compute_rebuild_instance",
    "pause": "compute_pause_instance",
    "unpause": "compute_unpause_instance",
    "attach_interface": "compute_attach_interface",
    "detach_interface": "compute_detach_interface",
}
ACTIONS = Listing(
    Operation,
    key=Operation.request_id,
    sort_keys={"seq": Operation.seq},
    default_sort=[("seq", "desc")],
)


def _load(ctx: Context, server_id: str) -> Server:
    get = servers.get_even_deleted if since(ctx, 21) else servers.get
    return get(ctx, server_id)


def _render(ctx: Context, action: Operation) -> Body:
    answer: Body = {
        "action": action.kind,
        "instance_uuid": action.resource_id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": naive_micro(action.created_at),
        "message": "Error" if action.state == State.ERROR else action.params.get("message"),
    }
    if since(ctx, 58):
        answer["updated_at"] = naive_micro(action.finished_at or action.created_at)
    return answer


def _event(ctx: Context, action: Operation, server: Server) -> Body:
    results = {State.DONE: "Success", State.ERROR: "Error"}
    answer: Body = {
        "event": _EVENTS.get(action.kind, f"compute_{action.kind}"),
        "start_time": naive_micro(action.started_at or action.created_at),
        "finish_time": naive_micro(action.finished_at),
        "result": results.get(State(action.state)),
    }
    if ctx.can(_P + "events", server.policy_target()):
        answer["traceback"] = None
        if since(ctx, 62):
            answer["host"] = action.owner or ""
    if since(ctx, 62):
        answer["hostId"] = servers.host_id(server)
    if since(ctx, 84) and ctx.can(_P + "events:details", server.policy_target()):
        answer["details"] = action.error or action.params.get("details")
    return answer


def index(ctx: Context, server: Server) -> Body:
    statement = operations.of(server_operations.SERVICE, server.id)
    within = statement
    if not since(ctx, 58):
        rows = ctx.session.scalars(statement.order_by(Operation.seq.desc()))
        return {"instanceActions": [_render(ctx, row) for row in rows]}
    changed = func.coalesce(Operation.finished_at, Operation.created_at)
    if "changes-since" in ctx.query:
        statement = statement.where(changed >= moment(ctx.query["changes-since"]))
    if since(ctx, 66) and "changes-before" in ctx.query:
        check_changes(ctx)
        # times are shown in whole seconds
        second = moment(ctx.query["changes-before"]).replace(microsecond=0)
        statement = statement.where(changed < second + timedelta(seconds=1))
    page = ACTIONS.page(ctx, statement, within=within)
    marker = page.rows[-1].request_id if page.rows else None
    answer = with_next(ctx, "instanceActions", page, [_render(ctx, r) for r in page.rows], marker)
    if "instanceActions_links" in answer:
        answer["links"] = answer.pop("instanceActions_links")
    return answer


def show(ctx: Context, server: Server, request_id: str) -> Body:
    action = server_operations.of_request(ctx, server.id, request_id)
    answer = _render(ctx, action)
    if since(ctx, 51) or ctx.can(_P + "events", server.policy_target()):
        answer["events"] = [_event(ctx, action, server)]
    return {"instanceAction": answer}


_ALL = "/servers/{server_id}/os-instance-actions"
_SERVER: dict[str, Any] = {"load": _load, "loads": "server_id"}
ROUTES = [
    Route.get(_ALL, index, rule=_P + "list", query=queries.ACTIONS, listing=ACTIONS, **_SERVER),
    Route.get(_ALL + "/{request_id}", show, rule=_P + "show", **_SERVER),
]
