"""The machines of a cloud as rows: who they are, where they are, what they offer.

``HostRecord.state`` holds what was decided: joining (let in, not heard of yet), active, draining
(what is on it stays, nothing new comes), left. Whether a host is down follows from when its agent
was last heard of: ``state_of``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.exceptions import Conflict
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
ALIVE_SECONDS = 30
JOINING, ACTIVE, DRAINING, DOWN, LEFT = "joining", "active", "draining", "down", "left"

# What a host may become. The machine of the server needs no token: heard of, it is active again.
_NEXT = {
    JOINING: {JOINING, ACTIVE, LEFT},
    ACTIVE: {ACTIVE, DRAINING, LEFT},
    DRAINING: {DRAINING, ACTIVE, LEFT},
    LEFT: {JOINING, ACTIVE},
}


class HostRecord(Base):
    """One machine that runs an agent.

    The machine of the server itself has no certificate: its agent comes by the unix socket.
    certificates: serial numbers (hexadecimal) that its agent may use, the newest last; two of them
    between a renewal and the first use of the new one.
    """

    __tablename__ = "kernel_hosts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    # addresses by which others reach the machine, by plane; "" where it has none
    api_address: Mapped[str] = mapped_column(String(64), default="")
    tunnel_address: Mapped[str] = mapped_column(String(64), default="")
    storage_address: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[str] = mapped_column(String(64), default="")
    views: Mapped[list[str]]
    drivers: Mapped[dict[str, str]]  # view -> name of the driver that realises it
    capabilities: Mapped[list[str]]
    architecture: Mapped[str] = mapped_column(String(32), default="")
    certificates: Mapped[list[str]]
    fingerprint: Mapped[str] = mapped_column(String(64), default="")  # of the newest certificate
    certificate_ends_at: Mapped[datetime | None]
    joined_at: Mapped[datetime]
    started_at: Mapped[datetime]  # of the agent process; while joining: joined_at, as the next
    last_seen_at: Mapped[datetime]


class JoinToken(Base):
    """Lets one machine join; only the hash of the secret is kept."""

    __tablename__ = "kernel_join_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    host: Mapped[str | None] = mapped_column(String(255))  # that used it; nobody can again


def new_record(name: str, state: str, now: datetime) -> HostRecord:
    """A row of which nothing but the name is known."""
    return HostRecord(
        id=new_uuid(),
        name=name,
        state=state,
        views=[],
        drivers={},
        capabilities=[],
        certificates=[],
        joined_at=now,
        started_at=now,
        last_seen_at=now,
    )


def move(record: HostRecord, state: str) -> None:
    """Take the step to another state; raises Conflict for one that there is not."""
    if state not in _NEXT[record.state]:
        raise Conflict(f"Host {record.name} is {record.state}: it cannot become {state}.")
    record.state = state


def is_draining(record: HostRecord | None) -> bool:
    """Whether nothing new may be put on the host, by the word of its administrator."""
    return record is not None and record.state == DRAINING


def is_alive(record: HostRecord | None, now: datetime) -> bool:
    """Whether the host's agent was heard of lately."""
    if record is None or record.state in (JOINING, LEFT):
        return False
    return now - record.last_seen_at < timedelta(seconds=ALIVE_SECONDS)


def state_of(record: HostRecord, now: datetime) -> str:
    """joining, active, draining, down or left."""
    if record.state in (JOINING, LEFT) or is_alive(record, now):
        return record.state
    return DOWN


def named(session: Session, name: str) -> HostRecord | None:
    return session.scalars(select(HostRecord).where(HostRecord.name == name)).first()


def records(session: Session, among: Iterable[str] | None = None) -> list[HostRecord]:
    """Every host whose agent was ever heard of and that has not left, by name.

    One whose row cannot be read is left out. ``among``: of these names only.
    """
    wanted = select(HostRecord).where(HostRecord.state.not_in((JOINING, LEFT)))
    if among is not None:
        wanted = wanted.where(HostRecord.name.in_(sorted(set(among))))
    return _readable(session, wanted.order_by(HostRecord.name))


def every_record(session: Session) -> list[HostRecord]:
    """Every host there is or was, by name, without those whose row cannot be read."""
    return _readable(session, select(HostRecord).order_by(HostRecord.name))


def _readable(session: Session, wanted: Select[HostRecord]) -> list[HostRecord]:
    left = LeftOut()
    found = left.objects(session, wanted, HostRecord.name)
    for host, reason in left.reasons.items():
        LOG.warning("the row of host %s cannot be read: %s", host, reason)
    return found


def alive_hosts(session: Session, now: datetime) -> set[str]:
    """Names of the hosts whose agent was heard of lately."""
    return {record.name for record in records(session) if is_alive(record, now)}
