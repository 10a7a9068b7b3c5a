"""Validates bodies and queries with JSON Schema, by microversion."""

from __future__ import annotations

import re
import string
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jsonschema_rs
import msgspec
import netaddr

from stratolith.kernel.exceptions import BadRequest, ValidationFailed
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.ids import is_uuid

MAX_DEPTH = 64  # levels of a request's document
MAX_ITEMS = 1000  # of one list in it
MAX_MEMBERS = 1000  # of one object in it
Document = dict[str, Any]
_BASE64 = frozenset(string.ascii_letters + string.digits + "+/")


def _is_base64(value: str) -> bool:
    """Whether the text is base64 with padding; white space is allowed anywhere."""
    letters = "".join(value.split())
    filled = len(letters) % 4 == 0 and not letters.endswith("===")
    return filled and set(letters.rstrip("=")) <= _BASE64


def _is_cidr(value: object) -> bool:
    try:
        netaddr.IPNetwork(value)
    except (netaddr.AddrFormatError, ValueError, TypeError):
        return False
    return isinstance(value, str) and "/" in value


def _is_moment(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _is_line(value: str) -> bool:
    """Whether all characters are printable or spaces, and none is beyond U+FFFF, as in Nova."""
    if value.isascii():
        return value.isprintable()
    return all(
        sign <= "\uffff" and (sign.isprintable() or unicodedata.category(sign) == "Zs")
        for sign in value
    )


FORMATS: dict[str, Callable[[str], bool]] = {
    "uuid": is_uuid,
    "cidr": _is_cidr,
    "base64": _is_base64,
    "moment": _is_moment,
    "mac": lambda value: bool(re.match(r"^(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$", value)),
    "line": _is_line,
    # a line that contains more than white space
    "name": lambda value: bool(value.strip()) and _is_line(value),
}


@dataclass(frozen=True)
class Since:
    """A change of a microversion: ``change`` edits a copy of the schema in place."""

    version: str
    change: Callable[[Document], None]


def add(name: str, schema: Document, *path: str) -> Callable[[Document], None]:
    """Adds a property to the object at ``path`` (names of nested properties)."""

    def change(document: Document) -> None:
        for step in path:
            document = document["properties"][step]
        document.setdefault("properties", {})[name] = schema

    return change


def remove(name: str, *path: str) -> Callable[[Document], None]:
    """Removes a property of the object at ``path``."""

    def change(document: Document) -> None:
        for step in path:
            document = document["properties"][step]
        document["properties"].pop(name, None)

    return change


class Schema:
    """A JSON Schema (draft 7) that changes with the microversion; compiled when first used."""

    def __init__(self, base: Document, changes: Iterable[Since] = ()) -> None:
        self.base = base
        self._changes = list(changes)
        self._compiled: dict[int, Any] = {}
        self._lock = threading.Lock()

    def changed(self, *changes: Since) -> Schema:
        """This schema with further changes, oldest first."""
        return Schema(self.base, [*self._changes, *changes])

    def document(self, version: Version | None) -> Document:
        """The schema in a microversion (None: the newest)."""
        document = deepcopy(self.base)
        for since in self._active(version):
            since.change(document)
        return document

    def check(self, value: Any, version: Version | None, *, what: str = "") -> None:
        """Raise ValidationFailed with the field and the allowed values."""
        validator = self._validator(version)
        try:
            validator.validate(value)  # stops at the first error: a body may have a million errors
        except jsonschema_rs.ValidationError as error:
            raise ValidationFailed(describe(error, what)) from None

    def known(self, value: Any, version: Version | None) -> Any:
        """The value without members that the schema does not know.

        They stay in objects whose names follow a pattern: there an unknown name is an error.
        """
        return _known(self.document(version), value)

    def _active(self, version: Version | None) -> list[Since]:
        if version is None:
            return self._changes
        return [since for since in self._changes if Version.parse(since.version) <= version]

    def _validator(self, version: Version | None) -> Any:
        count = len(self._active(version))
        validator = self._compiled.get(count)
        if validator is None:
            with self._lock:
                validator = jsonschema_rs.Draft7Validator(
                    self.document(version), formats=FORMATS, validate_formats=True
                )
                self._compiled[count] = validator
        return validator


def _known(document: Document, value: Any) -> Any:
    if isinstance(value, list) and isinstance(document.get("items"), dict):
        return [_known(document["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    properties = document.get("properties", {})
    closed = document.get("additionalProperties") is False and "patternProperties" not in document
    return {
        name: _known(properties.get(name, {}), member)
        for name, member in value.items()
        if name in properties or not closed
    }


def describe(error: Any, what: str = "") -> str:
    """One sentence for a validation error: field, value, reason."""
    path = "/".join(str(step) for step in error.instance_path)
    if not path:
        prefix = f"Invalid {what or 'input'}"
        return f"{prefix}: {error.message}"
    value = _short(error.instance)
    if what == "query":
        return f"Invalid input for query parameters {path}. Value: {value}. {error.message}"
    return f"Invalid input for field/attribute {path}. Value: {value}. {error.message}"


def _short(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 200 else text[:200] + "..."


def decode_json(raw: bytes) -> Any:
    """The JSON value of a body; raises BadRequest."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"Malformed request body: it is not valid JSON ({error}).") from None


def check_size(value: Any) -> None:
    """Raise BadRequest for a document that is too deep or has too long lists.

    Work grows with the items of a list, for some rules with their square; the largest lists of real
    clients (bulk creates, patches) have some hundred items.
    """
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, list):
                if len(item) > MAX_ITEMS:
                    raise BadRequest(
                        f"Malformed request body: a list has {len(item)} items; {MAX_ITEMS} are "
                        "allowed."
                    )
                below += item
            elif isinstance(item, dict):
                if len(item) > MAX_MEMBERS:
                    raise BadRequest(
                        f"Malformed request body: an object has {len(item)} members; "
                        f"{MAX_MEMBERS} are allowed."
                    )
                below += item.values()
        if not below:
            return
        level = below
    raise BadRequest(f"Malformed request body: it is more than {MAX_DEPTH} levels deep.")


def query_document(query: Mapping[str, Any], multi: Callable[[str], list[str]]) -> Document:
    """A query string as a document: a text, or a list when a name is repeated."""
    document: Document = {}
    for name in query:
        values = multi(name)
        document[name] = values[0] if len(values) == 1 else values
    return document
