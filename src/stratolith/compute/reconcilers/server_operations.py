"""Ends operations that are past their deadline, and deletions whose host is down."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from stratolith.compute.managers import hosts, server_operations, state, unusable
from stratolith.compute.managers.server_actions import finish_deletion
from stratolith.compute.models import Server
from stratolith.kernel import operations
from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.kernel.reconcile import Reconciler, Result


class ServerSweep(Reconciler):
    """Keys are server ids. An operation past its deadline fails with a fault."""

    name = "compute.server-sweep"
    interval = 5.0
    workers = 4  # a host that goes down leaves many servers at once
    shards = 8

    def keys(self, ctx: Context) -> Iterable[str]:
        late = operations.overdue(ctx.session, server_operations.SERVICE, ctx.env.clock.now())
        alive = hosts.alive(ctx)
        leaving = ctx.session.scalars(
            select(Server.id).where(
                Server.delete_requested_at.is_not(None),
                Server.deleted_at.is_(None),
                or_(Server.host.is_(None), Server.host.not_in(alive)),
            )
        )
        return sorted(late | set(leaving))

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        def look(_: list[str]) -> tuple[()]:
            with ctx.session.begin_nested():
                self._look(ctx, key)
            return ()

        left_out = LeftOut()
        left_out.by_halves([key], look)
        for reason in left_out.reasons.values():
            unusable.mark(ctx, key, reason)
            unusable.end_late(ctx, key, reason)
        return None

    def _look(self, ctx: Context, key: str) -> None:
        server = ctx.session.scalars(select(Server).where(Server.id == key)).first()
        if server is None or server.deleted_at is not None:
            self._abandon(ctx, key)
            return
        if server.delete_requested_at is not None and server.host not in hosts.alive(ctx):
            finish_deletion(ctx, [server])
            return
        self._fail_late(ctx, server)

    def _fail_late(self, ctx: Context, server: Server) -> None:
        now = ctx.env.clock.now()
        waiting = server_operations.open_operations(ctx, [server.id])
        for operation in waiting.get(server.id, ()):
            if operation.deadline_at is None or operation.deadline_at >= now:
                continue
            error = f"{operation.kind} did not end in time on host {operation.owner}."
            server_operations.end(operation, now, error)
            if operation.kind not in (state.ATTACH, state.DETACH):
                message = f"The {operation.kind} of the instance did not end in time."
                server_operations.set_fault(ctx, server, message, details=error)
        server_operations.refresh(ctx, [server], waiting)

    def _abandon(self, ctx: Context, server_id: str) -> None:
        """End the open operations of a deleted server."""
        now = ctx.env.clock.now()
        for operation in server_operations.open_operations(ctx, [server_id]).get(server_id, ()):
            server_operations.end(operation, now, "given up: the server is deleted")
