"""The agent view "guests": the desired guests of a host; guest_reports.py takes its reports.

``compile_view(ctx, host, keys)`` returns a document for each server that the host must run or
destroy. It is level-triggered: the same document may come twice. A server with an unreadable or
invalid row is left out with the reason; the other servers are not affected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.compute.agent.documents import GuestDocument
from stratolith.compute.managers import (
    admin_password,
    disks,
    image_machine,
    metadata_service,
    server_operations,
    state,
)
from stratolith.compute.models import Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.context import Context
from stratolith.kernel.operations import Operation
from stratolith.kernel.readable import LeftOut
from stratolith.network.managers.servers import server_ports
from stratolith.network.managers.servers.server_ports import ServerPort

Document = dict[str, Any]
_MAKE_DRIVES = (state.CREATE, state.REBUILD)
_TO_DESTROY = ("gone", "nothing")


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> Document:
    """{"full": bool, "guests": [...], "absent": [...], "left_out": {server id: reason},
    "settings": {...}}.

    ``absent``: those of ``keys`` that are no servers of this host (deleted, moved).
    ``left_out``: the host does not change these guests.
    """
    statement = select(Server.id).where(Server.host == host, Server.deleted_at.is_(None))
    if keys is not None:
        statement = statement.where(Server.id.in_(keys))
    ids, left_out = list(ctx.session.scalars(statement)), LeftOut()
    documents = left_out.by_halves(ids, lambda some: _documents(ctx, some))
    settings = ctx.env.settings.of(ComputeSettings)
    return {
        "full": keys is None,
        "guests": documents,
        "absent": sorted(set(keys) - set(ids)) if keys is not None else [],
        "left_out": left_out.reasons,
        "settings": {
            "graceful_seconds": settings.graceful_shutdown_seconds,
            "port_seconds": settings.port_timeout,
            "image_cache_seconds": settings.image_cache_days * 86400,
        },
    }


def left_out_now(ctx: Context, server_ids: list[str]) -> dict[str, str]:
    """Those of the servers that a view leaves out -> the reason."""
    left_out = LeftOut()
    left_out.by_halves(server_ids, lambda some: _documents(ctx, some))
    return left_out.reasons


def uses_image(ctx: Context, host: str, image_id: str) -> bool:
    """Whether a server on this host uses the image, or is being built from it."""
    statement = select(Server.id).where(
        Server.host == host, Server.image_id == image_id, Server.deleted_at.is_(None)
    )
    return ctx.session.scalar(statement.limit(1)) is not None


def _documents(ctx: Context, ids: list[str]) -> list[GuestDocument]:
    """Raises an error that LeftOut handles if a row of one of these servers is invalid."""
    servers = list(ctx.session.scalars(select(Server).where(Server.id.in_(ids))))
    operations = server_operations.open_operations(ctx, ids)
    ports = server_ports.of_servers(ctx, [s.id for s in servers if _wanted(s) not in _TO_DESTROY])
    drives = _config_drives(ctx, servers, operations)
    documents = [
        _document(server, operations.get(server.id, []), ports.get(server.id, []), drives)
        for server in servers
    ]
    # the agent parses all documents together: one invalid document would break the others
    return msgspec.convert(documents, list[GuestDocument])


def _document(
    server: Server,
    operations: Sequence[Operation],
    ports: Sequence[ServerPort],
    drives: Mapping[str, dict[str, bytes]],
) -> Document:
    wanted = _wanted(server)
    if wanted in _TO_DESTROY:  # its flavor, image and ports are not needed any more
        return {
            "id": server.id,
            "generation": server.generation,
            "wanted": wanted,
            "request_id": operations[-1].request_id if operations else "",
            "spec": {"id": server.id, "name": server.instance_name, "vcpus": 1, "memory_mb": 1},
        }
    detaching = {o.params.get("port_id") for o in operations if o.kind == state.DETACH}
    return {
        "id": server.id,
        "generation": server.generation,
        "wanted": wanted,
        "built": server.launched_at is not None,
        "known_power": server.observed_power,
        "request_id": operations[-1].request_id if operations else "",
        "operations": [_operation(o) for o in operations if o.kind != state.DELETE],
        "spec": _spec(server, [p for p in ports if p.port_id not in detaching], drives),
    }


def _operation(operation: Operation) -> Document:
    return {
        "id": operation.id,
        "kind": operation.kind,
        "request_id": operation.request_id,
        "params": admin_password.without(operation.params),
    }


def _wanted(server: Server) -> str:
    """running, stopped, paused; "gone": deleted; "nothing": not deleted, but destroy the guest."""
    if server.delete_requested_at is not None:
        return "gone"
    if server.has_error and server.launched_at is None:
        return "nothing"
    return server.desired_power


def _spec(
    server: Server, ports: Sequence[ServerPort], drives: Mapping[str, dict[str, bytes]]
) -> Document:
    machine = image_machine.of_server(server.image)
    return {
        "id": server.id,
        "name": server.instance_name,
        "vcpus": server.vcpus,
        "memory_mb": server.memory_mb,
        "disks": disks.documents(server),
        "vifs": [{"port_id": p.port_id, "mac": p.mac, "tap": p.tap, "mtu": p.mtu} for p in ports],
        "arch": machine.architecture,
        "firmware": machine.firmware,
        "machine": machine.machine,
        "config_drive": drives.get(server.id),
        "project_id": server.project_id,
    }


def _config_drives(
    ctx: Context, servers: Sequence[Server], operations: Mapping[str, Sequence[Operation]]
) -> dict[str, dict[str, bytes]]:
    """Contents of the config drives to make; an existing drive never changes."""
    drives = {}
    for server in servers:
        making = [o for o in operations.get(server.id, ()) if o.kind in _MAKE_DRIVES]
        if server.config_drive and making:
            password = admin_password.opened(ctx, making[-1].params)
            drives[server.id] = metadata_service.config_drive(ctx, server, password)
    return drives
