"""Transactions: writers queue, a failed one leaves nothing, a retry starts afresh."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Integer, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel import operations
from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.db import Base, Database
from stratolith.kernel.operations import Operation, State
from stratolith.kernel.reconcile import lease


class Tally(Base):
    """One number, for tests of lost updates."""

    __tablename__ = "toy_tallies"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[int] = mapped_column(Integer, default=0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(found.engine)
    with found.write() as session:
        session.add(Tally(id=1))
    yield found
    found.dispose()


def value(db: Database) -> int:
    with db.read() as session:
        return session.scalars(select(Tally.value)).one()


def add_one(session: Session) -> None:
    tally = session.get(Tally, 1)
    assert tally is not None
    tally.value += 1


def test_no_update_is_lost(db: Database) -> None:
    def work() -> None:
        for _ in range(25):
            db.run(add_one)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(db) == 200


def test_two_processes_share_the_file(db: Database) -> None:
    other = Database(db.url)
    threads = [
        threading.Thread(target=lambda d=d: [d.run(add_one) for _ in range(25)])
        for d in (db, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert value(db) == 50


def test_an_exception_undoes_everything(db: Database) -> None:
    with pytest.raises(ValueError, match="no"), db.write() as session:
        add_one(session)
        session.flush()
        raise ValueError("no")
    assert value(db) == 0
    db.run(add_one)  # the writer's lock is free again
    assert value(db) == 1


def test_a_reader_keeps_its_view(db: Database) -> None:
    with db.read() as reader:
        assert reader.scalars(select(Tally.value)).one() == 0
        db.run(add_one)
        assert reader.scalars(select(Tally.value)).one() == 0
    assert value(db) == 1


def test_a_retry_runs_the_work_again_from_the_start(db: Database) -> None:
    attempts = []

    def work(session: Session) -> None:
        attempts.append(1)
        add_one(session)
        session.flush()
        if len(attempts) < 3:
            raise OperationalError("x", {}, Exception("database is locked"))

    db.run(work)
    assert len(attempts) == 3
    assert value(db) == 1


def shares(db: Database, clock: SimulatedClock, who: str, most: int = 1, of: int = 1) -> int:
    return len(lease.share(db, clock, [f"work/{n}" for n in range(of)], who, 30, most))


def test_a_lease_goes_to_one_holder_until_it_runs_out(db: Database) -> None:
    clock = SimulatedClock()
    assert shares(db, clock, "a")
    assert not shares(db, clock, "b")
    clock.advance(20)
    assert shares(db, clock, "a")  # renewed
    clock.advance(25)
    assert not shares(db, clock, "b")
    clock.advance(10)
    assert shares(db, clock, "b")
    lease.release(db, ["work/0"], "a")
    assert not shares(db, clock, "c")
    lease.release(db, ["work/0"], "b")
    assert shares(db, clock, "c")


def test_leases_are_shared_out_anew_when_holders_come_and_go(db: Database) -> None:
    clock = SimulatedClock()
    assert shares(db, clock, "a", 8, of=8) == 8
    assert shares(db, clock, "b", 4, of=8) == 0
    assert shares(db, clock, "a", 4, of=8) == 4  # it knows of the other now
    assert shares(db, clock, "b", 4, of=8) == 4
    assert shares(db, clock, "c", 3, of=8) == 0
    clock.advance(31)
    assert shares(db, clock, "b", 8, of=8) == 8


def test_operations_are_open_until_they_end_and_overdue_in_time(db: Database) -> None:
    now = SimulatedClock().now()
    deadline = now + timedelta(seconds=10)
    same = {"kind": "reboot", "request_id": "req", "deadline_at": deadline}
    with db.write() as session:
        for number, (service, resource) in enumerate(
            [("toy", "r"), ("toy", "r"), ("toy", "s"), ("car", "r")]
        ):
            session.add(Operation(id=f"o{number}", service=service, resource_id=resource, **same))
    with db.write() as session:
        found = operations.open_of(session, "toy", ["r", "x"])
        assert {key: [o.id for o in each] for key, each in found.items()} == {"r": ["o0", "o1"]}
        operations.end(found["r"][0], now)
        operations.end(found["r"][1], now, "too late")
        assert operations.open_of(session, "toy", ["r"]) == {}
        assert operations.overdue(session, "toy", now) == set()
        assert operations.overdue(session, "toy", now + timedelta(seconds=11)) == {"s"}
        operations.fail_unread(session, "toy", "s", now, "gone", Operation.kind != "delete")
        assert operations.overdue(session, "toy", now + timedelta(seconds=11)) == set()
    with db.read() as session:
        rows = session.execute(select(Operation.state, Operation.error).order_by(Operation.seq))
        assert [tuple(row) for row in rows] == [
            (State.DONE, None), (State.ERROR, "too late"), (State.ERROR, "gone"),
            (State.QUEUED, None),
        ]  # fmt: skip
        assert len(session.scalars(operations.of("toy", "r")).all()) == 2
