"""The mark of our namespaces: the alias of their loopback device, which names the cloud.

A namespace cannot carry a label itself. The ledger records those that are ours; the mark tells it
when the ledger was lost. It is set before the namespace gets its name.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink

_LOOPBACK = "lo"


def of_cloud(state_dir: Path) -> str:
    """The mark of the cloud with this state directory."""
    return f"stratolith:{names.digest(str(state_dir.absolute()))}"


def put(mark: str) -> None:
    """Mark the namespace of this thread. Raises ``OSError``."""
    loopback = netlink.link(_LOOPBACK)
    if loopback is None or loopback.alias == mark:
        return
    ip: Any = IPRoute()
    try:
        ip.link("set", index=loopback.index, ifalias=mark)
    except NetlinkError as error:
        raise OSError(error.code, f"alias of {_LOOPBACK}: {error}") from error
    finally:
        ip.close()


def has(name: str, mark: str) -> bool:
    """Whether the namespace exists and has the mark."""

    def alias() -> str:
        loopback = netlink.link(_LOOPBACK)
        return loopback.alias if loopback is not None else ""

    with contextlib.suppress(OSError, NetworkDriverError, NetlinkError):
        return namespaces.run_in(name, alias) == mark
    return False


def inodes(mark: str) -> dict[str, int]:
    """Name -> inode of all namespaces with the mark."""
    try:
        present = sorted(os.listdir(namespaces.DIRECTORY))
    except OSError:
        return {}
    marked = {name: namespaces.inode(name) for name in present if has(name, mark)}
    return {name: number for name, number in marked.items() if number is not None}
