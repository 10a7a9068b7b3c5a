"""A resource's attributes as data, by which request bodies are read.

For APIs whose answers to an invalid body differ from those of a JSON Schema
(kernel/http/validation.py): each attribute is converted separately, and errors name it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

MISSING: Any = object()
Converter = Callable[[Any], Any]
Body = dict[str, Any]


class Invalid(Exception):
    """An invalid value; the text is the reason."""


@dataclass(frozen=True)
class Attribute:
    """One attribute. ``default``: the value when a body lacks it; MISSING: no value."""

    convert: Converter | None = None  # None: read only
    create: bool = True
    update: bool = True
    default: Any = MISSING
    required: bool = False


READ_ONLY = Attribute(None, create=False, update=False)


@dataclass(frozen=True)
class Attributes:
    """Name, collection and attributes of a resource.

    owner:   (ctx, values) -> the project of the new resource.
    refused: the error for an invalid body.
    invalid: (name, attribute, reason) -> the error for an invalid value.
    """

    name: str
    collection: str
    attributes: Mapping[str, Attribute]
    owner: Callable[[Context, Mapping[str, Any]], str]
    refused: Callable[[str], BadRequest] = BadRequest
    invalid: Callable[[str, Attribute, Invalid], BadRequest] | None = None

    def read_create(self, ctx: Context, body: Mapping[str, Any]) -> tuple[list[Body], bool]:
        """(one dict for each new resource, whether it was a bulk request)."""
        items = body.get(self.collection)
        # some collections have the name of the resource: then a list is many
        if self.collection in body and (self.collection != self.name or isinstance(items, list)):
            if not isinstance(items, list):
                raise self.refused(f"Object '{self.name}' contains invalid data")
            if not items:
                raise self.refused("Resources required")
            return [self._created(ctx, self._unwrapped(item)) for item in items], True
        return [self._created(ctx, self._inner(body))], False

    def read_update(self, body: Mapping[str, Any]) -> Body:
        """The attributes to change; raises BadRequest."""
        given = self._inner(body)
        self._check_known(given)
        for name in given:
            if not self.attributes[name].update:
                raise self.refused(f"Cannot update read-only attribute {name}")
        return {name: self._convert(name, value) for name, value in given.items()}

    def _unwrapped(self, item: Any) -> Body:
        """Items of a bulk request may be wrapped: {"networks": [{"network": {...}}]}."""
        if (
            isinstance(item, dict)
            and set(item) == {self.name}
            and isinstance(item[self.name], dict)
        ):
            item = item[self.name]
        if not isinstance(item, dict):
            raise self.refused(f"Object '{self.name}' contains invalid data")
        return item

    def _inner(self, body: Mapping[str, Any]) -> Body:
        inner = body.get(self.name)
        if inner is None:
            raise self.refused(f"Unable to find '{self.name}' in request body")
        if not isinstance(inner, dict):
            raise self.refused(f"Object '{self.name}' contains invalid data")
        return inner

    def _check_known(self, given: Mapping[str, Any]) -> None:
        unknown = sorted(set(given) - set(self.attributes))
        if unknown:
            raise self.refused(f"Unrecognized attribute(s) '{', '.join(unknown)}'")

    def _created(self, ctx: Context, given: Mapping[str, Any]) -> Body:
        self._check_known(given)
        values: Body = {}
        for name, attribute in self.attributes.items():
            if name in ("project_id", "tenant_id"):
                continue
            if name not in given:
                if attribute.required:
                    raise self.refused(
                        f"Failed to parse request. Required attribute '{name}' not specified"
                    )
                if attribute.default is not MISSING:
                    values[name] = attribute.default
                continue
            if not attribute.create:
                raise self.refused(f"Attribute '{name}' not allowed in POST")
            values[name] = self._convert(name, given[name])
        values["project_id"] = self.owner(ctx, given)
        return values

    def _convert(self, name: str, value: Any) -> Any:
        convert = self.attributes[name].convert
        if convert is None:
            raise self.refused(f"Cannot update read-only attribute {name}")
        try:
            return convert(value)
        except Invalid as error:
            if self.invalid is not None:
                raise self.invalid(name, self.attributes[name], error) from None
            raise self.refused(f"Invalid input for {name}. Reason: {error}") from None
