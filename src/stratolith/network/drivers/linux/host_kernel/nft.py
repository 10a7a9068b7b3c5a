"""Run nft: load whole tables in one transaction, and touch only our own tables."""

from __future__ import annotations

import contextlib
import subprocess

from stratolith.network.drivers.base import NetworkDriverError

_TIMEOUT = 30.0
_PROBE = """table bridge {name} {{
  chain probe {{
    type filter hook forward priority 0
    ct state established accept
  }}
  chain zone {{
    type filter hook prerouting priority -350
    ct zone set 1
  }}
}}
"""


def load(text: str) -> None:
    """Load a ruleset in this thread's namespace, completely or not at all.

    Raises ``NetworkDriverError`` with nft's first error message.
    """
    result = _run(["nft", "-f", "-"], text)
    if result.returncode != 0:
        raise NetworkDriverError(f"nft: {_first_line(result.stderr)}")


def complaint(text: str) -> str | None:
    """The error that nft and the kernel report for a ruleset; None when they accept it.

    Raises ``NetworkDriverError`` when nft does not run.
    """
    result = _run(["nft", "-c", "-f", "-"], text)
    return None if result.returncode == 0 else f"nft: {_first_line(result.stderr)}"


def listing(table: str) -> str | None:
    """The table ("inet stratolith") as the kernel has it; None if it does not exist."""
    result = _run(["nft", "-s", "list", "table", *table.split()], "")
    return result.stdout if result.returncode == 0 else None


def counters(table: str) -> str:
    """The named counters of a table as nft shows them; "" if the table does not exist."""
    family, name = table.split()
    result = _run(["nft", "list", "counters", "table", family, name], "")
    return result.stdout if result.returncode == 0 else ""


def remove(tables: list[str]) -> None:
    """Delete tables; missing tables are no error."""
    load("".join(f"table {name} {{\n}}\ndelete table {name}\n" for name in tables))


def has_bridge_conntrack(name: str) -> bool:
    """Whether the bridge family supports connection tracking; changes nothing in the kernel."""
    return _run(["nft", "-c", "-f", "-"], _PROBE.format(name=f"{name}_probe")).returncode == 0


def _run(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkDriverError(f"cannot run nft: {error}") from error


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:2]) if lines else "failed without a message"


def load_module(name: str) -> None:
    """Load a kernel module; no error on failure, since the kernel may have it built in."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["modprobe", name], capture_output=True, timeout=_TIMEOUT, check=False)
