"""What in a cloud's directories is the cloud's: told by name, so that nothing else is removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import SYSTEM_CONFIG, Layout


class _All:
    """Of a directory: everything in it is ours."""


ALL = _All()
# Pattern -> what is ours of it: a file (None), a directory and all in it (ALL), or a directory and
# these patterns in it.
Ours = Mapping[str, Any]
LOGS: Ours = {f"{name}.*": None for name in ("server", "agent", "supervisor")}
CONFIG: Ours = {"stratolith.yaml": None, "conf.d": {"*.yaml": None}}
RUN: Ours = {
    "*.pid": None,
    "*.sock": None,
    "supervisor.json": None,
    "started-with": None,
    "*.part": None,
}
STATE: Ours = {
    "stratolith.db": None,
    "stratolith.db-*": None,
    "secrets.json": None,
    "seed.json": None,
    "policy.yaml": None,
    "clouds.yaml": None,
    "*-openrc.sh": None,
    "keystonerc_*": None,
    "authority.pem": None,
    ".authority.pem.new": None,
    "cloud-id": None,
    "cloud-id.part": None,
    "acceleration.json": None,
    "stopped-guests.json": None,
    "made-at-home.json": None,
    "server.lock": None,
    "agent.lock": None,
    "simulated-*.raw": None,
    ".*.part": None,
    "keys": {"fernet": ALL, "credential": ALL, "mykey": None, "mykey.pub": None},
    "lock": {"*.lock": None},
    "log": LOGS,
    "etc": CONFIG,
    "run": RUN,
    "guests": ALL,
    "host": ALL,
    "fake-guests": ALL,
    "network": ALL,
    "image-cache": ALL,
    "image-data-cache": ALL,
    "images": ALL,
    "images-*": ALL,
    "image-import-*": ALL,
    "seed-images": ALL,
    "plugins": ALL,
}
# Without these a cloud is not recognised: they go last, so that a second run can go on.
LAST = ("secrets.json", "etc")
HARMLESS = ("lost+found",)  # in a file system that was just made
OWN_SECRETS = {"admin_password", "service_password"}
SHOWN = 5
UNKNOWN = "not ours"


def is_ours(layout: Layout) -> bool:
    """Whether a cloud of ours was made here, by files that nothing else has."""
    if layout.config.parent.parent == layout.state_dir and layout.config.exists():
        return True
    try:
        return set(json.loads(layout.secrets.read_text())) >= OWN_SECRETS
    except PermissionError:
        return True  # a cloud of somebody else's: not to be made anew
    except (OSError, ValueError, TypeError):
        return False


def require_usable(layout: Layout) -> None:
    """Raises DeployError unless a cloud is or can be made in the state directory."""
    place = layout.state_dir
    if layout.given.is_symlink() and not place.exists():
        raise DeployError(
            f"{layout.given} is a link to nothing.", "make the directory it points to"
        )
    if place.exists() and not place.is_dir():
        raise DeployError(f"{place} is no directory.", "choose another with --state-dir")
    if not place.exists() or is_ours(layout):
        return
    strange = [path.name for path in sorted(place.iterdir()) if not _is_leftover(path)]
    if strange:
        raise DeployError(
            f"{place} is not empty and not the directory of a cloud: {_some(strange)} are there.",
            "choose a directory that is empty or does not exist: --state-dir DIR",
        )


def _is_leftover(path: Path) -> bool:
    """Of an `up` that ended at once, or of the file system itself."""
    if path.name in HARMLESS:
        return True
    is_known = path.name in ("run", "keys", "log", "lock", "etc") and path.is_dir()
    return is_known and not path.is_symlink() and not any(path.iterdir())


def _some(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def remove(layout: Layout) -> tuple[list[Path], list[str]]:
    """Remove what is ours; (paths that are not ours and stay, what could not be removed)."""
    # a directory that a link leads to was made by somebody else, as the link was
    cleaner = _Cleaner(keep=layout.state_dir if layout.given.is_symlink() else None)
    if layout.run_dir.parent != layout.state_dir:
        cleaner.clean(layout.run_dir, RUN)
    cleaner.clean(layout.state_dir, STATE)
    if layout.config == SYSTEM_CONFIG and not cleaner.failed:
        cleaner.clean(SYSTEM_CONFIG.parent, CONFIG)
    return cleaner.strange, cleaner.failed


class _Cleaner:
    """Goes through directories by the names that are ours, and never ends half way."""

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep  # a directory that somebody else made, though it is empty
        self.strange: list[Path] = []
        self.failed: list[str] = []

    def clean(self, place: Path, ours: Ours | _All, *, is_outer: bool = True) -> None:
        """Remove what is ours in a directory, and the directory itself when that empties it."""
        for path in self._entries(place):
            if path.name in LAST and self.failed:
                continue
            found = ALL if isinstance(ours, _All) else _find(path.name, ours)
            with self._noting(path):
                self._clean_one(path, found, is_inside_all=isinstance(ours, _All))
        with self._noting(place):
            # A link or a mount point was made by somebody else.
            is_link = is_outer and (place.is_symlink() or os.path.ismount(place))
            is_given = is_link or place == self._keep
            if not is_given and place.exists() and not any(place.iterdir()):
                place.rmdir()

    def _entries(self, place: Path) -> list[Path]:
        with self._noting(place):
            return sorted(place.iterdir(), key=lambda path: (path.name in LAST, path.name))
        return []

    def _clean_one(self, path: Path, found: Any, *, is_inside_all: bool) -> None:
        is_link = path.is_symlink()
        if found == UNKNOWN:
            if path.name not in HARMLESS:
                self.strange.append(path)
        elif is_link and (found is None or is_inside_all or not path.is_dir()):
            path.unlink()
        elif is_link:  # the operator put one of our directories elsewhere
            self.clean(path, found)
            path.unlink()
        elif path.is_dir():
            if found is None or (is_inside_all and os.path.ismount(path)):
                self.strange.append(path)
            else:
                self.clean(path, found, is_outer=not is_inside_all)
        elif found is None or is_inside_all:
            path.unlink()
        else:
            self.strange.append(path)  # a file where we make a directory

    @contextmanager
    def _noting(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.failed.append(f"{path}: {error.strerror}")


def _find(name: str, ours: Ours) -> Any:
    for pattern, below in ours.items():
        if fnmatchcase(name, pattern):
            return below
    return UNKNOWN
