"""/agents: the network services that hosts run"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import asked_limit, parse_bool
from stratolith.kernel.http.routing import Route
from stratolith.network.api.lists import NOT_FILTERS, chosen_fields, order_asked, unknown_filters
from stratolith.network.api.style import item_body
from stratolith.network.managers import agents
from stratolith.network.schemas.agents import AGENT
from stratolith.network.schemas.attributes import BODY

Body = dict[str, Any]
TEXTS = ("id", "agent_type", "binary", "host", "topic", "availability_zone", "description")
FLAGS = ("alive", "admin_state_up")
SORT_KEYS = (*TEXTS, "admin_state_up", "created_at", "started_at", "heartbeat_timestamp")


def index(ctx: Context) -> Body:
    agent_rows = agents.list_all(ctx) if ctx.can("get_agent") else []
    unknown = [name for name in ctx.query if name not in (*TEXTS, *FLAGS, *NOT_FILTERS)]
    if unknown:
        raise unknown_filters(unknown)
    asked_limit(ctx)  # an invalid limit is refused; a host has few agents, so they are one page
    for name, direction in reversed(order_asked(ctx, SORT_KEYS)):
        agent_rows.sort(key=lambda agent: str(agent[name] or ""), reverse=direction == "desc")
    for name in ctx.query:
        values = ctx.query.getlist(name)
        if name in TEXTS:
            folded = {value.casefold() for value in values}  # upstream's database ignores case
            agent_rows = [agent for agent in agent_rows if _folded(agent[name]) in folded]
        elif name in FLAGS:
            wanted = [parse_bool(value) for value in values]
            agent_rows = [agent for agent in agent_rows if agent[name] in wanted]
    return {"agents": chosen_fields(ctx, agent_rows)}


def _folded(value: Any) -> str | None:
    return value.casefold() if isinstance(value, str) else None


def show(ctx: Context, id: str) -> Body:
    return item_body(ctx, "agent", agents.get(ctx, id).shown)


def update(ctx: Context, agent: agents.Agent, body: Body) -> Body:
    return {"agent": agents.update(ctx, agent, body).shown}


def delete(ctx: Context, agent: agents.Agent) -> None:
    agents.delete(ctx, agent)


ROUTES = [
    Route.get("/agents", index),
    Route.get("/agents/{id}", show, rule="get_agent"),
    Route.put(
        "/agents/{id}",
        update,
        load=agents.get,
        rule="update_agent",
        body=BODY,
        read=AGENT.read_update,
    ),
    Route.delete("/agents/{id}", delete, load=agents.get, rule="delete_agent"),
]
