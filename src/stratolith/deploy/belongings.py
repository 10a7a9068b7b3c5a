"""Which files belong to a cloud, recognised by name, so that no other file is removed."""

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
    """Marks a directory whose whole content belongs to the cloud."""


ALL = _All()
# Name pattern -> what belongs to the cloud: the file (None), the directory with its whole content
# (ALL), or the directory with the entries that match the patterns of the inner mapping.
Ours = Mapping[str, Any]
LOGS: Ours = {
    f"{name}.*": None
    for name in ("server", "agent", "supervisor", "ovn-nb", "ovn-sb", "ovn-northd")
}
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
    "ovn": ALL,
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
# A cloud is recognised by these: they are removed last, so that a second run can continue.
LAST = ("secrets.json", "etc")
HARMLESS = ("lost+found",)  # exists in a new file system
OWN_SECRETS = {"admin_password", "service_password"}
SHOWN = 5
UNKNOWN = "not ours"


def is_ours(layout: Layout) -> bool:
    """Whether Stratolith made a cloud in this directory, by files that only a cloud has."""
    if layout.config.parent.parent == layout.state_dir and layout.config.exists():
        return True
    try:
        return set(json.loads(layout.secrets.read_text())) >= OWN_SECRETS
    except PermissionError:
        return True  # the cloud of another user: do not create it again
    except (OSError, ValueError, TypeError):
        return False


def require_usable(layout: Layout) -> None:
    """Raises DeployError unless a cloud is or can be made in the state directory."""
    state_dir = layout.state_dir
    if layout.given.is_symlink() and not state_dir.exists():
        raise DeployError(
            f"{layout.given} is a link to nothing.", "make the directory it points to"
        )
    if state_dir.exists() and not state_dir.is_dir():
        raise DeployError(f"{state_dir} is no directory.", "choose another with --state-dir")
    if not state_dir.exists() or is_ours(layout):
        return
    unknown = [path.name for path in sorted(state_dir.iterdir()) if not _is_leftover(path)]
    if unknown:
        raise DeployError(
            f"{state_dir} is not empty and not the directory of a cloud: it has {_some(unknown)}.",
            "choose a directory that is empty or does not exist: --state-dir DIR",
        )


def _is_leftover(path: Path) -> bool:
    """Whether an `up` that failed early, or the file system itself, made this entry."""
    if path.name in HARMLESS:
        return True
    is_known = path.name in ("run", "keys", "log", "lock", "etc") and path.is_dir()
    return is_known and not path.is_symlink() and not any(path.iterdir())


def _some(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def remove(layout: Layout) -> tuple[list[Path], list[str]]:
    """Remove the cloud's files; returns (unknown paths, which stay; errors as sentences)."""
    # The user made both a link to a directory and that directory: keep them.
    cleaner = _Cleaner(keep=layout.state_dir if layout.given.is_symlink() else None)
    if layout.run_dir.parent != layout.state_dir:
        cleaner.clean(layout.run_dir, RUN)
    cleaner.clean(layout.state_dir, STATE)
    if layout.config == SYSTEM_CONFIG and not cleaner.failed:
        cleaner.clean(SYSTEM_CONFIG.parent, CONFIG)
    return cleaner.unknown, cleaner.failed


class _Cleaner:
    """Removes the cloud's files from directories; an error is recorded and the work goes on."""

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep  # a directory that the user made; it stays even when empty
        self.unknown: list[Path] = []
        self.failed: list[str] = []

    def clean(self, place: Path, ours: Ours | _All, *, is_outer: bool = True) -> None:
        """Remove the cloud's files in a directory, and the directory itself if it is then empty."""
        for path in self._entries(place):
            if path.name in LAST and self.failed:
                continue
            owned = ALL if isinstance(ours, _All) else _find(path.name, ours)
            with self._noting(path):
                self._clean_one(path, owned, is_inside_all=isinstance(ours, _All))
        with self._noting(place):
            # The user made a link or a mount point; it stays.
            is_link = is_outer and (place.is_symlink() or os.path.ismount(place))
            is_given = is_link or place == self._keep
            if not is_given and place.exists() and not any(place.iterdir()):
                place.rmdir()

    def _entries(self, place: Path) -> list[Path]:
        with self._noting(place):
            return sorted(place.iterdir(), key=lambda path: (path.name in LAST, path.name))
        return []

    def _clean_one(self, path: Path, owned: Any, *, is_inside_all: bool) -> None:
        is_link = path.is_symlink()
        if owned == UNKNOWN:
            if path.name not in HARMLESS:
                self.unknown.append(path)
        elif is_link and (owned is None or is_inside_all or not path.is_dir()):
            path.unlink()
        elif is_link:  # the operator moved one of our directories and linked to it
            self.clean(path, owned)
            path.unlink()
        elif path.is_dir():
            if owned is None or (is_inside_all and os.path.ismount(path)):
                self.unknown.append(path)
            else:
                self.clean(path, owned, is_outer=not is_inside_all)
        elif owned is None or is_inside_all:
            path.unlink()
        else:
            self.unknown.append(path)  # a file where the cloud would have a directory

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
