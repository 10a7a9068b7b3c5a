"""Checks and completes a request to create servers.

``resolve`` replaces references by copies of the current flavor, image and key. Its errors name
the wrong field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stratolith.compute.exceptions import (
    FlavorNotFound,
    HostNotFound,
    InvalidDisk,
    KeypairNotFound,
)
from stratolith.compute.managers import disks, flavors, hosts, image_machine, keypairs
from stratolith.compute.managers.disks import Disk, ImageSource
from stratolith.compute.models import Flavor
from stratolith.compute.settings import ComputeSettings
from stratolith.image.managers import generations, images
from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound

_P = "os_compute_api:"


@dataclass(frozen=True)
class ServerSpec:
    """One create request. ``networks``: list of requests, "auto", "none", or None (not given)."""

    name: str
    flavor_ref: str
    image_ref: str
    disks: Sequence[Disk] | None = None  # None: the disks of the flavor
    networks: Sequence[Mapping[str, Any]] | str | None = None
    security_groups: Sequence[str] = ()
    key_name: str | None = None
    user_data: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)  # path -> base64
    config_drive: bool = False
    availability_zone: str | None = None
    host: str | None = None
    node: str | None = None
    min_count: int = 1
    max_count: int = 1
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    description: str | None = None
    hostname: str | None = None
    access_ip_v4: str | None = None
    access_ip_v6: str | None = None
    disk_config: str = "MANUAL"
    hints: Mapping[str, Any] = field(default_factory=dict)
    knows_port_demands: bool = True  # False: a client of an old microversion
    admin_pass: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Resolved:
    """The objects that a spec refers to; ``disk_gb``: total disk of one server, rounded up."""

    flavor: Flavor
    image: dict[str, Any]
    disks: list[Disk]
    key: dict[str, Any] | None
    zone: str | None
    host: str | None
    config_drive: bool

    @property
    def disk_gb(self) -> int:
        return self.flavor.disk + self.flavor.ephemeral + -(-self.flavor.swap // 1024)

    @property
    def resources(self) -> dict[str, int]:
        return {
            "VCPU": self.flavor.vcpus,
            "MEMORY_MB": self.flavor.ram,
            "DISK_GB": self.disk_gb,
        }


def resolve(ctx: Context, spec: ServerSpec) -> Resolved:
    """Raises BadRequest or Forbidden; the message names the wrong field."""
    flavor = _flavor(ctx, spec)
    decided, image = _disks(ctx, spec, flavor)
    check_fits(flavor, image)
    if flavor.disk == 0 and not ctx.can(_P + "servers:create:zero_disk_flavor"):
        raise Forbidden("Only volume-backed servers are allowed for flavors with zero disk.")
    zone, host = _destination(ctx, spec)
    check_limits(ctx, spec.metadata, spec.files)
    wanted_drive = image["properties"].get("img_config_drive") == "mandatory"
    return Resolved(
        flavor=flavor,
        image=image,
        disks=decided,
        key=_key(ctx, spec.key_name),
        zone=zone,
        host=host,
        config_drive=spec.config_drive or wanted_drive,
    )


def _flavor(ctx: Context, spec: ServerSpec) -> Flavor:
    try:
        flavor = flavors.get(ctx, spec.flavor_ref)
    except FlavorNotFound as error:
        raise BadRequest(str(error)) from None
    if flavor.disabled:
        raise BadRequest(f"Flavor {spec.flavor_ref} is disabled.")
    return flavor


def _disks(ctx: Context, spec: ServerSpec, flavor: Flavor) -> tuple[list[Disk], dict[str, Any]]:
    """The server's disks and the image of its boot disk."""
    if not spec.image_ref and spec.disks is None:
        raise BadRequest("Missing imageRef attribute")
    limit = ctx.env.settings.of(ComputeSettings).max_local_block_devices
    decided = disks.decide(flavor, spec.image_ref, spec.disks, limit)
    for disk in decided:
        if isinstance(disk.source, ImageSource) and disk.source.id != spec.image_ref:
            _refuse_image(ctx, disk.source.id)
    return decided, load_image(ctx, spec.image_ref)


def _refuse_image(ctx: Context, image_id: str) -> None:
    """Raise InvalidDisk: a local disk can only be made from the server's own image."""
    try:
        images.require_bootable(ctx, image_id)
    except (NotFound, Conflict):
        raise InvalidDisk(f"failed to get image {image_id}.") from None
    raise InvalidDisk("it boots from another image.")


