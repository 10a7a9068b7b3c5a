"""The attributes that all resources of the network API share, and Neutron's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import READ_ONLY, Attribute, Attributes, Invalid
from stratolith.kernel.http.validation import Schema
from stratolith.network.exceptions.general import HTTPBadRequest, InvalidInput
from stratolith.network.schemas.fields import boolean, list_of, tag, text

# The shape of every body; the resource reads the attributes and names them in errors.
BODY = Schema({"type": "object"})
MOST_TAGS = 50


def _tags(value: Any) -> list[str]:
    tags: list[str] = list(dict.fromkeys(list_of(tag, unique=False)(value)))
    if len(tags) > MOST_TAGS:
        raise Invalid(f"more than {MOST_TAGS} tags.")
    return tags


# Set on creation; later changed by requests to their own path.
TAGS = Attribute(_tags, update=False, default=[])


def attributes(name: str, collection: str, known: Mapping[str, Attribute]) -> Attributes:
    return Attributes(name, collection, known, project_of, HTTPBadRequest, invalid)


class _Single(Attributes):
    """Attributes of a resource that is created one at a time."""

    def read_create(self, ctx: Context, body: Mapping[str, Any]) -> tuple[list[Any], bool]:
        if self.collection in body:
            raise HTTPBadRequest("Bulk operation not supported")
        return Attributes.read_create(self, ctx, body)


def single(name: str, collection: str, known: Mapping[str, Attribute]) -> Attributes:
    """The same for a resource of which a request creates only one."""
    return _Single(name, collection, known, project_of, HTTPBadRequest, invalid)


def invalid(name: str, attribute: Attribute, error: Invalid) -> BadRequest:
    if attribute.convert is boolean:
        return InvalidInput(error_message=str(error).rstrip("."))
    return HTTPBadRequest(f"Invalid input for {name}. Reason: {error}")


def project_of(ctx: Context, given: Mapping[str, Any]) -> str:
    """The project of a new resource: the caller's, or for administrators another one."""
    requested = given.get("project_id", given.get("tenant_id"))
    if requested is None or requested == "":
        return ctx.project_id
    if not isinstance(requested, str) or len(requested) > 64:
        raise HTTPBadRequest(
            f"Invalid input for project_id. Reason: '{requested}' is not a valid string."
        )
    if given.get("tenant_id", requested) != requested:
        raise HTTPBadRequest("'project_id' and 'tenant_id' do not match")
    if not ctx.owns(requested) and not ctx.is_admin:
        raise HTTPBadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in "
            "request requires admin privileges"
        )
    return requested


def standard(**additional: Attribute) -> dict[str, Attribute]:
    """The attributes of every resource, and the additional ones of this resource."""
    return {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "description": Attribute(
            lambda value: text()(value) if value is not None else "", default=""
        ),
        "created_at": READ_ONLY,
        "updated_at": READ_ONLY,
        "revision_number": READ_ONLY,
        **additional,
    }
