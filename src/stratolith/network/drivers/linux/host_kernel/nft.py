"""Running nft: whole tables in one transaction, and nothing but tables of ours."""

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
    """Load a ruleset in this thread's namespace, all of it or nothing.

    Raises ``NetworkDriverError`` with nft's first complaint.
    """
    result = _run(["nft", "-f", "-"], text)
    if result.returncode != 0:
        raise NetworkDriverError(f"nft: {_first_line(result.stderr)}")


def complaint(text: str) -> str | None:
    """What nft and the kernel would say against a ruleset; None when they would take it.

    Raises ``NetworkDriverError`` when nft cannot be asked.
    """
    result = _run(["nft", "-c", "-f", "-"], text)
    return None if result.returncode == 0 else f"nft: {_first_line(result.stderr)}"


def listing(table: str) -> str | None:
    """The table ("inet stratolith") as the kernel has it; None when there is none."""
    result = _run(["nft", "-s", "list", "table", *table.split()], "")
    return result.stdout if result.returncode == 0 else None


def remove(tables: list[str]) -> None:
    """Delete tables, also those that are not there."""
    load("".join(f"table {name} {{\n}}\ndelete table {name}\n" for name in tables))


def has_bridge_conntrack(name: str) -> bool:
    """Whether the bridge family knows connections; asks the kernel and changes nothing."""
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
    return " ".join(lines[:2]) if lines else "failed without a word"


def load_module(name: str) -> None:
    """Ask for a kernel module; a kernel without modules may have it built in, so no error."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["modprobe", name], capture_output=True, timeout=_TIMEOUT, check=False)
