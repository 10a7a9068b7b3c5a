"""The agents of hosts, as this service's clients know them: one L2, DHCP and L3 each.

They follow from the hosts that were heard of; kept is only what an administrator said of one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.kernel.hosts.records import HostRecord, is_alive
from stratolith.network.exceptions import AgentNotFound
from stratolith.network.managers.events import VIEW
from stratolith.network.models import AgentNote

L3, DHCP = "neutron-l3-agent", "neutron-dhcp-agent"
KINDS = (
    ("Linux bridge agent", "neutron-linuxbridge-agent"),
    ("DHCP agent", DHCP),
    ("L3 agent", L3),
    ("Metadata agent", "neutron-metadata-agent"),
)
_NAMESPACE = uuid.UUID("6f1f0b33-7f0d-4c52-9f0c-2f7b6d4c9a10")


@dataclass(frozen=True)
class Agent:
    """One agent: what the API shows of it."""

    id: str
    shown: dict[str, Any] = field(default_factory=dict)

    def policy_target(self) -> dict[str, Any]:
        """An agent belongs to nobody."""
        return {}


def all_of_them(ctx: Context) -> list[dict[str, Any]]:
    """Every agent that was ever heard of and not deleted since, by host and kind."""
    notes = {note.id: note for note in ctx.session.scalars(select(AgentNote))}
    found = []
    for record in host_records.records(ctx.session):
        if VIEW not in record.views:
            continue
        alive = is_alive(record, ctx.env.clock.now())
        for kind, binary in KINDS:
            note = notes.get(id_of(record.name, binary))
            if note is None or note.deleted_at is None or note.deleted_at < record.last_seen_at:
                found.append(_agent(record, kind, binary, alive, note))
    return found


def get(ctx: Context, agent_id: str) -> Agent:
    """Raises AgentNotFound."""
    for agent in all_of_them(ctx):
        if agent["id"] == agent_id:
            return Agent(agent_id, agent)
    raise AgentNotFound(id=agent_id)


def update(ctx: Context, agent: Agent, values: Mapping[str, Any]) -> Agent:
    """``admin_state_up`` False of an L3 agent: its host is the last choice for routers."""
    note = _note(ctx, agent.id)
    for name in ("admin_state_up", "description"):
        if name in values:
            setattr(note, name, values[name])
    ctx.session.flush()
    _move_routers(ctx)
    return get(ctx, agent.id)


def delete(ctx: Context, agent: Agent) -> None:
    """Forget the agent, and what was said of it, until its host is heard of again."""
    note = _note(ctx, agent.id)
    note.admin_state_up, note.description = True, None
    note.deleted_at = ctx.env.clock.now()
    ctx.session.flush()


def _move_routers(ctx: Context) -> None:
    """Off a host that is out of service, at once: the answer is read by who asked for it."""
    from stratolith.network.managers import placement, places

    places.settle(ctx, placement.misplaced(ctx))


def without_routers(ctx: Context) -> set[str]:
    """Ids of the agents that an administrator took out of service."""
    return set(ctx.session.scalars(select(AgentNote.id).where(~AgentNote.admin_state_up)))


def id_of(host: str, binary: str) -> str:
    """The same for ever, so that nothing needs to be written when a host comes."""
    return str(uuid.uuid5(_NAMESPACE, f"{host}/{binary}"))


def _note(ctx: Context, agent_id: str) -> AgentNote:
    found = ctx.session.get(AgentNote, agent_id)
    if found is None:
        found = AgentNote(id=agent_id)
        ctx.session.add(found)
    return found


def _agent(
    record: HostRecord, kind: str, binary: str, alive: bool, note: AgentNote | None
) -> dict[str, Any]:
    return {
        "id": id_of(record.name, binary),
        "agent_type": kind,
        "binary": binary,
        "topic": "N/A",
        "host": record.name,
        "admin_state_up": note is None or note.admin_state_up,
        "alive": alive,
        "availability_zone": "nova" if kind in ("DHCP agent", "L3 agent") else None,
        "description": note.description if note else None,
        "created_at": _text(record.started_at),
        "started_at": _text(record.started_at),
        "heartbeat_timestamp": _text(record.last_seen_at),
        "configurations": {},
        "resources_synced": None,
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
