"""One history for each branch: what is run, what is left alone, what is refused."""

from __future__ import annotations

import importlib.util
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from stratolith import services
from stratolith.kernel.db import Database, migrations, schema
from stratolith.kernel.db.migrations import BrokenHistory
from stratolith.kernel.exceptions import CannotStart

TOOL = Path(__file__).resolve().parents[3] / "tools" / "make_migration.py"
TABLE = """op.create_table("{0}", sa.Column("id", sa.Integer(), primary_key=True))"""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/toy.db")
    yield found
    found.dispose()


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The migrations of an outside service: two tables, one after the other."""
    folder = tmp_path / "toy"
    folder.mkdir()
    write(folder, "toy", 1, TABLE.format("toy_cars"))
    write(folder, "toy", 2, TABLE.format("toy_trains"))
    return folder


def write(folder: Path, branch: str, number: int, body: str, **changes: str) -> Path:
    """A migration; ``changes``: lines that stand instead of the right ones."""
    before = repr(migrations.revision_id(branch, number - 1)) if number > 1 else "None"
    values = {
        "revision": repr(migrations.revision_id(branch, number)),
        "down_revision": before,
        "branch_labels": f"({branch!r},)" if number == 1 else "None",
    } | changes
    lines = ["import sqlalchemy as sa", "from alembic import op", "", "def upgrade() -> None:"]
    lines += [f"    {line}" for line in body.splitlines()]
    lines += [f"{name} = {value}" for name, value in values.items()]
    path = folder / f"{number:04}_step.py"
    path.write_text("\n".join(lines))
    return path


def tables(db: Database) -> set[str]:
    return {name for name in sa.inspect(db.engine).get_table_names() if name.startswith("toy_")}


# -- what is run --------------------------------------------------------------------------------


def test_a_service_from_outside_brings_its_tables(db: Database, toy: Path) -> None:
    ours = services.load()
    plate = replace(ours[-1], type="toy", section="", migrations=toy)
    assert schema.upgrade(db, services.migrations(ours)) is True
    folders = services.migrations([*ours, plate])
    assert list(folders)[-1] == "toy"
    assert schema.upgrade(db, folders) is True
    assert tables(db) == {"toy_cars", "toy_trains"}
    assert schema.current(db) == schema.newest(folders)
    assert schema.upgrade(db, folders) is False


def test_the_tables_of_a_service_that_is_gone_wait_for_it(db: Database, toy: Path) -> None:
    kernel = {"kernel": services.migrations([])["kernel"]}
    schema.upgrade(db, {"toy": toy})
    assert schema.upgrade(db, kernel) is True
    assert schema.upgrade(db, kernel) is False
    write(toy, "toy", 3, TABLE.format("toy_planes"))
    assert schema.upgrade(db, kernel | {"toy": toy}) is True
    assert tables(db) == {"toy_cars", "toy_trains", "toy_planes"}


def test_a_branch_goes_on_from_where_it_is(db: Database, toy: Path) -> None:
    last = (toy / "0002_step.py").rename(toy.parent / "kept.py")
    schema.upgrade(db, {"toy": toy})
    assert tables(db) == {"toy_cars"}
    last.rename(toy / "0002_step.py")
    assert schema.upgrade(db, {"toy": toy}) is True
    assert tables(db) == {"toy_cars", "toy_trains"}


def test_a_migration_that_fails_changes_nothing(db: Database, toy: Path) -> None:
    write(toy, "toy", 3, f'{TABLE.format("toy_planes")}\nop.execute("nonsense")')
    with pytest.raises(OperationalError):
        schema.upgrade(db, {"toy": toy})
    assert (tables(db), schema.current(db)) == (set(), set())
    write(toy, "toy", 3, TABLE.format("toy_planes"))
    assert schema.upgrade(db, {"toy": toy}) is True


def test_what_was_done_is_logged(db: Database, toy: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "stratolith.kernel.db.schema"):
        schema.upgrade(db, {"toy": toy})
    assert "toy_0002" in caplog.text


# -- rows that hang on a table that SQLite makes anew --------------------------------------------

PARENTS = """
op.create_table("toy_parents", sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("name", sa.String(9)))
op.create_table("toy_children", sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("parent", sa.Integer(),
                          sa.ForeignKey("toy_parents.id", ondelete="CASCADE")))
op.execute("INSERT INTO toy_parents VALUES (1, 'one')")
op.execute("INSERT INTO toy_children VALUES (5, 1)")
""".strip()
ANEW = """
with op.batch_alter_table("toy_parents") as batch:
    batch.alter_column("name", nullable=False)
