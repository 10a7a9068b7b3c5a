"""The directory of a dnsmasq: files that only it may read, below directories of root.

dnsmasq drops its privileges after its start and reads its files afterwards. But the state
directory is closed to other users, and its parents may be closed as well. So a server gets a
mount namespace in which the closed directory is replaced by an empty one that contains only the
server's own directory, under the same path. Root owns it: an attacker who controls dnsmasq
cannot change the files that root reads and writes.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import grp
import os
import pwd
import stat
import threading
from pathlib import Path

_USERS = ("dnsmasq", "nobody")
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_SLAVE = 2, 4, 0x1000, 0x4000, 1 << 19
_CLOSED, _FILE, _OPEN_TO_GROUP = 0o700, 0o640, 0o750
_libc = ctypes.CDLL(None, use_errno=True)


@functools.cache
def identity() -> tuple[str, str]:
    """Names of the user and group that dnsmasq switches to; root's if there is no other."""
    for user in _USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(user)
            return user, grp.getgrgid(entry.pw_gid).gr_name
    return "root", "root"


def make_home(home: Path) -> None:
    """Make the server's directory, closed to all but root and the server. Raises ``OSError``."""
    home.parent.mkdir(parents=True, exist_ok=True, mode=_CLOSED)
    for parent in (home.parent, home.parent.parent):
        _set_mode(parent, _CLOSED)
    home.mkdir(exist_ok=True, mode=_CLOSED)
    _give(home, _OPEN_TO_GROUP)


def write(path: Path, text: str) -> None:
    """Replace a file of the server when it differs. Raises ``OSError``."""
    data = text.encode()
    with contextlib.suppress(OSError):
        if path.read_bytes() == data:
            _give(path, _FILE)
            return
    new_path = path.with_name(path.name + ".new")
    with open(os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    _give(new_path, _FILE)
    os.replace(new_path, path)


def close_to_others(home: Path) -> None:
    """Restrict the files that dnsmasq itself made: leases and pid. Raises ``OSError``."""
    for name in ("leases", "pid"):
        path = home / name
        if path.exists():
            os.chmod(path, path.stat().st_mode & 0o640)


def enter(home: Path) -> None:
    """Move this thread to a mount namespace in which the server can read ``home``.

    The thread must end afterwards; its child processes stay there. Raises ``OSError``.
    """
    closed = _topmost_closed(home)
    if closed is None:
        return
    _checked(_libc.unshare(_CLONE_NEWNS), "unshare")
    # unmounts outside are copied to this namespace, so a DHCP server keeps no mount busy
    _mount("none", Path("/"), "", _MS_REC | _MS_SLAVE, "")
    handle = os.open(home, os.O_PATH | os.O_DIRECTORY)
    try:
        _mount("dhcp", closed, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=64k")
        for folder in reversed([home, *home.parents]):
            if closed in folder.parents:  # chmod, to be independent of the umask of this process
                folder.mkdir()
                folder.chmod(0o755)
        _mount(f"/proc/self/task/{threading.get_native_id()}/fd/{handle}", home, "", _MS_BIND, "")
    finally:
        os.close(handle)


def _topmost_closed(home: Path) -> Path | None:
    """The highest directory above ``home`` that other users may not enter."""
    closed = None
    for parent in home.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            closed = parent
    return closed


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    result = _libc.mount(
        source.encode(), str(target).encode(), kind.encode() or None, flags,
        options.encode() or None,
    )  # fmt: skip
    _checked(result, f"mount {target}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _give(path: Path, mode: int) -> None:
    """Make the file readable by the server's group, and writable only by root."""
    group = grp.getgrnam(identity()[1]).gr_gid
    status = path.stat()
    if status.st_gid != group or status.st_uid != 0:
        os.chown(path, 0, group)
    _set_mode(path, mode)


def _set_mode(path: Path, mode: int) -> None:
    if stat.S_IMODE(path.stat().st_mode) != mode:
        os.chmod(path, mode)
