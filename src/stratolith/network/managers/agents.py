"""The agents of hosts as the API shows them: an L2, a DHCP, an L3 and a metadata agent each.

They are derived from the known hosts; only what administrators set on an agent is stored.
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
from stratolith.network.exceptions.agents import AgentNotFound
from stratolith.network.managers.events import VIEW
from stratolith.network.managers.qos import host_capacity
from stratolith.network.managers.routing import zones
from stratolith.network.managers.segments import hosts
from stratolith.network.models import AgentNote
from stratolith.network.settings import NetworkSettings

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
    """One agent; ``shown``: what the API shows of it."""

    id: str
    shown: dict[str, Any] = field(default_factory=dict)

    def policy_target(self) -> dict[str, Any]:
        """Empty: an agent belongs to no project."""
        return {}


def list_all(ctx: Context) -> list[dict[str, Any]]:
    """Every agent of the known hosts that was not deleted since, by host and kind."""
    notes = {note.id: note for note in ctx.session.scalars(select(AgentNote))}
    settings = ctx.env.settings.of(NetworkSettings)
    always = {settings.physical_network: settings.external_bridge}
    connected, shown_agents = hosts.of_all(ctx), []
    capacities = host_capacity.of_all(ctx)
    for record in host_records.records(ctx.session):
        if VIEW not in record.views:
            continue
        alive = is_alive(record, ctx.env.clock.now())
        zone = zones.of_host(ctx, record.name)
        for kind, binary in KINDS:
            note = notes.get(id_of(record.name, binary))
            if note is None or note.deleted_at is None or note.deleted_at < record.last_seen_at:
                shown = _agent(record, kind, binary, alive, note, zone)
                if (kind, binary) == KINDS[0]:
                    shown["configurations"] = {
                        "bridge_mappings": connected.get(record.name, always),
                        "tunneling_ip": record.tunnel_address,
                    }
                    capacity = capacities.get(record.name)
                    if capacity is not None:
                        shown["configurations"] |= host_capacity.configuration(capacity)
                        shown["resources_synced"] = capacity.synced
                shown_agents.append(shown)
    return shown_agents


def get(ctx: Context, agent_id: str) -> Agent:
    """Raises AgentNotFound."""
    for agent in list_all(ctx):
        if agent["id"] == agent_id:
            return Agent(agent_id, agent)
    raise AgentNotFound(id=agent_id)


def update(ctx: Context, agent: Agent, values: Mapping[str, Any]) -> Agent:
    """``admin_state_up`` False of an L3 agent: its host becomes the last choice for routers."""
    note = _note(ctx, agent.id)
    for name in ("admin_state_up", "description"):
        if name in values:
            setattr(note, name, values[name])
    ctx.session.flush()
    _move_routers(ctx)
    return get(ctx, agent.id)


def delete(ctx: Context, agent: Agent) -> None:
    """Delete the agent and its stored values, until its host reports again."""
    note = _note(ctx, agent.id)
    note.admin_state_up, note.description = True, None
    note.deleted_at = ctx.env.clock.now()
    ctx.session.flush()


def _move_routers(ctx: Context) -> None:
    """Move routers off a host that is out of service now, before the request is answered."""
    from stratolith.network.managers import placement, places
    from stratolith.network.managers.routing import elections

    elected = dict.fromkeys(elections.unsettled(ctx), placement.ROUTER)
    places.settle(ctx, {**placement.misplaced(ctx), **elected})


def out_of_service(ctx: Context) -> set[str]:
    """Ids of the agents that an administrator took out of service."""
    return set(ctx.session.scalars(select(AgentNote.id).where(~AgentNote.admin_state_up)))


def id_of(host: str, binary: str) -> str:
    """Always the same id for a host and binary, so that new hosts need no database write."""
    return str(uuid.uuid5(_NAMESPACE, f"{host}/{binary}"))


def _note(ctx: Context, agent_id: str) -> AgentNote:
    note = ctx.session.get(AgentNote, agent_id)
    if note is None:
        note = AgentNote(id=agent_id)
        ctx.session.add(note)
    return note


def _agent(
    record: HostRecord, kind: str, binary: str, alive: bool, note: AgentNote | None, zone: str
) -> dict[str, Any]:
    return {
        "id": id_of(record.name, binary),
        "agent_type": kind,
        "binary": binary,
        "topic": "N/A",
        "host": record.name,
        "admin_state_up": note is None or note.admin_state_up,
        "alive": alive,
        "availability_zone": zone if kind in ("DHCP agent", "L3 agent") else None,
        "description": note.description if note else None,
        "created_at": _text(record.started_at),
        "started_at": _text(record.started_at),
        "heartbeat_timestamp": _text(record.last_seen_at),
        "configurations": {},
        "resources_synced": None,
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
