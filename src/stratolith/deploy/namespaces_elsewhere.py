"""Network namespaces of a cloud whose names are in another mount namespace than this command.

A name in /run/netns is a mount: who started the cloud in a mount namespace of its own has its
names there, and a command from outside would find nothing to remove.
"""

from __future__ import annotations

import json
from pathlib import Path

from stratolith.deploy.errors import DeployError

NAMES = Path("/run/netns")
PROC = Path("/proc")


def require_none(state_dir: Path) -> None:
    """Raises DeployError, naming a process that sees them, when some cannot be seen from here."""
    missing = {inode: name for name, inode in _recorded(state_dir).items() if _inode(name) != inode}
    for pid, text in _mounts():
        here = sorted(name for inode, name in missing.items() if f"net:[{inode}]" in text)
        if here:
            raise DeployError(
                f"Network namespaces of this cloud ({', '.join(here)}) have their names in another "
                f"mount namespace, that of process {pid}; nothing was removed.",
                f"nsenter --mount --net --target {pid} stratolith destroy",
            )


def _recorded(state_dir: Path) -> dict[str, int]:
    """Name -> inode, as the host's network wrote them down in this boot."""
    try:
        ledger = json.loads((state_dir / "network" / "ledger.json").read_text())
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        known = ledger["namespaces"] if ledger["boot_id"] == boot else {}
        return {str(name): int(inode) for name, inode in known.items() if inode}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _inode(name: str) -> int | None:
    try:
        return (NAMES / name).stat().st_ino
    except OSError:
        return None


def _mounts() -> list[tuple[int, str]]:
    """The mounts of each mount namespace, with a process that is in it."""
    found: dict[int, tuple[int, str]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                space = (entry / "ns/mnt").stat().st_ino
                if space not in found:
                    found[space] = int(entry.name), (entry / "mountinfo").read_text()
            except OSError:
                continue
    return list(found.values())
