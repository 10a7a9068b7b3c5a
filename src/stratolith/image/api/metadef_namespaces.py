"""Metadata definition namespaces, each with its whole content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from stratolith.image.exceptions import InvalidFilter
from stratolith.image.managers import metadefs
from stratolith.image.models import (
    MetadefAssociation,
    MetadefNamespace,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
)
from stratolith.image.schemas import metadefs as schemas
from stratolith.image.settings import ImageSettings
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, asked_limit, exact
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
PATH = "/metadefs/namespaces"
ONE = f"{PATH}/{{namespace}}"
LIST = "get_metadef_namespaces"
LISTING = Listing(
    MetadefNamespace,
    visible=metadefs.visible,
    filters={
        "visibility": exact(MetadefNamespace.visibility),
        "owner": exact(MetadefNamespace.owner),
        "namespace": exact(MetadefNamespace.name),
    },
    sort_keys={
        "namespace": MetadefNamespace.name,
        "created_at": MetadefNamespace.created_at,
        "updated_at": MetadefNamespace.updated_at,
    },
    default_sort=[("created_at", "desc")],
    key=MetadefNamespace.name,
)


def within(rule: str, load: Callable[..., Any]) -> dict[str, Any]:
    """Rule and loader of a route: checks the rule before it reports a missing object."""
    return {"rule": rule, "load": load, "inside": metadefs.get}


def list_namespaces(ctx: Context) -> Body:
    if ctx.query.get("visibility", "public") not in ("public", "private"):
        raise InvalidFilter("visibility is public or private.")
    within = LISTING.seen(ctx)
    statement = within.where(*LISTING.where(ctx))
    types = ctx.query.get("resource_types")
    if types is not None:
        matching = select(MetadefAssociation.namespace_id)
        matching = matching.where(MetadefAssociation.name.in_(types.split(",")))
        statement = statement.where(MetadefNamespace.id.in_(matching))
    limit = asked_limit(ctx)
    if limit is None:
        limit = ctx.env.settings.of(ImageSettings).default_page
    sort = (ctx.query.get("sort_key", "created_at"), ctx.query.get("sort_dir", "desc"))
    page = LISTING.page(ctx, statement, limit=limit, sort=[sort], within=within)
    query = [(k, v) for k, v in ctx.query.multi_items() if k != "marker"]
    document: Body = {
        "namespaces": _rendered(ctx, page.rows),
        "first": _link(query),
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    if page.more and page.rows:
        document["next"] = _link([*query, ("marker", page.rows[-1].name)])
    return document


def _rendered(ctx: Context, rows: Any) -> list[Body]:
    associations = metadefs.associations(ctx, rows)
    return [
        {
            **schemas.render_namespace(namespace),
            "resource_type_associations": [
                schemas.render_association(a) for a in associations[namespace.id]
            ],
        }
        for namespace in rows
    ]


def _link(query: list[tuple[str, str]]) -> str:
    return f"/v2{PATH}" + (f"?{urlencode(query)}" if query else "")


def show(ctx: Context, namespace: MetadefNamespace) -> Body:
    """The namespace with its content; ?resource_type= adds the prefix of that type to names."""
    prefix = metadefs.prefix(ctx, namespace, ctx.query.get("resource_type"))
    document = _rendered(ctx, [namespace])[0]
    objects = metadefs.items(ctx, MetadefObject, namespace)
    properties = metadefs.items(ctx, MetadefProperty, namespace)
    tags = metadefs.items(ctx, MetadefTag, namespace)
    if objects:
        document["objects"] = [
            schemas.render_object(row, namespace.name, prefix) for row in objects
        ]
    if properties:
        document["properties"] = {prefix + row.name: row.document for row in properties}
    if tags:
        document["tags"] = [{"name": row.name} for row in tags]
    return document


def create(ctx: Context, *, body: Body) -> Response:
    namespace = metadefs.create(ctx, _columns(body))
    for association in body.get("resource_type_associations", ()):
        metadefs.add(ctx, MetadefAssociation, namespace, **association)
    for item in body.get("objects", ()):
        document = {name: value for name, value in item.items() if name != "name"}
        metadefs.add(ctx, MetadefObject, namespace, item["name"], document=document)
    for name, document in body.get("properties", {}).items():
        metadefs.add(ctx, MetadefProperty, namespace, name, document=document)
    metadefs.replace_tags(ctx, namespace, [t["name"] for t in body.get("tags", ())], keep=True)
    headers = {"Location": f"{ctx.base_url}/v2{PATH}/{namespace.name}"}
    return Response(show(ctx, namespace), headers=headers)


def update(ctx: Context, namespace: MetadefNamespace, *, body: Body) -> Body:
    values = {"display_name": None, "description": None, **_columns(body)}
    return schemas.render_namespace(metadefs.update(ctx, namespace, values))


def delete(ctx: Context, namespace: MetadefNamespace) -> None:
    metadefs.remove(ctx, namespace)


def _columns(body: Body) -> Body:
    names = ("display_name", "description", "visibility", "protected", "owner")
    return {"name": body["namespace"], **{name: body[name] for name in names if name in body}}


ROUTES = [
    Route.get(PATH, list_namespaces, rule=LIST, seen_by=LIST, listing=LISTING),
    Route.post(
        PATH,
        create,
        rule="add_metadef_namespace",
        seen_by=LIST,
        body=schemas.WRITE_NAMESPACE,
        status=201,
    ),
    Route.get(ONE, show, load=metadefs.get, rule="get_metadef_namespace"),
    Route.put(
        ONE,
        update,
        load=metadefs.get,
        rule="modify_metadef_namespace",
        body=schemas.WRITE_NAMESPACE,
    ),
    Route.delete(ONE, delete, load=metadefs.get, rule="delete_metadef_namespace"),
]
