"""Both databases mean the same: order, case, sizes, NULL, moments, and what is retried."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Integer, create_engine, delete, func, make_url, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith import services
from stratolith.kernel.db import Base, Database, schema
from stratolith.kernel.db.engine import TURN_LOCK, TURN_SECONDS
from stratolith.kernel.db.errors import is_conflict
from stratolith.kernel.db.rows import KeyedReader, PlainReader, RowReader
from stratolith.kernel.http.resource import in_order, like
from tests.architecture.test_schema import ours
from tests.testcloud.postgresql import Cluster


class Sample(Base):
    """One column of each kind."""

    __tablename__ = "toy_samples"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str | None] = mapped_column(unique=True)
    number: Mapped[int | None] = mapped_column(Integer)
    flag: Mapped[bool | None]
    moment: Mapped[datetime | None]
    document: Mapped[dict[str, Any] | None]


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path}/same.db")
    else:
        found = Database(request.getfixturevalue("url"))
    table = Base.metadata.tables["toy_samples"]
    Base.metadata.create_all(found.engine, tables=[table])
    yield found
    found.dispose()


def add(db: Database, *samples: Sample) -> None:
    with db.write() as session:
        session.add_all(samples)


def names(db: Database, *conditions: Any, order: Any = None) -> list[str | None]:
    statement = select(Sample.name).where(*conditions)
    with db.read() as session:
        return list(session.scalars(statement.order_by(order if order is not None else Sample.id)))


NAMES = ["b", "B", "a", "_", "É", "é", "Z", "a b", "10", "9", ""]


def test_text_is_ordered_by_its_code_points(db: Database) -> None:
    add(db, *(Sample(name=name) for name in NAMES))
    assert names(db, order=Sample.name) == sorted(NAMES)
    assert names(db, Sample.name > "a") == [name for name in NAMES if name > "a"]


def test_text_is_equal_in_its_own_case_only(db: Database) -> None:
    add(db, *(Sample(name=name) for name in NAMES))
    assert names(db, Sample.name == "b") == ["b"]
    assert names(db, Sample.name.in_(["É", "z"])) == ["É"]


def test_patterns_ignore_the_case_of_letters(db: Database) -> None:
    add(db, *(Sample(name=name) for name in NAMES))
    find = like(Sample.name)
    assert names(db, find(["B"])) == ["b", "B", "a b"]
    assert names(db, find(["É"])) == ["É", "é"]
    assert names(db, find(["_"])) == ["_"]
    assert names(db, func.lower(Sample.name) == "b") == ["b", "B"]
    assert names(db, func.lower(Sample.name) == "é") == ["é"]


def test_nothing_comes_first(db: Database) -> None:
    add(db, Sample(name="x", number=2), Sample(name="y"), Sample(name="z", number=1))
    assert names(db, order=in_order(Sample.number)) == ["y", "z", "x"]
    assert names(db, order=in_order(Sample.number, descending=True)) == ["x", "z", "y"]


def test_whole_numbers_have_64_bits_and_text_any_length(db: Database) -> None:
    long = "n" * 1000
    add(db, Sample(name=long, number=2**62))
    assert names(db, Sample.number == 2**62) == [long]
    with db.read() as session:
        total = session.scalar(select(func.sum(Sample.number)))
    assert (total, type(total)) == (2**62, int)
    assert names(db, func.substr(Sample.name, 1, 2) == "nn") == [long]


def test_moments_flags_and_documents_come_back(db: Database) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    document = {"a": [1, None, "ü\u0000"], "b": {"c": 1.5}}
    add(db, Sample(name="x", flag=True, moment=moment, document=document), Sample(name="y"))
    with db.read() as session:
        found, empty = session.scalars(select(Sample).order_by(Sample.id))
    assert (found.moment, found.flag, found.document) == (moment, True, document)
    assert (empty.moment, empty.flag, empty.document) == (None, None, None)
    assert names(db, Sample.flag.is_(True)) == ["x"]
    assert names(db, Sample.moment <= moment) == ["x"]
    assert names(db, Sample.moment < moment) == []


def test_plain_rows_are_what_objects_are(db: Database) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    document = {"a": [1, None, 'ü\u0000"]'], "b": {"c": 1.5}}
    samples = [Sample(name=name, number=2**62) for name in (*NAMES, 'a "]', "]", "null", "1\n\\")]
    add(db, *samples, Sample(flag=True, moment=moment, document=document), Sample(flag=False))
    statement = select(Sample).order_by(Sample.id)
    with db.read() as session:
        objects = session.scalars(statement).all()
        plain = PlainReader(Sample)(session, statement)
        assert PlainReader(Sample)(session, statement.where(Sample.number == 0)) == []
    for name in ("id", "name", "number", "flag", "document"):
        assert [getattr(row, name) for row in plain] == [getattr(row, name) for row in objects]
    assert [row.moment and row.moment.replace(tzinfo=UTC) for row in plain] == [
        row.moment for row in objects
    ]


def test_rows_are_read_by_any_number_of_keys(db: Database) -> None:
    add(db, *(Sample(name=name) for name in NAMES))
    columns = RowReader(tuple[str, int], (Sample.name, Sample.id))
    read = KeyedReader(columns, Sample.name, select(Sample).order_by(Sample.id.desc()))
    with db.read() as session:
        ids = dict(session.execute(select(Sample.name, Sample.id)).all())
        everything = read(session, [*NAMES, *(f"no such {number}" for number in range(40_000))])
        assert everything == [(name, ids[name]) for name in reversed(NAMES)]
        assert read(session, ["é"]) == [("é", ids["é"])]
        assert read(session, []) == []


def test_a_name_that_is_taken_is_a_conflict(db: Database) -> None:
    add(db, Sample(name="x"))
    with pytest.raises(IntegrityError) as caught:
        db.run(lambda session: session.add(Sample(name="x")))
    assert is_conflict(caught.value)
    assert names(db) == ["x"]


def test_a_check_and_a_write_are_one(db: Database) -> None:
    """Write skew: every thread adds a row if fewer than three are there."""

    def add_if_few(session: Session) -> bool:
        if session.scalar(select(func.count()).select_from(Sample)) in (0, 1, 2):
            session.add(Sample())
            return True
        return False

    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(db.run(add_if_few))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 9 + [True] * 3
    assert len(names(db)) == 3


def test_a_process_that_hangs_in_its_turn_stops_nobody(url: str) -> None:
    db, hanging = Database(url), Database(url)
    Base.metadata.create_all(db.engine, tables=[Base.metadata.tables["toy_samples"]])
    attempts: list[int] = []

    def interfere(session: Session) -> None:
        session.add(Sample(number=len(session.scalars(select(Sample)).all())))

    def work(session: Session) -> None:
        attempts.append(1)
        count = session.scalar(select(func.count()).select_from(Sample))
        if len(attempts) == 1:  # somebody else writes between the look and the write
            hanging.run(interfere)
        session.add(Sample(number=count))

    with hanging.locked(TURN_LOCK):
        started = time.monotonic()
        db.run(work)
        assert TURN_SECONDS <= time.monotonic() - started < TURN_SECONDS + 5
    assert len(attempts) == 2
    with db.read() as session:
        assert session.scalars(select(Sample.number).order_by(Sample.id)).all() == [0, 1]
    db.dispose()
    hanging.dispose()


def test_readers_and_writers_do_not_wait_for_each_other(db: Database) -> None:
    add(db, Sample(name="x"))
    with db.read() as reader:
        assert reader.scalars(select(Sample.name)).all() == ["x"]
        db.run(lambda session: session.execute(delete(Sample)))
        assert reader.scalars(select(Sample.name)).all() == ["x"]
    assert names(db) == []


def test_the_migrated_schema_is_that_of_the_models(cluster: Cluster) -> None:
    """But for the types, whose lengths and widths are not kept on PostgreSQL."""
    folders = services.migrations(services.load())
    db = Database(cluster.create("migrated"))
    # SQLAlchemy's own questions about a schema want its own dialect
    plain = create_engine(make_url(db.url).set(drivername="postgresql+psycopg"))
    try:
        assert schema.upgrade(db, folders) is True
        with plain.connect() as connection:
            options = {"include_object": ours, "compare_type": False}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
        assert schema.upgrade(db, folders) is False
    finally:
        plain.dispose()
        db.dispose()
        cluster.drop("migrated")