def load_image(ctx: Context, image_ref: str) -> dict[str, Any]:
    """The copy of an image that a server keeps; raises BadRequest."""
    try:
        image = images.require_bootable(ctx, image_ref)
    except NotFound:
        raise BadRequest(f"Can not find requested image {image_ref}.") from None
    except Conflict as error:
        raise BadRequest(str(error)) from None
    facts = image_facts(image)
    image_machine.of(facts["properties"])
    return facts


def image_facts(image: Any) -> dict[str, Any]:
    """Sizes in bytes; min_disk in GiB, min_ram in MiB."""
    return {
        "id": image.id,
        "name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "size": image.size or 0,
        "virtual_size": image.virtual_size or image.size or 0,
        "sha512": image.os_hash_value or "",
        "generation": generations.of(image),
        "min_disk": image.min_disk or 0,
        "min_ram": image.min_ram or 0,
        "properties": {key: str(value) for key, value in (image.properties or {}).items()},
    }


def check_fits(flavor: Flavor, image: Mapping[str, Any]) -> None:
    """Raise BadRequest if the image needs more memory or disk than the flavor has."""
    if flavor.ram < image["min_ram"]:
        raise BadRequest("Flavor's memory is too small for requested image.")
    if flavor.disk == 0:
        return
    if flavor.disk < image["min_disk"]:
        raise BadRequest(
            "The size of the flavor's disk is smaller than the image's minimum: "
            f"{flavor.disk} GB, minimum {image['min_disk']} GB."
        )
    if flavor.disk << 30 < image["virtual_size"]:
        raise BadRequest(
            f"Flavor's disk is too small for requested image. Flavor disk is {flavor.disk << 30} "
            f"bytes, image is {image['virtual_size']} bytes."
        )


def _key(ctx: Context, name: str | None) -> dict[str, Any] | None:
    if not name:
        return None
    try:
        keypair = keypairs.get(ctx, ctx.user_id, name)
    except KeypairNotFound:
        raise BadRequest("Invalid key_name provided.") from None
    return {"name": keypair.name, "type": keypair.type, "public_key": keypair.public_key}


def _destination(ctx: Context, spec: ServerSpec) -> tuple[str | None, str | None]:
    """The requested (zone, host): from ``zone:host:node`` or the host fields of 2.74."""
    zone, host, node = spec.availability_zone, spec.host, spec.node
    if zone and ":" in zone:
        parts = zone.split(":")
        if len(parts) > 3:
            raise BadRequest(f"Invalid input for field/attribute availability_zone: {zone}")
        zone, host = parts[0], parts[1] or None
        node = (parts[2] or None) if len(parts) == 3 else node
        ctx.authorize(_P + "servers:create:forced_host")
    elif host or node:
        ctx.authorize("compute:servers:create:requested_destination")
    host = host or node
    if host:
        try:
            hosts.get(ctx, host)
        except HostNotFound as error:
            raise BadRequest(str(error)) from None
    if zone and zone not in hosts.zone_names(ctx):
        raise BadRequest("The requested availability zone is not available")
    return zone or None, host


def check_limits(ctx: Context, metadata: Mapping[str, str], files: Mapping[str, str]) -> None:
    """Raise Forbidden if a server would have too many metadata items or files."""
    if not metadata and not files:
        return
    limits = quota.limits(ctx, ctx.project_id)
    if 0 <= limits["metadata_items"] < len(metadata):
        raise Forbidden(f"Maximum number of metadata items exceeds {limits['metadata_items']}")
    if 0 <= limits["injected_files"] < len(files):
        raise Forbidden(f"Maximum number of injected files exceeds {limits['injected_files']}")
    for path, content in files.items():
        if 0 <= limits["injected_file_path_bytes"] < len(path.encode()):
            raise Forbidden("The path of an injected file is too long.")
        if 0 <= limits["injected_file_content_bytes"] < len(content) * 3 // 4:
            raise Forbidden(f"The content of the injected file {path} is too long.")


# -- names ---------------------------------------------------------------------------------------


def hostname_of(name: str, server_id: str) -> str:
    """A valid host name, derived from a display name; never empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[\s_.]+", "-", plain)
    plain = re.sub(r"[^a-z0-9-]", "", plain).strip("-")[:63].strip("-")
    return plain or f"server-{server_id}"


def numbered(name: str, index: int, count: int) -> str:
    """The name of one server; with a number if the request creates several."""
    return f"{name}-{index + 1}" if count > 1 else name
