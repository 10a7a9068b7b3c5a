"""Images through the compute API, for old clients (below 2.36, their metadata below 2.39).

Every route calls the image service's own route (kernel/http/proxy.py); nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from stratolith.compute.api.links import resource_links
from stratolith.compute.managers.server_spec import check_limits
from stratolith.compute.schemas import image_metadata as schemas
from stratolith.compute.schemas import queries
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http import proxy
from stratolith.kernel.http.resource import asked_limit, moment
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
# The fields of every image in the image service; any other field is a property.
_OWN = {
    "id",
    "name",
    "status",
    "visibility",
    "size",
    "virtual_size",
    "min_disk",
    "min_ram",
    "checksum",
    "created_at",
    "updated_at",
    "tags",
    "self",
    "file",
    "schema",
    "owner",
    "protected",
    "disk_format",
    "container_format",
    "os_hash_algo",
    "os_hash_value",
    "os_hidden",
    "locations",
    "direct_url",
    "stores",
}
_STATUS = {"active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "deleted": "DELETED"}
_PROGRESS = {"queued": 25, "saving": 50, "active": 100}
_PROPERTY_FILTERS = {"server": "instance_uuid", "type": "image_type"}


def _path(image_id: str) -> str:
    return f"/images/{proxy.segment(image_id)}"


def _get(ctx: Context, image_id: str) -> Body:
    try:
        return dict(proxy.call(ctx, "image", "GET", _path(image_id)))
    except NotFound:
        raise NotFound("Image not found.") from None


def _properties(image: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in image.items() if name not in _OWN}


# -- images --------------------------------------------------------------------------------------


def _brief(ctx: Context, image: Body) -> Body:
    links: list[Body] = [*resource_links(ctx, "images", image["id"])]
    links.append(
        {
            "rel": "alternate",
            "type": "application/vnd.openstack.image",
            "href": f"{_image_url(ctx)}/images/{image['id']}",
        }
    )
    return {"id": image["id"], "name": image["name"], "links": links}


def _image_url(ctx: Context) -> str:
    return ctx.beside(ctx.env.service("image")).base_url or ctx.base_url


def _full(ctx: Context, image: Body) -> Body:
    properties = _properties(image)
    answer = {
        **_brief(ctx, image),
        "minRam": image["min_ram"],
        "minDisk": image["min_disk"],
        "metadata": properties,
        "created": image["created_at"],
        "updated": image["updated_at"],
        "status": _status(image),
        "progress": _PROGRESS.get(image["status"], 0),
        "OS-EXT-IMG-SIZE:size": image["size"],
    }
    server = properties.get("instance_uuid")
    if server:
        answer["server"] = {"id": server, "links": resource_links(ctx, "servers", server)}
    automatic = properties.get("auto_disk_config")
    if automatic is not None:
        yes = automatic.lower() in ("1", "t", "true", "on", "y", "yes")
        answer["OS-DCF:diskConfig"] = "AUTO" if yes else "MANUAL"
    return answer


def _status(image: Body) -> str:
    return _STATUS.get(image["status"], "UNKNOWN")


def _wanted(ctx: Context, image: Body) -> bool:
    """Whether the image matches the query's filters."""
    properties = _properties(image)
    for name in set(ctx.query):
        value = ctx.query[name]
        if name == "name":
            fits = image["name"] == value
        elif name == "status":
            fits = _status(image) == value.upper()
        elif name == "changes-since":
            fits = moment(image["updated_at"]) >= moment(value)
        elif name in ("minRam", "minDisk"):
            fits = str(image["min_ram" if name == "minRam" else "min_disk"]) == value
        elif name in _PROPERTY_FILTERS:
            fits = properties.get(_PROPERTY_FILTERS[name]) == value.rsplit("/", 1)[-1]
        elif name.startswith("property-"):
            fits = properties.get(name.removeprefix("property-")) == value
        else:
            continue
        if not fits:
            return False
    return True


