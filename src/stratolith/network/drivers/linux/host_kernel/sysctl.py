"""Kernel settings below /proc/sys, in the namespace of the calling thread."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path("/proc/sys")


def read(key: str) -> str | None:
    """The value of "net/ipv4/ip_forward"; None when the kernel has no such setting."""
    try:
        return (_ROOT / key).read_text().strip()
    except OSError:
        return None


def write(key: str, value: str) -> None:
    """Set the value unless it is set already. Raises ``OSError``."""
    if read(key) != value:
        (_ROOT / key).write_text(value)


def disable_ipv6(device: str) -> None:
    """Keep the host off a tenant's network: no link-local address, no router discovery."""
    key = f"net/ipv6/conf/{device}/disable_ipv6"
    if read(key) == "0":
        write(key, "1")
