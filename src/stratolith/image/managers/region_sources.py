"""Images of this or another region of the cloud, as the source of an import (glance-download).

An image of this region is read directly, with the rights of the user who asked for the import.
Another region's image service is called over HTTP with that user's token. Its address comes from
the catalogue, which administrators write, so it is not checked like an address from a user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from stratolith.identity.managers import catalog
from stratolith.image.exceptions import DownloadFailed
from stratolith.image.managers import images, locations
from stratolith.image.schemas.images import READ_ONLY, WRITE
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files, web
from stratolith.kernel.auth import Identity
from stratolith.kernel.config import CloudSection
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import is_uuid

INTERFACES = ("public", "internal", "admin")
BLOCK = 2 << 20
# Custom properties that describe how to run the data, so they are copied with it
COPIED = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
FORMATS = ("disk_format", "container_format")


@dataclass(frozen=True)
class Asker:
    """The user who asks for the data, and the address by which the client connected."""

    identity: Identity
    token: str
    host_url: str
    by_path: bool


@dataclass(frozen=True)
class Source:
    """A readable image: its formats, the properties to copy, its blocks."""

    formats: Mapping[str, str]
    properties: Mapping[str, str]
    blocks: Iterator[bytes]


def check(method: Mapping[str, Any]) -> None:
    """Raises BadRequest unless the method names an image and a region."""
    if not is_uuid(str(method.get("glance_image_id", ""))):
        raise BadRequest("The image id does not look like a UUID: glance_image_id.")
    if not method.get("glance_region"):
        raise BadRequest("The import method glance-download needs a glance_region.")


def open_source(env: Environment, method: Mapping[str, Any], asker: Asker) -> Source:
    """Raises DownloadFailed, ImageNotFound, Forbidden."""
    region = method["glance_region"]
    interface = method.get("glance_service_interface", "public")
    ctx = Context(env, env.service("image"), identity=asker.identity)
    ctx.host_url, ctx.by_path = asker.host_url, asker.by_path
    try:
        url = _endpoint(ctx, region, interface)
        if region == env.settings.of(CloudSection).region:
            return _here(ctx, method["glance_image_id"])
    finally:
        ctx.close()
    return _there(url, method["glance_image_id"], asker.token)


def _endpoint(ctx: Context, region: str, interface: str) -> str:
    for service in catalog.documents(ctx, ctx.who):
        for endpoint in service["endpoints"] if service["type"] == "image" else ():
            if (endpoint["region_id"], endpoint["interface"]) == (region, interface):
                return str(endpoint["url"]).rstrip("/")
    raise DownloadFailed(reason=f"no {interface} image service is known in region {region}")


def _here(ctx: Context, image_id: str) -> Source:
    image = images.get(ctx, image_id)
    ctx.authorize("download_image", image.policy_target())
    if image.status != "active":
        raise DownloadFailed(reason=f"image {image_id} is {image.status}")
    settings = ctx.env.settings
    formats = {"disk_format": image.disk_format, "container_format": image.container_format}
    known = {name: value for name, value in formats.items() if value}
    for store in image.stores:
        if store in files.names(settings):
            path = files.path(settings, image_id, store)
            return Source(known, _copied(image.properties), _read(str(path)))
    for url in locations.on_web(image):
        blocks = web.fetch(settings.of(ImageSettings), url)
        return Source(known, _copied(image.properties), blocks)
    raise DownloadFailed(reason=f"the data of image {image_id} is in no store")


def _read(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                yield block
    except FileNotFoundError:
        raise DownloadFailed(reason="the image was deleted") from None


def _there(url: str, image_id: str, token: str) -> Source:
    place = f"{url.removesuffix('/v2')}/v2/images/{image_id}"
    headers = {"X-Auth-Token": token}
    with web.as_download_failed():
        answer = httpx.get(place, headers=headers, timeout=web.TIMEOUT, trust_env=False)
    if answer.status_code != 200:
        raise DownloadFailed(reason=f"the image service there answered {answer.status_code}")
    document = answer.json()
    own = {n: v for n, v in document.items() if n not in READ_ONLY and isinstance(v, str)}
    formats = {name: own[name] for name in FORMATS if name in own}
    WRITE.check({**formats, **_copied(own)}, None, what="image of another region")
    return Source(formats, _copied(own), _fetch(f"{place}/file", headers))


def _fetch(place: str, headers: Mapping[str, str]) -> Iterator[bytes]:
    with (
        web.as_download_failed(),
        httpx.stream(
            "GET", place, headers=dict(headers), timeout=web.TIMEOUT, trust_env=False
        ) as answer,
    ):
        if answer.status_code != 200:
            raise DownloadFailed(reason=f"the image service there answered {answer.status_code}")
        yield from answer.iter_raw(web.BLOCK)


def _copied(properties: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in properties.items() if name.startswith(COPIED)}
