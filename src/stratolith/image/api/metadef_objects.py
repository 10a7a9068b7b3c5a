"""Objects of metadata definition namespaces."""

from __future__ import annotations

from typing import Any

from stratolith.image.api.metadef_namespaces import within
from stratolith.image.managers import metadefs
from stratolith.image.models import MetadefNamespace, MetadefObject
from stratolith.image.schemas import metadefs as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
PATH = "/metadefs/namespaces/{namespace}/objects"
ONE = f"{PATH}/{{object_name}}"


def get(ctx: Context, namespace: str, object_name: str) -> MetadefObject:
    return metadefs.item(ctx, MetadefObject, namespace, object_name)


def list_objects(ctx: Context, namespace: MetadefNamespace) -> Body:
    rows = metadefs.items(ctx, MetadefObject, namespace)
    return {
        "objects": [schemas.render_object(row, namespace.name) for row in rows],
        "first": f"/v2/metadefs/namespaces/{namespace.name}/objects",
        "schema": "/v2/schemas/metadefs/objects",
    }


def create(ctx: Context, namespace: MetadefNamespace, *, body: Body) -> Body:
    made = metadefs.add(ctx, MetadefObject, namespace, body["name"], document=_document(body))
    return schemas.render_object(made, namespace.name)


def show(ctx: Context, row: MetadefObject, *, namespace: str) -> Body:
    return schemas.render_object(row, namespace)


def update(ctx: Context, row: MetadefObject, *, namespace: str, body: Body) -> Body:
    changed = metadefs.change(ctx, row, body["name"], document=_document(body))
    return schemas.render_object(changed, namespace)


def delete(ctx: Context, row: MetadefObject, *, namespace: str) -> None:
    metadefs.discard(ctx, row)


def clear(ctx: Context, namespace: MetadefNamespace) -> None:
    metadefs.clear(ctx, MetadefObject, namespace)


def _document(body: Body) -> Body:
    return {name: value for name, value in body.items() if name != "name"}


WRITE = schemas.WRITE_OBJECT
ROUTES = [
    Route.get(PATH, list_objects, load=metadefs.get, rule="get_metadef_objects"),
    Route.post(PATH, create, load=metadefs.get, rule="add_metadef_object", body=WRITE, status=201),
    Route.delete(PATH, clear, load=metadefs.get, rule="delete_metadef_namespace"),
    Route.get(ONE, show, **within("get_metadef_object", get)),
    Route.put(ONE, update, **within("modify_metadef_object", get), body=WRITE),
    Route.delete(ONE, delete, **within("delete_metadef_object", get)),
]
