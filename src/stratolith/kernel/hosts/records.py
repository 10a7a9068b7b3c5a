"""The machines of a cloud as rows: names, addresses, offers.

``HostRecord.state`` is the administrative state: joining (joined, no heartbeat yet), active,
draining (existing servers stay, no new ones are scheduled), left. Whether a host is down depends on
its last heartbeat: ``state_of``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.exceptions import Conflict
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
ALIVE_SECONDS = 30
JOINING, ACTIVE, DRAINING, DOWN, LEFT = "joining", "active", "draining", "down", "left"

# Allowed changes of state. The server's machine needs no token: a heartbeat makes it active again.
_NEXT = {
    JOINING: {JOINING, ACTIVE, LEFT},
    ACTIVE: {ACTIVE, DRAINING, LEFT},
    DRAINING: {DRAINING, ACTIVE, LEFT},
    LEFT: {JOINING, ACTIVE},
}


class HostRecord(Base):
    """A machine that runs an agent.

    The server's own machine has no certificate: its agent connects by the unix socket.
    certificates: serial numbers (hexadecimal) that its agent may use, the newest last; two of them
    between a renewal and the first use of the new one.
    """

    __tablename__ = "kernel_hosts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    # addresses at which others reach the machine, per network plane; "" for none
    api_address: Mapped[str] = mapped_column(String(64), default="")
    tunnel_address: Mapped[str] = mapped_column(String(64), default="")
    storage_address: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[str] = mapped_column(String(64), default="")
    views: Mapped[list[str]]
    drivers: Mapped[dict[str, str]]  # view -> name of its driver
    capabilities: Mapped[list[str]]
    architecture: Mapped[str] = mapped_column(String(32), default="")
    certificates: Mapped[list[str]]
    fingerprint: Mapped[str] = mapped_column(String(64), default="")  # of the newest certificate
    certificate_ends_at: Mapped[datetime | None]
    joined_at: Mapped[datetime]
    # of the agent process; joined_at while joining, like the next column
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class JoinToken(Base):
    """Lets one machine join; only the hash of the secret is stored."""

    __tablename__ = "kernel_join_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # the host that used it; it cannot be used again
    host: Mapped[str | None] = mapped_column(String(255))


def new_record(name: str, state: str, now: datetime) -> HostRecord:
    """A row with only the name known."""
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
    """Change the state; raises Conflict for a change that is not allowed."""
    if state not in _NEXT[record.state]:
        raise Conflict(f"Host {record.name} is {record.state}: it cannot become {state}.")
    record.state = state


def is_draining(record: HostRecord | None) -> bool:
    """Whether the administrator excluded the host from scheduling."""
    return record is not None and record.state == DRAINING


def is_alive(record: HostRecord | None, now: datetime) -> bool:
    """Whether the host's agent sent a heartbeat recently."""
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


def in_other_case(session: Session, name: str) -> str | None:
    """The name of a host that has not left and whose name differs from this one only in case."""
    is_same = (func.lower(HostRecord.name) == name.lower()) & (HostRecord.name != name)
    return session.scalars(select(HostRecord.name).where(is_same, HostRecord.state != LEFT)).first()


def locked(session: Session, name: str) -> HostRecord | None:
    """Like ``named``, but no other transaction changes the row until the end of this one."""
    wanted = select(HostRecord).where(HostRecord.name == name).with_for_update()
    return session.scalars(wanted).first()


def records(session: Session, among: Iterable[str] | None = None) -> list[HostRecord]:
    """Every host that ever sent a heartbeat and has not left, by name.

    Unreadable rows are left out. ``among``: only hosts with these names.
    """
    wanted = select(HostRecord).where(HostRecord.state.not_in((JOINING, LEFT)))
    if among is not None:
        wanted = wanted.where(HostRecord.name.in_(sorted(set(among))))
    return _readable(session, wanted.order_by(HostRecord.name))


def every_record(session: Session) -> list[HostRecord]:
    """Every present or former host, by name, without unreadable rows."""
    return _readable(session, select(HostRecord).order_by(HostRecord.name))


def _readable(session: Session, wanted: Select[HostRecord]) -> list[HostRecord]:
    left = LeftOut()
    readable = left.objects(session, wanted, HostRecord.name)
    for host, reason in left.reasons.items():
        LOG.warning("the row of host %s cannot be read: %s", host, reason)
    return readable


def alive_hosts(session: Session, now: datetime) -> set[str]:
    """Names of the hosts whose agent sent a heartbeat recently."""
    return {record.name for record in records(session) if is_alive(record, now)}
