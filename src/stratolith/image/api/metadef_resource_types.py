"""Resource types, and their associations with metadata definition namespaces."""

from __future__ import annotations

from typing import Any

from stratolith.image.api.metadef_namespaces import within
from stratolith.image.managers import metadefs
from stratolith.image.models import MetadefAssociation, MetadefNamespace
from stratolith.image.schemas import metadefs as schemas
from stratolith.kernel.clock import zulu
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
PATH = "/metadefs/namespaces/{namespace}/resource_types"
ONE = f"{PATH}/{{resource_type}}"


def get(ctx: Context, namespace: str, resource_type: str) -> MetadefAssociation:
    return metadefs.item(ctx, MetadefAssociation, namespace, resource_type)


def list_types(ctx: Context) -> Body:
    return {
        "resource_types": [
            {
                "name": resource_type.name,
                "created_at": zulu(resource_type.created_at),
                "updated_at": zulu(resource_type.updated_at),
            }
            for resource_type in metadefs.resource_types(ctx)
        ]
    }


def list_associations(ctx: Context, namespace: MetadefNamespace) -> Body:
    rows = metadefs.items(ctx, MetadefAssociation, namespace)
    return {"resource_type_associations": [schemas.render_association(row) for row in rows]}


def associate(ctx: Context, namespace: MetadefNamespace, *, body: Body) -> Body:
    return schemas.render_association(metadefs.add(ctx, MetadefAssociation, namespace, **body))


def dissociate(ctx: Context, association: MetadefAssociation, *, namespace: str) -> None:
    metadefs.discard(ctx, association)


ROUTES = [
    Route.get(
        "/metadefs/resource_types",
        list_types,
        rule="list_metadef_resource_types",
        seen_by="get_metadef_namespaces",
    ),
    Route.get(PATH, list_associations, load=metadefs.get, rule="get_metadef_resource_type"),
    Route.post(
        PATH,
        associate,
        load=metadefs.get,
        rule="add_metadef_resource_type_association",
        body=schemas.WRITE_ASSOCIATION,
        status=201,
    ),
    Route.delete(ONE, dissociate, **within("remove_metadef_resource_type_association", get)),
]
