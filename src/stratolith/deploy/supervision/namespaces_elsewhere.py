"""Network namespaces of a cloud whose names are in another mount namespace than the command's.

A name in /run/netns is a mount. If the cloud was started in a mount namespace of its own, its names
exist only there, and a command outside would find nothing to remove.
"""

from __future__ import annotations

import json
from pathlib import Path

from stratolith.deploy.errors import DeployError

NAMES = Path("/run/netns")
PROC = Path("/proc")


def require_none(state_dir: Path) -> None:
    """Raises DeployError when some are not visible here; it names a process that sees them."""
    missing = {inode: name for name, inode in _recorded(state_dir).items() if _inode(name) != inode}
    for pid, text in _mounts():
        names = sorted(name for inode, name in missing.items() if f"net:[{inode}]" in text)
        if names:
            raise DeployError(
                f"Network namespaces of this cloud ({', '.join(names)}) have their names in "
                f"another mount namespace, that of process {pid}; nothing was removed.",
                f"nsenter --mount --net --target {pid} stratolith destroy",
            )


def _recorded(state_dir: Path) -> dict[str, int]:
    """Name -> inode, as the network driver recorded them since the last boot."""
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
    """(pid, mounts) for each mount namespace; the process is in that namespace."""
    mounts: dict[int, tuple[int, str]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                space = (entry / "ns/mnt").stat().st_ino
                if space not in mounts:
                    mounts[space] = int(entry.name), (entry / "mountinfo").read_text()
            except OSError:
                continue
    return list(mounts.values())
