"""The operations of servers: the record of each action, and the state columns that follow.

Every action (``server_actions``: start, stop and so on) is recorded as an operation, also those
that are done at once; the API lists the operations of a server as ``os-instance-actions``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from stratolith.compute.exceptions import ActionNotFound, InvalidState, NeverActive, ServerLocked
from stratolith.compute.managers import admin_password, state
from stratolith.compute.models import Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel import operations
from stratolith.kernel.context import Context
from stratolith.kernel.operations import OPEN, Operation, State

LOG = logging.getLogger(__name__)
SERVICE = "compute"
VIEW = "guests"


def begin(
    ctx: Context,
    servers: Sequence[Server],
    kind: str,
    *,
    seconds: float | None = None,
    params: Mapping[str, Any] | None = None,
    state: State = State.QUEUED,
) -> list[Operation]:
    """One operation of this kind for each server, in one insert; hints the hosts."""
    if seconds is None:
        seconds = ctx.env.settings.of(ComputeSettings).operation_timeout
    resources = [(server.id, server.host) for server in servers]
    found = operations.begin(
        ctx, SERVICE, resources, kind, seconds=seconds, params=params, state=state
    )
    if state in OPEN:
        for server in servers:
            if server.host:
                ctx.hint_host(server.host, VIEW, server.id)
    return found


def note_restart(ctx: Context, server: Server, detail: str) -> None:
    """Nobody asked for it, but its owner must see that a guest crashed and was started again."""
    LOG.warning("instance %s crashed (%s) and was started again", server.id, detail)
    (operation,) = begin(
        ctx,
        [server],
        state.START,
        params={"message": "The guest crashed and was started again.", "details": detail},
        state=State.DONE,
    )
    operation.project_id = server.project_id


def note(ctx: Context, server: Server, kind: str, error: str | None = None) -> Operation:
    """An act that is over already."""
    found = begin(ctx, [server], kind, state=State.ERROR if error else State.DONE)[0]
    found.error = error
    return found


def end(operation: Operation, now: datetime, error: str | None = None) -> None:
    """End an open operation; a password it carried is forgotten."""
    operations.end(operation, now, error)
    if admin_password.PARAM in operation.params:
        operation.params = admin_password.without(operation.params)


def open_operations(ctx: Context, server_ids: Sequence[str]) -> dict[str, list[Operation]]:
    """Server id -> its open operations, oldest first."""
    return operations.open_of(ctx.session, SERVICE, server_ids)


def task_of(operation: Operation) -> str:
    """The name managers.state.derive knows an operation by."""
    if operation.kind == state.REBOOT:
        soft = operation.params.get("type") == "SOFT"
        return state.SOFT_REBOOT if soft else state.HARD_REBOOT
    return operation.kind


def refresh(
    ctx: Context,
    servers: Iterable[Server],
    operations: Mapping[str, Sequence[Operation]] | None = None,
) -> None:
    """Bring the state columns in line; ``operations``: the open ones, when already loaded."""
    servers = list(servers)
    if operations is None:
        operations = open_operations(ctx, [server.id for server in servers])
    for server in servers:
        still = [one for one in operations.get(server.id, ()) if one.state in OPEN]
        found = state.derive(server, [task_of(one) for one in still])
        if server.vm_state != found.vm_state:
            server.vm_state = found.vm_state
        if server.task_state != found.task_state:
            server.task_state = found.task_state
        if server.power_state != found.power_state:
            server.power_state = found.power_state


def require(
    server: Server,
    action: str,
    *,
    vm: Iterable[str] | None = None,
    tasks: Iterable[str | None] | None = (None,),
) -> None:
    """Raise InvalidState unless the server is in one of these states; None: any.

    Raises NeverActive for one that was never built: there is no guest to act upon, and none
    will come, so an operation would wait in vain.
    """
    if vm is not None and server.vm_state not in set(vm):
        raise InvalidState(
            action=action, server_id=server.id, attribute="vm_state", state=server.vm_state
        )
    if tasks is not None and server.task_state not in set(tasks):
        raise InvalidState(
            action=action, server_id=server.id, attribute="task_state", state=server.task_state
        )
    if server.launched_at is None:
        raise NeverActive(action=action)


def require_unlocked(ctx: Context, server: Server) -> None:
    """Raise ServerLocked when somebody locked it; administrators are not held up."""
    if server.locked_by and not ctx.is_admin:
        raise ServerLocked(server_id=server.id)


def set_fault(
    ctx: Context, server: Server, message: str, *, details: str = "", code: int = 500
) -> None:
    """Put a server into ERROR with a text its owner reads (255 characters at most).

    ``details``: what administrators read; it may name files and programs of the host.
    """
    server.has_error = True
    server.fault = fault(ctx, message, details=details, code=code)


def fault(ctx: Context, message: str, *, details: str = "", code: int = 500) -> dict[str, Any]:
    """What a server's column ``fault`` holds; texts as in ``set_fault``."""
    return {
        "code": code,
        "message": message[:255],
        "created": ctx.env.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "details": details or message,
    }


def clear_fault(server: Server) -> None:
    server.has_error = False
    server.fault = None


# -- os-instance-actions -------------------------------------------------------------------------


def history(ctx: Context, server_id: str) -> list[Operation]:
    """Every act on a server, newest first."""
    statement = operations.of(SERVICE, server_id).order_by(Operation.seq.desc())
    return list(ctx.session.scalars(statement))


def of_request(ctx: Context, server_id: str, request_id: str) -> Operation:
    """Raises ActionNotFound."""
    statement = operations.of(SERVICE, server_id).where(Operation.request_id == request_id)
    found = ctx.session.scalars(statement).first()
    if found is None:
        raise ActionNotFound(request_id=request_id, server_id=server_id)
    return found
