"""Properties of metadata definition namespaces."""

from __future__ import annotations

from typing import Any

from stratolith.image.api.metadef_namespaces import within
from stratolith.image.exceptions import DefinitionNotFound
from stratolith.image.managers import metadefs
from stratolith.image.models import MetadefNamespace, MetadefProperty
from stratolith.image.schemas import metadefs as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
PATH = "/metadefs/namespaces/{namespace}/properties"
ONE = f"{PATH}/{{property_name}}"


def get(ctx: Context, namespace: str, property_name: str) -> MetadefProperty:
    """The property; with ?resource_type= its name has the prefix of that type."""
    prefix = _prefix(ctx, namespace)
    if not property_name.startswith(prefix):
        raise DefinitionNotFound(kind="property", name=property_name, namespace=namespace)
    return metadefs.item(ctx, MetadefProperty, namespace, property_name.removeprefix(prefix))


def list_properties(ctx: Context, namespace: MetadefNamespace) -> Body:
    rows = metadefs.items(ctx, MetadefProperty, namespace)
    return {"properties": {row.name: row.document for row in rows}}


def create(ctx: Context, namespace: MetadefNamespace, *, body: Body) -> Body:
    document = _document(body)
    made = metadefs.add(ctx, MetadefProperty, namespace, body["name"], document=document)
    return schemas.render_property(made)


def show(ctx: Context, row: MetadefProperty, *, namespace: str) -> Body:
    return schemas.render_property(row, _prefix(ctx, namespace))


def update(ctx: Context, row: MetadefProperty, *, namespace: str, body: Body) -> Body:
    changed = metadefs.change(ctx, row, body["name"], document=_document(body))
    return schemas.render_property(changed)


def delete(ctx: Context, row: MetadefProperty, *, namespace: str) -> None:
    metadefs.discard(ctx, row)


def clear(ctx: Context, namespace: MetadefNamespace) -> None:
    metadefs.clear(ctx, MetadefProperty, namespace)


def _prefix(ctx: Context, namespace: str) -> str:
    return metadefs.prefix(ctx, metadefs.get(ctx, namespace), ctx.query.get("resource_type"))


def _document(body: Body) -> Body:
    return {name: value for name, value in body.items() if name != "name"}


WRITE = schemas.WRITE_PROPERTY
ROUTES = [
    Route.get(PATH, list_properties, load=metadefs.get, rule="get_metadef_properties"),
    Route.post(
        PATH, create, load=metadefs.get, rule="add_metadef_property", body=WRITE, status=201
    ),
    Route.delete(PATH, clear, load=metadefs.get, rule="delete_metadef_namespace"),
    Route.get(ONE, show, **within("get_metadef_property", get)),
    Route.put(ONE, update, **within("modify_metadef_property", get), body=WRITE),
    Route.delete(ONE, delete, **within("remove_metadef_property", get)),
]
