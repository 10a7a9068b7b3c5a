"""The first images of a new cloud: the seed's files, or two tiny ones for simulated hosts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from stratolith.image.managers import images
from stratolith.image.models import Image
from stratolith.image.store import files
from stratolith.image.store.inspection import Inspection
from stratolith.image.store.receiving import Received, Receiver
from stratolith.kernel.architecture import of_this_host
from stratolith.kernel.bootstrap import Seed, SeedImage
from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid

BLOCK = 4 << 20
TINY = 64 << 10
FIRST = "cirros"
# Scripts for other clouds expect this name.
LONG_NAME = "cirros-0.6.3-{architecture}-disk"


def bootstrap(ctx: Context, seed: Seed, owner: str | None) -> None:
    """Register the images whose names do not exist yet."""
    for seed_image in seed.images:
        if images.find_by_name(ctx, seed_image.name) is None:
            _from_file(ctx, seed_image, owner)
    if seed.fake and not seed.images and not seed.is_left_to_kolla:
        for name in ("cirros", "cirros-alt"):
            if images.find_by_name(ctx, name) is None:
                _tiny(ctx, name, owner)
    first = images.find_by_name(ctx, FIRST)
    if first is not None and first.owner == owner and first.status == "active":
        _name_again(ctx, first)


def _name_again(ctx: Context, first: Image) -> None:
    """Register the first image under the long name too: clients ask for images by exact name.

    It is a separate row with a description; its file is a hard link, so it needs no space.
    """
    settings = ctx.env.settings
    name = LONG_NAME.format(architecture=first.properties.get("architecture", of_this_host()))
    data = files.path(settings, first.id)
    if images.find_by_name(ctx, name) is not None or not data.is_file():
        return
    values = {column.key: getattr(first, column.key) for column in Image.__table__.columns}
    copy = Image(**{**values, "id": new_uuid(), "name": name, "stores": [files.NAME], "tags": []})
    copy.properties = {**first.properties, "description": f"The same data as the image {FIRST}"}
    copy.created_at = copy.updated_at = ctx.env.clock.now()
    try:
        os.link(data, files.path(settings, copy.id))
    except OSError:  # a file system without links
        shutil.copyfile(data, files.path(settings, copy.id))
    ctx.session.add(copy)
    ctx.session.flush()


def _from_file(ctx: Context, seed_image: SeedImage, owner: str | None) -> None:
    properties = {"architecture": seed_image.architecture, **seed_image.properties}
    path = Path(seed_image.path)
    disk_format = _format_of(path)
    if disk_format not in ("qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso"):
        disk_format = "raw"
    _register(ctx, seed_image.name, disk_format, _blocks(path), properties, owner)


def _tiny(ctx: Context, name: str, owner: str | None) -> None:
    """Register an image that cannot boot: simulated hosts use only its size."""
    data = f"{name}: image of a simulated cloud\n".encode().ljust(TINY, b"\0")
    _register(ctx, name, "raw", iter([data]), {"architecture": of_this_host()}, owner)


def _format_of(path: Path) -> str:
    """The detected format of the file; raises InvalidImageData when it is ambiguous."""
    inspection = Inspection("raw", "bare", enforce=False)
    for block in _blocks(path):
        inspection.feed(block)
    return inspection.format


def _register(
    ctx: Context,
    name: str,
    disk_format: str,
    blocks: Iterator[bytes],
    properties: Mapping[str, str],
    owner: str | None,
) -> Image:
    image = Image(
        id=new_uuid(),
        name=name,
        status="active",
        visibility="public",
        owner=owner,
        disk_format=disk_format,
        container_format="bare",
        properties=dict(properties),
        tags=_tags(name, properties["architecture"]),
    )
    received = _take(ctx, image, blocks)
    image.stores = [files.NAME]
    image.size, image.virtual_size = received.size, received.virtual_size
    image.checksum = received.checksum
    image.os_hash_algo, image.os_hash_value = received.os_hash_algo, received.os_hash_value
    ctx.session.add(image)
    ctx.session.flush()
    return image


def _tags(name: str, architecture: str) -> list[str]:
    return [LONG_NAME.format(architecture=architecture)] if name == FIRST else []


def _take(ctx: Context, image: Image, blocks: Iterator[bytes]) -> Received:
    """Copy the data; not a link, because a later change of the file must not change the image."""
    settings = ctx.env.settings
    token = new_uuid()
    staged = files.staging_path(settings, image.id, token)
    inspection = Inspection(image.disk_format or "", "bare", enforce=True)
    receiver = Receiver(settings, staged, inspection)
    try:
        for block in blocks:
            receiver.write_now(block)
        received = receiver.finish()
        files.accept(staged, files.path(settings, image.id))
        return received
    finally:
        receiver.close()
        files.remove(staged)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
