"""Tags of metadata definition namespaces."""

from __future__ import annotations

from typing import Any

from stratolith.image.api.metadef_namespaces import within
from stratolith.image.managers import metadefs
from stratolith.image.models import MetadefNamespace, MetadefTag
from stratolith.image.schemas import metadefs as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import InvalidMarker, asked_limit
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
PATH = "/metadefs/namespaces/{namespace}/tags"
ONE = f"{PATH}/{{tag_name}}"


def get(ctx: Context, namespace: str, tag_name: str) -> MetadefTag:
    return metadefs.item(ctx, MetadefTag, namespace, tag_name)


def list_tags(ctx: Context, namespace: MetadefNamespace) -> Body:
    """All tags, or ``limit`` tags after the tag ``marker``."""
    names = [row.name for row in metadefs.items(ctx, MetadefTag, namespace)]
    marker, limit = ctx.query.get("marker"), asked_limit(ctx)
    if marker is not None:
        if marker not in names:
            raise InvalidMarker(marker=marker)
        names = names[names.index(marker) + 1 :]
    return {
        "tags": [{"name": name} for name in names[:limit]],
        "first": f"/v2/metadefs/namespaces/{namespace.name}/tags",
        "schema": "/v2/schemas/metadefs/tags",
    }


def create_all(ctx: Context, namespace: MetadefNamespace, *, body: Body) -> Body:
    """Replace all tags by these; with X-Openstack-Append: true, add them to the existing tags."""
    keep = ctx.headers.get("x-openstack-append", "false").strip().lower() == "true"
    names = [tag["name"] for tag in body["tags"]]
    metadefs.replace_tags(ctx, namespace, names, keep=keep)
    return {"tags": [{"name": name} for name in names]}


def create(ctx: Context, namespace: str, tag_name: str) -> Body:
    if len(tag_name) > schemas.MAX_NAME:
        raise BadRequest(f"The name of a tag has at most {schemas.MAX_NAME} characters.")
    row = metadefs.get(ctx, namespace)
    ctx.authorize("add_metadef_tag", row.policy_target())
    return schemas.render_tag(metadefs.add(ctx, MetadefTag, row, tag_name))


def show(ctx: Context, row: MetadefTag, *, namespace: str) -> Body:
    return schemas.render_tag(row)


def update(ctx: Context, row: MetadefTag, *, namespace: str, body: Body) -> Body:
    return schemas.render_tag(metadefs.change(ctx, row, body["name"]))


def delete(ctx: Context, row: MetadefTag, *, namespace: str) -> None:
    metadefs.discard(ctx, row)


def clear(ctx: Context, namespace: MetadefNamespace) -> None:
    metadefs.clear(ctx, MetadefTag, namespace)


ROUTES = [
    Route.get(PATH, list_tags, load=metadefs.get, rule="get_metadef_tags"),
    Route.post(
        PATH,
        create_all,
        load=metadefs.get,
        rule="add_metadef_tags",
        body=schemas.WRITE_TAGS,
        status=201,
    ),
    Route.delete(PATH, clear, load=metadefs.get, rule="delete_metadef_tags"),
    Route.get(ONE, show, **within("get_metadef_tag", get)),
    Route.post(ONE, create, status=201),
    Route.put(ONE, update, **within("modify_metadef_tag", get), body=schemas.WRITE_TAG),
    Route.delete(ONE, delete, **within("delete_metadef_tag", get)),
]