def _page(ctx: Context) -> tuple[list[Body], list[Body]]:
    """(images of the page, links to the next page)."""
    images = proxy.every(ctx, "image", "/images", "images")
    images = [image for image in images if _wanted(ctx, image)]
    marker = ctx.query.get("marker")
    if marker:
        ids = [image["id"] for image in images]
        if marker not in ids:
            raise BadRequest(f"marker [{marker}] not found")
        images = images[ids.index(marker) + 1 :]
    limit = asked_limit(ctx)
    if limit is None or len(images) <= limit:
        return images, []
    page = images[:limit]
    query = [(k, v) for k, v in ctx.query.multi_items() if k != "marker"]
    if page:
        query.append(("marker", page[-1]["id"]))
    return page, [{"rel": "next", "href": f"{ctx.base_url}{ctx.path}?{urlencode(query)}"}]


def _list(ctx: Context, render: Any) -> Body:
    page, links = _page(ctx)
    answer: Body = {"images": [render(ctx, image) for image in page]}
    if links:
        answer["images_links"] = links
    return answer


def index(ctx: Context) -> Body:
    return _list(ctx, _brief)


def detail(ctx: Context) -> Body:
    return _list(ctx, _full)


def show(ctx: Context, image_id: str) -> Body:
    return {"image": _full(ctx, _get(ctx, image_id))}


def remove(ctx: Context, image_id: str) -> None:
    try:
        proxy.call(ctx, "image", "DELETE", _path(image_id))
    except NotFound:
        raise NotFound("Image not found.") from None


# -- metadata ------------------------------------------------------------------------------------


def _change(ctx: Context, image_id: str, wanted: Mapping[str, str]) -> None:
    """Replace the image's properties by these."""
    check_limits(ctx, wanted, {})
    have = _properties(_get(ctx, image_id))
    steps: list[Body] = [{"op": "remove", "path": _pointer(name)} for name in have.keys() - wanted]
    steps += [
        {"op": "replace" if name in have else "add", "path": _pointer(name), "value": value}
        for name, value in wanted.items()
        if have.get(name) != value
    ]
    if steps:
        proxy.call(ctx, "image", "PATCH", _path(image_id), steps)


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def list_metadata(ctx: Context, image_id: str) -> Body:
    return {"metadata": _properties(_get(ctx, image_id))}


def show_metadata(ctx: Context, image_id: str, key: str) -> Body:
    properties = _properties(_get(ctx, image_id))
    if key not in properties:
        raise NotFound
    return {"meta": {key: properties[key]}}


def add_metadata(ctx: Context, image_id: str, body: Body) -> Body:
    _change(ctx, image_id, {**_properties(_get(ctx, image_id)), **body["metadata"]})
    return {"metadata": _properties(_get(ctx, image_id))}


def replace_metadata(ctx: Context, image_id: str, body: Body) -> Body:
    _change(ctx, image_id, body["metadata"])
    return {"metadata": body["metadata"]}


def update_metadata(ctx: Context, image_id: str, key: str, body: Body) -> Body:
    have = _properties(_get(ctx, image_id))
    if key not in body["meta"]:
        raise BadRequest("Request body and URI mismatch")
    _change(ctx, image_id, {**have, **body["meta"]})
    return {"meta": body["meta"]}


def remove_metadata(ctx: Context, image_id: str, key: str) -> None:
    properties = _properties(_get(ctx, image_id))
    if key not in properties:
        raise NotFound("Invalid metadata key")
    _change(ctx, image_id, {name: value for name, value in properties.items() if name != key})


_OLD: dict[str, Any] = {"until": "2.35"}
_META, _KEY = "/images/{image_id}/metadata", "/images/{image_id}/metadata/{key}"
_OLD_META: dict[str, Any] = {"until": "2.38"}
ROUTES = [
    Route.get("/images", index, query=queries.IMAGES, **_OLD),
    Route.get("/images/detail", detail, query=queries.IMAGES, **_OLD),
    Route.get("/images/{image_id}", show, **_OLD),
    Route.delete("/images/{image_id}", remove, **_OLD),
    Route.get(_META, list_metadata, **_OLD_META),
    Route.post(_META, add_metadata, body=schemas.METADATA_BODY, **_OLD_META),
    Route.put(_META, replace_metadata, body=schemas.METADATA_BODY, **_OLD_META),
    Route.get(_KEY, show_metadata, **_OLD_META),
    Route.put(_KEY, update_metadata, body=schemas.META_BODY, **_OLD_META),
    Route.delete(_KEY, remove_metadata, **_OLD_META),
]
