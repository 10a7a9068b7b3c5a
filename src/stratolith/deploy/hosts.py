"""`token create` and the actions of `host`: for use on the machine of the server."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

import httpx

from stratolith.agent import source_address
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel.agent.client import by_socket

_EVERYWHERE = ("0.0.0.0", "::")
# labels of a name; the last one begins with a letter
_HOST_NAME = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_SOMEWHERE = "192.0.2.1"  # of RFC 5737: any address that the default route leads to


def create_token(layout: Layout, *, minutes: int, address: str | None) -> int:
    """Print a token and the command that uses it on the other machine; raises DeployError."""
    if address is not None and not _is_address(address):
        raise DeployError(
            f"'{address}' is neither an IP address nor the name of a machine.",
            "--address IP, the server's address for the other machine",
        )
    place = layout.settings().hosts_address
    if place is None:
        raise DeployError(
            "This cloud listens on the loopback address only: no other machine can reach it.",
            "stratolith up --listen ADDRESS, or set hosts.listen in the configuration",
        )
    listen, port = place
    shown = address or (source_address(_SOMEWHERE) if listen in _EVERYWHERE else listen)
    token = ask(layout, "POST", f"/v1/cloud/tokens?minutes={minutes}")["token"]
    where = f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"
    print(f"{token}\n\nIt lets one machine join within {minutes} minutes. Run there, as root:\n")
    print(f"  stratolith join {where} {token}")
    return 0


def _is_address(text: str) -> bool:
    """Whether it is an IP address, or a host name as in RFC 1123 that is no wrong IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and _HOST_NAME.fullmatch(text) is not None
    return True


def show(layout: Layout, *, as_json: bool) -> int:
    """Print all present and former hosts; raises DeployError."""
    hosts = ask(layout, "GET", "/v1/cloud/hosts")["hosts"]
    if as_json:
        print(json.dumps(hosts, indent=2))
        return 0
    rows: list[tuple[str, ...]] = [
        ("NAME", "STATE", "ADDRESS", "DRIVERS", "CERTIFICATE UNTIL", "LAST SEEN")
    ]
    rows += [_row(host) for host in hosts]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )
    return 0


def drain(layout: Layout, name: str) -> int:
    """Place no new servers on a host; raises DeployError."""
    ask(layout, "POST", f"/v1/cloud/hosts/{name}/drain")
    print(f"Host {name} is draining: it keeps its servers and gets no new ones.")
    return 0


def activate(layout: Layout, name: str) -> int:
    """Place servers on a drained host again; raises DeployError."""
    ask(layout, "POST", f"/v1/cloud/hosts/{name}/activate")
    print(f"Host {name} is active: it takes servers.")
    return 0


def remove(layout: Layout, name: str, *, force: bool) -> int:
    """Remove a host from the cloud and revoke its certificate; raises DeployError."""
    ask(layout, "DELETE", f"/v1/cloud/hosts/{name}?force={str(force).lower()}")
    print(f"Host {name} has left the cloud. What runs on it: stratolith leave --force, there.")
    return 0


def _row(host: dict[str, Any]) -> tuple[str, ...]:
    drivers = ", ".join(sorted(set(host["drivers"].values())))
    until, seen = ((host[name] or "-")[:19] for name in ("certificate_ends_at", "last_seen_at"))
    state = "down, draining" if host["draining"] and host["state"] == "down" else host["state"]
    return host["name"], state, host["tunnel_address"] or "-", drivers or "-", until, seen


def ask(layout: Layout, method: str, path: str, *, seconds: float | None = None) -> dict[str, Any]:
    """The server's answer on its local socket; raises DeployError.

    ``seconds``: to wait for it; None: as usual.
    """
    timeout = httpx.USE_CLIENT_DEFAULT if seconds is None else seconds
    try:
        with by_socket(layout.settings().agent_socket)() as client:
            answer = client.request(method, path, timeout=timeout)
    except httpx.TransportError as error:
        raise DeployError(
            f"The server of this cloud does not answer: {error}.", "stratolith up, or use sudo"
        ) from None
    if answer.status_code >= 400:
        raise DeployError(answer.text.strip())
    return dict(answer.json()) if answer.content else {}
