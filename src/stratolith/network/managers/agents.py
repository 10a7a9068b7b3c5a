"""The agents of hosts, as this service's clients know them: one L2, DHCP and L3 each."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from stratolith.kernel.agent.hub import AgentRecord, is_alive
from stratolith.kernel.context import Context
from stratolith.network.exceptions import AgentNotFound
from stratolith.network.managers.events import VIEW

KINDS = (
    ("Linux bridge agent", "neutron-linuxbridge-agent"),
    ("DHCP agent", "neutron-dhcp-agent"),
    ("L3 agent", "neutron-l3-agent"),
    ("Metadata agent", "neutron-metadata-agent"),
)
_NAMESPACE = uuid.UUID("6f1f0b33-7f0d-4c52-9f0c-2f7b6d4c9a10")


def all_of_them(ctx: Context) -> list[dict[str, Any]]:
    """Every agent that was ever heard of, by host and kind."""
    records = ctx.session.scalars(select(AgentRecord).order_by(AgentRecord.host))
    found = []
    for record in records:
        if VIEW in record.views:
            alive = is_alive(record, ctx.env.clock.now())
            found += [_agent(record, kind, binary, alive) for kind, binary in KINDS]
    return found


def get(ctx: Context, agent_id: str) -> dict[str, Any]:
    """Raises AgentNotFound."""
    for agent in all_of_them(ctx):
        if agent["id"] == agent_id:
            return agent
    raise AgentNotFound(id=agent_id)


def _agent(record: AgentRecord, kind: str, binary: str, alive: bool) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{record.host}/{binary}")),
        "agent_type": kind,
        "binary": binary,
        "topic": "N/A",
        "host": record.host,
        "admin_state_up": True,
        "alive": alive,
        "availability_zone": "nova" if kind in ("DHCP agent", "L3 agent") else None,
        "description": None,
        "created_at": _text(record.started_at),
        "started_at": _text(record.started_at),
        "heartbeat_timestamp": _text(record.last_seen_at),
        "configurations": {},
        "resources_synced": None,
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
