"""Rebuild a server: it keeps its identity, host and ports, and gets a new disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from stratolith.compute.exceptions import KeypairNotFound, NoValidHost
from stratolith.compute.managers import (
    admin_password,
    disks,
    hosts,
    image_machine,
    keypairs,
    metadata_service,
    server_operations,
    server_spec,
    state,
)
from stratolith.compute.managers.server_actions import require_host_up
from stratolith.compute.models import Server
from stratolith.compute.scheduler import demands
from stratolith.compute.scheduler.filters import (
    MACHINE,
    Candidate,
    Request,
    first_objection,
    unmet,
)
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.placement.managers import traits

LOG = logging.getLogger(__name__)


def rebuild(
    ctx: Context, server: Server, image_ref: str, changes: Mapping[str, Any], admin_pass: str
) -> None:
    """``changes``: columns of the server to change; "key_name" is looked up.

    Raises InvalidState, ServerLocked, Conflict, BadRequest.
    """
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "rebuild", vm=("active", "stopped", "error", "paused"))
    require_host_up(ctx, server)
    image = server_spec.load_image(ctx, image_ref)
    _check_size(server, image)
    _check_machine(ctx, server, image)
    values = dict(changes)
    if "key_name" in values:
        server.key = _key(ctx, server, values["key_name"])
    if "properties" in values:
        server_spec.check_limits(ctx, values["properties"], {})
    for column, value in values.items():
        setattr(server, column, value)
    server.disks = disks.rebuilt(server, image["id"])
    server.image_id, server.image = image["id"], image
    server.generation += 1
    if server.desired_power == "paused":
        server.desired_power = "running"
    seconds = ctx.env.settings.of(ComputeSettings).build_timeout
    params = {}
    if server.config_drive:
        params[admin_password.PARAM] = admin_password.seal(ctx, admin_pass)
    (operation,) = server_operations.begin(
        ctx, [server], state.REBUILD, seconds=seconds, params=params
    )
    metadata_service.changed(ctx, server)
    server_operations.refresh(ctx, [server], {server.id: [operation]})


def _check_size(server: Server, image: Mapping[str, Any]) -> None:
    flavor = server.flavor
    if flavor["ram"] < image["min_ram"]:
        raise BadRequest("Flavor's memory is too small for requested image.")
    if flavor["disk"] and (
        flavor["disk"] < image["min_disk"] or flavor["disk"] << 30 < image["virtual_size"]
    ):
        raise BadRequest("Flavor's disk is too small for requested image.")


def _check_machine(ctx: Context, server: Server, image: Mapping[str, Any]) -> None:
    """Raise NoValidHost if the server's host cannot run the new image: it stays on its host."""
    row, wanted = hosts.get(ctx, server.host or ""), image_machine.of(image["properties"])
    request = Request({}, architecture=wanted.architecture, needs_uefi=wanted.firmware == "uefi")
    architectures, uefi = row.facts.get("architectures", ()), row.facts.get("uefi", ())
    demanded = demands.of(server.flavor["extra_specs"], image["properties"])
    request.impossible, request.required_traits = demanded.impossible, demanded.required
    has = traits.of_provider(ctx, row.uuid)
    host = Candidate(row.host, row.uuid, "", True, None, architectures, uefi=uefi, traits=has)
    refused = first_objection(MACHINE, host, request)
    if refused is not None:
        LOG.info("server %s cannot be rebuilt: %s", server.id, refused)  # names the host
        raise NoValidHost(reason=unmet(request, {refused.partition(":")[0]}))


def _key(ctx: Context, server: Server, name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    try:
        keypair = keypairs.get(ctx, ctx.user_id, name)
    except KeypairNotFound:
        raise BadRequest("Invalid key_name provided.") from None
    return {"name": keypair.name, "type": keypair.type, "public_key": keypair.public_key}
