"""The operations of servers: the record of each action, and the state columns derived from them.

Every action (``server_actions``: start, stop and so on) is recorded as an operation, even if it
ends at once; the API lists the operations of a server as ``os-instance-actions``.
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
    """Add one operation of this kind for each server, in one insert, and hint the hosts."""
    if seconds is None:
        seconds = ctx.env.settings.of(ComputeSettings).operation_timeout
    resources = [(server.id, server.host) for server in servers]
    begun = operations.begin(
        ctx, SERVICE, resources, kind, seconds=seconds, params=params, state=state
    )
    if state in OPEN:
        for server in servers:
            if server.host:
                ctx.hint_host(server.host, VIEW, server.id)
    return begun


def note_restart(ctx: Context, server: Server, detail: str) -> None:
    """Record that a guest crashed and was restarted, so that its owner can see it."""
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
    """Record an action that has already ended."""
    operation = begin(ctx, [server], kind, state=State.ERROR if error else State.DONE)[0]
    operation.error = error
    return operation


def end(operation: Operation, now: datetime, error: str | None = None) -> None:
    """End an open operation and remove the password from its params."""
    operations.end(operation, now, error)
    if admin_password.PARAM in operation.params:
        operation.params = admin_password.without(operation.params)


def open_operations(ctx: Context, server_ids: Sequence[str]) -> dict[str, list[Operation]]:
    """Server id -> its open operations, oldest first."""
    return operations.open_of(ctx.session, SERVICE, server_ids)


def task_of(operation: Operation) -> str:
    """The name of an operation for managers.state.derive."""
    if operation.kind == state.REBOOT:
        soft = operation.params.get("type") == "SOFT"
        return state.SOFT_REBOOT if soft else state.HARD_REBOOT
    return operation.kind


def refresh(
    ctx: Context,
    servers: Iterable[Server],
    operations: Mapping[str, Sequence[Operation]] | None = None,
) -> None:
    """Update the state columns; ``operations``: the open operations, if already loaded."""
    servers = list(servers)
    if operations is None:
        operations = open_operations(ctx, [server.id for server in servers])
    for server in servers:
        still = [
            operation for operation in operations.get(server.id, ()) if operation.state in OPEN
        ]
        derived = state.derive(server, [task_of(operation) for operation in still])
        if server.vm_state != derived.vm_state:
            server.vm_state = derived.vm_state
        if server.task_state != derived.task_state:
            server.task_state = derived.task_state
        if server.power_state != derived.power_state:
            server.power_state = derived.power_state


def require(
    server: Server,
    action: str,
    *,
    vm: Iterable[str] | None = None,
    tasks: Iterable[str | None] | None = (None,),
) -> None:
    """Raise InvalidState unless the server is in one of these states; None allows any state.

    Raises NeverActive for a server that was never built: it has no guest, so an operation would
    never end.
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
    """Raise ServerLocked if the server is locked and the caller is no administrator."""
    if server.locked_by and not ctx.is_admin:
        raise ServerLocked(server_id=server.id)


def set_fault(
    ctx: Context, server: Server, message: str, *, details: str = "", code: int = 500
) -> None:
    """Put a server into ERROR with a message for its owner (at most 255 characters).

    ``details``: the text for administrators; it may name files and programs of the host.
    """
    server.has_error = True
    server.fault = fault(ctx, message, details=details, code=code)


def fault(ctx: Context, message: str, *, details: str = "", code: int = 500) -> dict[str, Any]:
    """The value of a server's column ``fault``; the texts are as in ``set_fault``."""
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
    """All operations of a server, newest first."""
    statement = operations.of(SERVICE, server_id).order_by(Operation.seq.desc())
    return list(ctx.session.scalars(statement))


def of_request(ctx: Context, server_id: str, request_id: str) -> Operation:
    """Raises ActionNotFound."""
    statement = operations.of(SERVICE, server_id).where(Operation.request_id == request_id)
    operation = ctx.session.scalars(statement).first()
    if operation is None:
        raise ActionNotFound(request_id=request_id, server_id=server_id)
    return operation
