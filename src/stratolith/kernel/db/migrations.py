"""Migration files: one folder with one history for the kernel and for each service.

    identity/migrations/0001_users.py      revision "identity_0001"
                        0002_limits.py     revision "identity_0002", after "identity_0001"
                        HEAD               0002_limits

A history is linear and has no gaps. If two git branches add the same number, merging them gives a
conflict in HEAD; if it is resolved wrongly, ``read`` refuses the two files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from stratolith.kernel.exceptions import CannotStart

ALEMBIC = Path(__file__).parent / "alembic"  # env.py and the template of a migration
HEAD = "HEAD"
LONGEST_ID = 32  # length of the column of alembic_version


class BrokenHistory(CannotStart):
    """The files of a folder are not a linear history; the text says which file and why."""


def revision_id(branch: str, number: int) -> str:
    return f"{branch}_{number:04}"


def branch_of(revision: str) -> str:
    """The branch of a revision id; empty for the former common history of all services."""
    return revision.rpartition("_")[0]


def files(folder: Path) -> list[Path]:
    """The migration files of a folder, in order."""
    return sorted(folder.glob("[0-9]*.py"))


def configuration(folders: Mapping[str, Path]) -> Config:
    """Alembic's configuration for these branches."""
    config = Config()
    places = "\n".join(str(folder) for folder in folders.values())
    for name, value in (
        ("script_location", str(ALEMBIC)),
        ("path_separator", "newline"),
        ("version_locations", places),
    ):
        config.set_main_option(name, value.replace("%", "%%"))
    return config


def check_names(folders: Mapping[str, Path]) -> None:
    """Raises BrokenHistory unless the files of each branch are numbered 0001, 0002 and so on."""
    for branch, folder in folders.items():
        _check_names(branch, folder)


def read(folders: Mapping[str, Path]) -> ScriptDirectory:
    """All migrations of these branches (name -> folder); raises BrokenHistory."""
    check_names(folders)
    scripts = ScriptDirectory.from_config(configuration(folders))
    for branch, folder in folders.items():
        for number, path in enumerate(files(folder), 1):
            _check_script(scripts, branch, number, path)
    return scripts


def newest(branch: str, folder: Path) -> str:
    """The last revision of a branch."""
    return revision_id(branch, len(files(folder)))


def history(scripts: ScriptDirectory, branch: str, folder: Path) -> list[Script]:
    """The migrations of a branch, first to last."""
    numbers = range(1, len(files(folder)) + 1)
    revisions = [scripts.get_revision(revision_id(branch, number)) for number in numbers]
    return [script for script in revisions if script is not None]


def check_head(folder: Path) -> None:
    """Raises BrokenHistory when the file HEAD does not name the newest migration."""
    name, path = files(folder)[-1].stem, folder / HEAD
    if not path.is_file() or path.read_text() != f"{name}\n":
        raise BrokenHistory(f"{path} must hold one line: {name}")


def _check_names(branch: str, folder: Path) -> None:
    paths = files(folder)
    if not paths:
        raise BrokenHistory(f"{folder} has no migration of {branch}.")
    if len(newest(branch, folder)) > LONGEST_ID:
        raise BrokenHistory(f"The name {branch} is too long for the ids of migrations.")
    numbers = [path.name.partition("_")[0] for path in paths]
    for expected, (number, path) in enumerate(zip(numbers, paths, strict=True), 1):
        if number != f"{expected:04}":
            same = [other.name for other in paths if other.name.startswith(f"{number}_")]
            problem = "one number" if len(same) > 1 else f"number {expected:04} is missing before"
            raise BrokenHistory(f"{folder}: {problem}: {', '.join(same or [path.name])}")


def _check_script(scripts: ScriptDirectory, branch: str, number: int, path: Path) -> None:
    """Raises BrokenHistory unless ids match the numbers and refer to the same branch only."""
    wanted: dict[str, object] = {
        "revision": revision_id(branch, number),
        "down_revision": revision_id(branch, number - 1) if number > 1 else None,
        "branch_labels": (branch,) if number == 1 else None,
        "depends_on": None,
    }
    try:
        script = scripts.get_revision(revision_id(branch, number))
    except CommandError as error:
        raise BrokenHistory(f"{path}: {error}") from error
    if script is None or Path(script.path) != path:
        raise BrokenHistory(
            f"{path}: revision must be {wanted['revision']!r} and in no other file."
        )
    for name, value in wanted.items():
        if getattr(script.module, name, None) != value:
            raise BrokenHistory(f"{path}: {name} must be {value!r}.")