""".strip()


def children(db: Database) -> list[int]:
    with db.read() as session:
        return list(session.scalars(sa.text("SELECT id FROM toy_children")))


def test_a_table_made_anew_keeps_the_rows_that_refer_to_it(db: Database, toy: Path) -> None:
    write(toy, "toy", 3, PARENTS)
    schema.upgrade(db, {"toy": toy})
    write(toy, "toy", 4, ANEW)
    schema.upgrade(db, {"toy": toy})
    assert children(db) == [5]
    with db.write() as session:  # and the key is heeded again
        session.execute(sa.text("DELETE FROM toy_parents"))
    assert children(db) == []


def test_a_migration_that_leaves_rows_without_what_they_refer_to_is_undone(
    db: Database, toy: Path
) -> None:
    write(toy, "toy", 3, PARENTS)
    schema.upgrade(db, {"toy": toy})
    write(toy, "toy", 4, 'op.execute("DELETE FROM toy_parents")')
    with pytest.raises(CannotStart, match="foreign keys of 1 rows, in: toy_children"):
        schema.upgrade(db, {"toy": toy})
    assert schema.current(db) == {"toy_0003"}
    assert children(db) == [5]


# -- databases that are refused ------------------------------------------------------------------


def test_a_database_of_a_newer_release_is_refused(db: Database, toy: Path) -> None:
    schema.upgrade(db, {"toy": toy})
    (toy / "0002_step.py").unlink()
    with pytest.raises(CannotStart, match=r"newer release .* toy_0002.* knows toy_0001"):
        schema.upgrade(db, {"toy": toy})
    assert schema.current(db) == {"toy_0002"}


def at(db: Database, revision: str) -> None:
    """Say that the database is at this revision of the one history before branches."""
    with db.write() as session:
        session.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        session.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        session.execute(sa.text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})


@pytest.mark.parametrize("old", ["0015", "0016"])
def test_a_database_of_the_shared_history_is_adopted(
    db: Database, toy: Path, tmp_path: Path, old: str
) -> None:
    folders = services.migrations(services.load())
    then = {}
    for branch, folder in folders.items():
        then[branch] = tmp_path / "then" / branch
        shutil.copytree(folder, then[branch])
        for path in migrations.files(then[branch]):
            since = re.search('replaces = "(.*)"', path.read_text())
            if since is None or since[1] > old:
                path.unlink()
    schema.upgrade(db, then)
    at(db, old)
    assert schema.upgrade(db, folders | {"toy": toy}) is True
    assert schema.current(db) == schema.newest(folders | {"toy": toy})


@pytest.mark.parametrize("old", ["0014", "0017"])
def test_others_of_the_shared_history_are_refused(db: Database, old: str) -> None:
    at(db, old)
    with pytest.raises(CannotStart, match=f"at migration {old}"):
        schema.upgrade(db, services.migrations(services.load()))
    assert schema.current(db) == {old}


# -- files that are refused ----------------------------------------------------------------------


def test_two_migrations_cannot_have_one_number(db: Database, toy: Path) -> None:
    shutil.copy(toy / "0002_step.py", toy / "0002_another.py")
    with pytest.raises(BrokenHistory, match=r"one number: 0002_another\.py, 0002_step\.py"):
        schema.upgrade(db, {"toy": toy})


def test_no_number_is_left_out(toy: Path) -> None:
    (toy / "0001_step.py").unlink()
    with pytest.raises(BrokenHistory, match=r"0001 is missing before: 0002_step\.py"):
        migrations.read({"toy": toy})


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [
        (3, "revision", "'toy_0009'"),
        (3, "revision", "'car_0003'"),
        (3, "down_revision", "'toy_0001'"),  # a second line that begins at 0001
        (3, "down_revision", "None"),
        (3, "down_revision", "('toy_0001', 'toy_0002')"),
        (3, "depends_on", "'kernel_0001'"),
        (1, "branch_labels", "None"),
        (1, "branch_labels", "('car',)"),
        (1, "down_revision", "'kernel_0001'"),
    ],
)
def test_a_history_is_one_line_of_its_own(toy: Path, number: int, name: str, value: str) -> None:
    folders = services.migrations([]) | {"toy": toy}
    migrations.read(folders)
    write(toy, "toy", number, "pass", **{name: value})
    with pytest.raises(BrokenHistory, match=f"000{number}_step.py"):
        migrations.read(folders)


def test_a_folder_without_migrations_and_a_name_too_long_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenHistory, match="no migration of toy"):
        migrations.read({"toy": tmp_path})
    branch = "toy" * 10
    write(tmp_path, branch, 1, "pass")
    with pytest.raises(BrokenHistory, match="too long"):
        migrations.read({branch: tmp_path})


def test_head_names_the_newest(toy: Path) -> None:
    with pytest.raises(BrokenHistory, match="0002_step"):
        migrations.check_head(toy)
    (toy / "HEAD").write_text("0002_step\n")
    migrations.check_head(toy)
    write(toy, "toy", 3, "pass")
    with pytest.raises(BrokenHistory, match="0003_step"):
        migrations.check_head(toy)


# -- the tool ------------------------------------------------------------------------------------


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_migration", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tool_writes_the_next_migration(db: Database, tmp_path: Path) -> None:
    own = services.migrations(services.load())["placement"]
    copy = tmp_path / "placement"
    shutil.copytree(own, copy)
    made = tool().make("placement", copy, "Change nothing at all")
    assert made.name == f"{len(migrations.files(own)) + 1:04}_change_nothing_at_all.py"
    migrations.check_head(copy)
    assert schema.upgrade(db, {"placement": copy}) is True


def test_the_tool_writes_the_first_migration_of_a_service(db: Database, tmp_path: Path) -> None:
    services.load()
    folder = tmp_path / "placement"
    made = tool().make("placement", folder, "The tables of placement")
    assert made.name == "0001_the_tables_of_placement.py"
    migrations.check_head(folder)
    assert schema.upgrade(db, {"placement": folder}) is True
    names = sa.inspect(db.engine).get_table_names()
    assert "placement_inventories" in names
    assert {name.partition("_")[0] for name in names} == {"placement", "alembic"}
