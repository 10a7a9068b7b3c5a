"""Place routers and gateways on hosts: for the reconciler, a report or an administrator."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import host_hints, placement


def place(ctx: Context, kind: str, object_id: str, host: str) -> None:
    """Move the object to the host, and hint both this host and its former one."""
    hint = host_hints.router_place if kind == placement.ROUTER else host_hints.network
    hint(ctx, object_id)
    placement.place(ctx, kind, object_id, host)
    hint(ctx, object_id)


def settle(ctx: Context, wanted: dict[str, str]) -> None:
    """Move each object (object -> kind) to the best host now; one without a host, in the zones
    that it asks for, stays.
    """
    hints = placement.hints_of(ctx, wanted) if wanted else {}
    for object_id, kind in wanted.items():
        host = placement.choose(ctx, hints.get(object_id, ()))
        if host:
            place(ctx, kind, object_id, host)
