"""Calls of the network API for a caller, with the network API's own policy rules.

All calls run the network service's routes in the caller's transaction (kernel/http/proxy.py);
rows are the JSON objects of the network API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict, NotFound
from stratolith.kernel.http import proxy
from stratolith.kernel.ids import is_uuid

Row = dict[str, Any]
_CHUNK = 150


def groups(ctx: Context, group_ids: Iterable[str]) -> list[Row]:
    """The given security groups, as far as the caller may see them, sorted by name."""
    ids = list(group_ids)
    rows: list[Row] = []
    for at in range(0, len(ids), _CHUNK):
        chunk = ids[at : at + _CHUNK]
        rows += proxy.every(ctx, "network", "/security-groups", "security_groups", id=chunk)
    return sorted(rows, key=lambda group: (group["name"], group["id"]))


def group(ctx: Context, name_or_id: str) -> Row:
    """A security group by id, or by its name in the caller's project.

    Raises NotFound, and Conflict if several groups have the name.
    """
    if is_uuid(name_or_id):
        try:
            path = f"/security-groups/{name_or_id}"
            return dict(proxy.call(ctx, "network", "GET", path)["security_group"])
        except NotFound:
            pass
    rows = proxy.every(
        ctx,
        "network",
        "/security-groups",
        "security_groups",
        name=name_or_id,
        project_id=ctx.project_id,
    )
    if not rows:
        raise NotFound(f"Security group {name_or_id} could not be found.")
    if len(rows) > 1:
        raise Conflict(f"Several security groups are called {name_or_id}: name one by its id.")
    return dict(rows[0])


def set_groups(ctx: Context, port_id: str, group_ids: Iterable[str]) -> None:
    """Set the security groups of a port."""
    body = {"port": {"security_groups": list(group_ids)}}
    proxy.call(ctx, "network", "PUT", f"/ports/{port_id}", body)


def port(ctx: Context, port_id: str) -> Row:
    """Raises NotFound."""
    return dict(proxy.call(ctx, "network", "GET", f"/ports/{port_id}")["port"])


def floating_ip(ctx: Context, address: str) -> Row | None:
    """The floating IP with this address, if the caller may see it."""
    rows = proxy.every(ctx, "network", "/floatingips", "floatingips", floating_ip_address=address)
    return dict(rows[0]) if rows else None


def update_floating_ip(ctx: Context, floating_id: str, values: Row) -> None:
    proxy.call(ctx, "network", "PUT", f"/floatingips/{floating_id}", {"floatingip": values})


def external_networks(ctx: Context) -> list[Row]:
    """External networks that the caller may see, sorted by name."""
    networks = proxy.every(ctx, "network", "/networks", "networks", **{"router:external": "true"})
    return sorted(networks, key=lambda network: (network["name"], network["id"]))
