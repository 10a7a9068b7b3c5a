"""What a host's agent is told about its guests, and what becomes of its reports.

View "guests": ``compile_view(ctx, host, keys)`` gives a document for each server of the host
that has to be there or has to go; ``take_report`` takes facts, states and results, many at
once, in one transaction. Both are level-triggered: any document or report may come twice.

A report: {"facts": {...}?, "guests": [{"id", "power", "vifs", "detail"}], "gone": [ids],
"results": [{"server_id", "operation_id", "error", "told"}], "faults": [{"id", "message"}],
"restarts": [{"id", "detail"}], "unknown": [ids]}. The answer names the unknown guests that are to
be destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.compute.managers import actions, admin_password, hosts, image_machine, state
from stratolith.compute.managers.server_acts import finish_deletion
from stratolith.compute.managers.servers import by_ids
from stratolith.compute.models import Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.context import Context
from stratolith.kernel.operations import OPEN, Operation
from stratolith.network.managers import server_ports
from stratolith.network.managers.server_ports import ServerPort

Document = dict[str, Any]
_BY_SERVER = ("guests", "faults", "restarts")  # parts of a report that name servers by "id"
LOG = logging.getLogger(__name__)
_FAILED = "The {} of the instance failed on its host; administrators can read the details."
_MAKE_DRIVES = (state.CREATE, state.REBUILD)


# -- what should be ------------------------------------------------------------------------------


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> Document:
    """{"full": bool, "guests": [...], "absent": [...]}.

    ``absent``: those of ``keys`` that have no business on this host (deleted, moved).
    """
    statement = select(Server).where(Server.host == host, Server.deleted_at.is_(None))
    if keys is not None:
        statement = statement.where(Server.id.in_(keys))
    servers = list(ctx.session.scalars(statement))
    ids = [server.id for server in servers]
    operations = actions.open_operations(ctx, ids)
    ports = server_ports.of_servers(ctx, ids) if ids else {}
    drives = _config_drives(ctx, servers, operations)
    found = [
        _document(server, operations.get(server.id, []), ports.get(server.id, []), drives)
        for server in servers
    ]
    settings = ctx.env.settings.of(ComputeSettings)
    return {
        "full": keys is None,
        "guests": found,
        "absent": sorted(set(keys) - set(ids)) if keys is not None else [],
        "graceful_seconds": settings.graceful_shutdown_seconds,
    }


def _document(
    server: Server,
    operations: Sequence[Operation],
    ports: Sequence[ServerPort],
    drives: Mapping[str, dict[str, bytes]],
) -> Document:
    detaching = {o.params.get("port_id") for o in operations if o.kind == state.DETACH}
    return {
        "id": server.id,
        "generation": server.generation,
        "wanted": _wanted(server),
        "built": server.launched_at is not None,
        "known_power": server.observed_power,
        "request_id": operations[-1].request_id if operations else "",
        "operations": [_operation(o) for o in operations if o.kind != state.DELETE],
        "image": _image(server),
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
    """running, stopped, paused; "gone"; "nothing": leave no trace, but it is not deleted."""
    if server.delete_requested_at is not None:
        return "gone"
    if server.has_error and server.launched_at is None:
        return "nothing"
    return server.desired_power


def _image(server: Server) -> Document | None:
    if not server.image_id:
        return None
    return {
        "id": server.image_id,
        "format": server.image.get("disk_format", "raw"),
        "size": server.image.get("size", 0),
        "sha512": server.image.get("sha512", ""),
        "generation": server.image.get("generation", ""),
    }


def _spec(
    server: Server, ports: Sequence[ServerPort], drives: Mapping[str, dict[str, bytes]]
) -> Document:
    flavor, machine = server.flavor, image_machine.of_server(server.image)
    disks: list[Document] = [{"role": "root", "size_bytes": flavor["disk"] << 30}]
    if flavor["ephemeral"]:
        disks.append({"role": "ephemeral", "size_bytes": flavor["ephemeral"] << 30})
    if flavor["swap"]:
        disks.append({"role": "swap", "size_bytes": flavor["swap"] << 20})
    return {
        "id": server.id,
        "name": server.instance_name,
        "vcpus": server.vcpus,
        "memory_mb": server.memory_mb,
        "disks": disks,
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
    """Contents of the drives that are about to be made; a made drive never changes."""
    from stratolith.compute.managers import metadata_service

    found = {}
    for server in servers:
        making = [o for o in operations.get(server.id, ()) if o.kind in _MAKE_DRIVES]
        if server.config_drive and making:
            password = admin_password.opened(ctx, making[-1].params)
            found[server.id] = metadata_service.config_drive(ctx, server, password)
    return found


# -- what is -------------------------------------------------------------------------------------


def take_report(ctx: Context, host: str, payload: Document) -> Document:
    """Write down what a host observed; gives {"destroy": [ids]}."""
    if payload.get("facts"):
        hosts.report(ctx, host, payload["facts"])
    ids = {one["id"] for part in _BY_SERVER for one in payload.get(part, ())}
    ids |= {one["server_id"] for one in payload.get("results", ())} | set(payload.get("gone", ()))
    servers = {
        server_id: server
        for server_id, server in by_ids(ctx, list(ids)).items()
        if server.host == host and server.deleted_at is None
    }
    operations = actions.open_operations(ctx, list(servers))
    for one in payload.get("guests", ()):
        if one["id"] in servers:
            _observe(ctx, servers[one["id"]], one)
    for one in payload.get("results", ()):
        if one["server_id"] in servers:
            _end(ctx, servers[one["server_id"]], operations, one)
    for one in payload.get("faults", ()):
        if one["id"] in servers:
            actions.set_fault(ctx, servers[one["id"]], one["message"])
    for one in payload.get("restarts", ()):
        if one["id"] in servers:
            actions.note_restart(ctx, servers[one["id"]], str(one.get("detail", "")))
    _adopt(servers.values(), operations, {one["id"] for one in payload.get("guests", ())})
    gone = [servers[i] for i in payload.get("gone", ()) if i in servers]
    actions.refresh(ctx, servers.values(), operations)
    finish_deletion(ctx, [s for s in gone if s.delete_requested_at is not None])
    return {"destroy": _to_destroy(ctx, host, payload.get("unknown", ()))}


def _observe(ctx: Context, server: Server, seen: Mapping[str, Any]) -> None:
    """A state that is no news writes nothing."""
    if server.observed_power != seen["power"]:
        server.observed_power = seen["power"]
        server.observed_at = ctx.env.clock.now()
    if server.observed_vifs != seen.get("vifs", []):
        server.observed_vifs = seen.get("vifs", [])


def _end(
    ctx: Context,
    server: Server,
    operations: Mapping[str, Sequence[Operation]],
    result: Mapping[str, Any],
) -> None:
    now = ctx.env.clock.now()
    for operation in operations.get(server.id, ()):
        if operation.id != result["operation_id"] or operation.state not in OPEN:
            continue
        error = result.get("error")
        actions.end(operation, now, error)
        if operation.kind == state.DETACH and not error:
            _drop_port(ctx, server, operation.params["port_id"])
        if error:
            LOG.warning("%s of instance %s failed: %s", operation.kind, server.id, error)
            _failed(ctx, server, operation, error, str(result.get("told") or ""))
        elif operation.kind in (state.CREATE, state.REBOOT, state.REBUILD, state.START):
            actions.clear_fault(server)
            if operation.kind == state.CREATE and server.launched_at is None:
                server.launched_at = now


def _failed(ctx: Context, server: Server, operation: Operation, error: str, told: str) -> None:
    """A failed hot-plug leaves the server as it was; any other failure is its fault.

    ``told``: what of the error the server's owner may read; else the fault says what failed.
    """
    if operation.kind == state.ATTACH:
        _drop_port(ctx, server, operation.params["port_id"])
    elif operation.kind != state.DETACH:
        told = told or _FAILED.format(operation.kind.replace("_", " "))
        actions.set_fault(ctx, server, told, details=error)
        if server.observed_power == "shutdown":
            server.desired_power = "stopped"
        if server.host:  # what is left of a failed build has to go
            ctx.hint_host(server.host, actions.VIEW, server.id)


def _drop_port(ctx: Context, server: Server, port_id: str) -> None:
    ports = server_ports.of_servers(ctx, [server.id]).get(server.id, [])
    if any(port.port_id == port_id for port in ports):
        server_ports.detach(ctx, server.id, port_id)


def _adopt(servers: Any, operations: Mapping[str, Sequence[Operation]], reported: set[str]) -> None:
    """A guest that went off, or was paused, by itself stays so: it is what its user did."""
    power_kinds = {state.CREATE, state.START, state.STOP, state.REBOOT, state.REBUILD}
    power_kinds |= {state.PAUSE, state.UNPAUSE}
    for server in servers:
        busy = any(
            one.kind in power_kinds and one.state in OPEN for one in operations.get(server.id, ())
        )
        if server.id not in reported or busy or server.launched_at is None:
            continue
        if server.observed_power == "shutdown" and server.desired_power == "running":
            server.desired_power = "stopped"


def _to_destroy(ctx: Context, host: str, unknown: Sequence[str]) -> list[str]:
    """Of the guests a host has and its full view has not: those known to be no server of it."""
    if not unknown:
        return []
    rows = by_ids(ctx, unknown)
    return [
        guest_id
        for guest_id in unknown
        if guest_id not in rows
        or rows[guest_id].deleted_at is not None
        or rows[guest_id].host != host
    ]
