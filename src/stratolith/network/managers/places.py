"""Placing routers and gateways on hosts: by the loop, by a report, by an administrator."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import host_hints, placement


def place(ctx: Context, kind: str, object_id: str, host: str) -> None:
    """Give it to the host, and tell both it and the one that has it so far."""
    tell = host_hints.router_place if kind == placement.ROUTER else host_hints.network
    tell(ctx, object_id)
    placement.place(ctx, kind, object_id, host)
    tell(ctx, object_id)


def settle(ctx: Context, wanted: dict[str, str]) -> None:
    """Give each (object -> kind) to the host that is best now."""
    host = placement.choose(ctx) if wanted else ""
    for object_id, kind in wanted.items() if host else ():
        place(ctx, kind, object_id, host)
