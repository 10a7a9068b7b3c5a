"""/auto-allocated-topology: the network that a project gets on request"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Asked, Route
from stratolith.network.exceptions.general import PolicyNotAuthorized
from stratolith.network.exceptions.topologies import BadTopologyRequest
from stratolith.network.managers.topologies import auto_allocated_topology

NAME = "auto_allocated_topology"
OWN = "None"  # clients send this for the project of the token
DRY_RUN = "dry-run"


def _project(ctx: Context, given: str) -> str:
    return ctx.project_id if given == OWN else given


def _target(ctx: Context, asked: Asked) -> Mapping[str, Any]:
    project_id = _project(ctx, asked.variables["project_id"])
    return {"project_id": project_id, "tenant_id": project_id}


def show(ctx: Context, project_id: str) -> dict[str, Any]:
    """Make the topology if it is missing; with ``fields=dry-run`` only check that it can be."""
    owner = _project(ctx, project_id)
    fields = [name for name in ctx.query.getlist("fields") if name]
    if DRY_RUN in fields:
        auto_allocated_topology.check(ctx)
        return {NAME: {"id": "dry-run=pass", "project_id": owner}}
    if fields:
        raise BadTopologyRequest(msg="Unrecognized field")
    network_id = auto_allocated_topology.ensure(ctx, owner)
    return {NAME: {"id": network_id, "project_id": owner, "tenant_id": owner}}


def delete(ctx: Context, project_id: str) -> None:
    auto_allocated_topology.delete(ctx, _project(ctx, project_id))


_ONE = "/auto-allocated-topology/{project_id}"
_ASKS: dict[str, Any] = {"target": _target, "refused": PolicyNotAuthorized}
ROUTES = [
    Route.get(_ONE, show, rule="get_auto_allocated_topology", writes=True, **_ASKS),
    Route.delete(_ONE, delete, rule="delete_auto_allocated_topology", **_ASKS),
]
