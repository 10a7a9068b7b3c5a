"""A resource's attributes as data, and the reading of bodies by them, with Neutron's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.validation import Schema
from stratolith.network.exceptions import HTTPBadRequest, InvalidInput
from stratolith.network.schemas.fields import Converter, Invalid, boolean, list_of, tag, text

# The shape every body shares; attributes are read by the resource, which names them in errors.
BODY = Schema({"type": "object"})
MISSING: Any = object()


@dataclass(frozen=True)
class Attr:
    """One attribute. ``default`` is what a body that lacks it means, MISSING for nothing."""

    convert: Converter | None = None  # None: read only
    create: bool = True
    update: bool = True
    default: Any = MISSING
    required: bool = False


READ_ONLY = Attr(None, create=False, update=False)
MOST_TAGS = 50


def _tags(value: Any) -> list[str]:
    found: list[str] = list(dict.fromkeys(list_of(tag, unique=False)(value)))
    if len(found) > MOST_TAGS:
        raise Invalid(f"more than {MOST_TAGS} tags.")
    return found


# Given at creation; later they have a path of their own.
TAGS = Attr(_tags, update=False, default=[])


@dataclass(frozen=True)
class Resource:
    """Name, collection and attributes of a resource."""

    name: str
    collection: str
    attributes: Mapping[str, Attr]
    extra: Mapping[str, Attr] = field(default_factory=dict)

    def read_create(
        self, ctx: Context, body: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], bool]:
        """(one dict for each resource wanted, whether it was a bulk request)."""
        if self.collection in body:
            items = body[self.collection]
            if not isinstance(items, list):
                raise HTTPBadRequest(f"Object '{self.name}' contains invalid data")
            if not items:
                raise HTTPBadRequest("Resources required")
            return [self._created(ctx, self._unwrapped(item)) for item in items], True
        return [self._created(ctx, self._inner(body))], False

    def read_update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes to change; raises HTTPBadRequest."""
        given = self._inner(body)
        self._check_known(given)
        for name in given:
            attribute = self.attributes[name]
            if not attribute.update:
                raise HTTPBadRequest(f"Cannot update read-only attribute {name}")
        return {name: self._convert(name, value) for name, value in given.items()}

    def _unwrapped(self, item: Any) -> dict[str, Any]:
        """Bulk items may be wrapped once more: {"networks": [{"network": {...}}]}."""
        if (
            isinstance(item, dict)
            and set(item) == {self.name}
            and isinstance(item[self.name], dict)
        ):
            item = item[self.name]
        if not isinstance(item, dict):
            raise HTTPBadRequest(f"Object '{self.name}' contains invalid data")
        return item

    def _inner(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = body.get(self.name)
        if found is None:
            raise HTTPBadRequest(f"Unable to find '{self.name}' in request body")
        if not isinstance(found, dict):
            raise HTTPBadRequest(f"Object '{self.name}' contains invalid data")
        return found

    def _check_known(self, given: Mapping[str, Any]) -> None:
        unknown = sorted(set(given) - set(self.attributes))
        if unknown:
            raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")

    def _created(self, ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
        self._check_known(given)
        found: dict[str, Any] = {}
        for name, attribute in self.attributes.items():
            if name in ("project_id", "tenant_id"):
                continue
            if name not in given:
                if attribute.required:
                    raise HTTPBadRequest(
                        f"Failed to parse request. Required attribute '{name}' not specified"
                    )
                if attribute.default is not MISSING:
                    found[name] = attribute.default
                continue
            if not attribute.create:
                raise HTTPBadRequest(f"Attribute '{name}' not allowed in POST")
            found[name] = self._convert(name, given[name])
        found["project_id"] = project_of(ctx, given)
        return found

    def _convert(self, name: str, value: Any) -> Any:
        convert = self.attributes[name].convert
        if convert is None:
            raise HTTPBadRequest(f"Cannot update read-only attribute {name}")
        try:
            return convert(value)
        except Invalid as error:
            if convert is boolean:
                raise InvalidInput(error_message=str(error).rstrip(".")) from None
            raise HTTPBadRequest(f"Invalid input for {name}. Reason: {error}") from None


def project_of(ctx: Context, given: Mapping[str, Any]) -> str:
    """The project a resource is made for: the caller's, or another for an administrator."""
    asked = given.get("project_id", given.get("tenant_id"))
    if asked is None or asked == "":
        return ctx.project_id
    if not isinstance(asked, str) or len(asked) > 64:
        raise HTTPBadRequest(
            f"Invalid input for project_id. Reason: '{asked}' is not a valid string."
        )
    if given.get("tenant_id", asked) != asked:
        raise HTTPBadRequest("'project_id' and 'tenant_id' do not match")
    if not ctx.owns(asked) and not ctx.is_admin:
        raise HTTPBadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in "
            "request requires admin privileges"
        )
    return asked


def standard(**attributes: Attr) -> dict[str, Attr]:
    """The attributes every resource has, and its own."""
    return {
        "id": READ_ONLY,
        "project_id": Attr(text(64), update=False),
        "tenant_id": Attr(text(64), update=False),
        "description": Attr(lambda value: text()(value) if value is not None else "", default=""),
        "created_at": READ_ONLY,
        "updated_at": READ_ONLY,
        "revision_number": READ_ONLY,
        **attributes,
    }
