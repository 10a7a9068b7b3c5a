"""Metadata definitions: the published schemas, the schemas of requests, and the rendering."""

from __future__ import annotations

from typing import Any

from stratolith.image.models import (
    MetadefAssociation,
    MetadefNamespace,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
)
from stratolith.kernel.clock import zulu
from stratolith.kernel.http.validation import Schema

Document = dict[str, Any]
MAX_NAME = 80
TYPES = ("array", "boolean", "integer", "number", "object", "string", None)
READ_ONLY = ("self", "schema", "created_at", "updated_at")

_NAME: Document = {"type": "string", "maxLength": MAX_NAME}
_TEXT: Document = {"type": "string"}
_READ: Document = {"type": "string", "readOnly": True}
_STRINGS: Document = {"$ref": "#/definitions/stringArray"}
_COUNT: Document = {"$ref": "#/definitions/positiveInteger"}
_COUNT_0: Document = {"$ref": "#/definitions/positiveIntegerDefault0"}
_ONE_PROPERTY: dict[str, Document] = {
    "name": _NAME,
    "title": _TEXT,
    "description": _TEXT,
    "operators": {"type": "array", "items": _TEXT},
    "type": {"type": "string", "enum": list(TYPES)},
    "required": _STRINGS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _COUNT,
    "minLength": _COUNT_0,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "default": {},
    "items": {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": list(TYPES)},
            "enum": {"type": "array"},
        },
    },
    "maxItems": _COUNT,
    "minItems": _COUNT_0,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": {"type": "boolean"},
}
DEFINITIONS: Document = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [_COUNT, {"default": 0}]},
    "stringArray": {"type": "array", "items": _TEXT, "uniqueItems": True},
    "property": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["title", "type"],
            "properties": _ONE_PROPERTY,
        },
    },
}


def _schema(name: str, properties: Document, *required: str) -> Document:
    return {
        "name": name,
        "properties": properties,
        "additionalProperties": False,
        "definitions": DEFINITIONS,
        "required": list(required),
    }


def _collection(name: str, items: Document, **container: Any) -> Document:
    return {
        "name": name,
        "properties": {
            name: container or {"type": "array", "items": items},
            "first": _TEXT,
            "next": _TEXT,
            "schema": _TEXT,
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
        "definitions": DEFINITIONS,
    }


_TIMES: Document = {
    "created_at": {**_READ, "format": "date-time", "description": "When it was made"},
    "updated_at": {**_READ, "format": "date-time", "description": "When it was last changed"},
}
_LINKS: Document = {"self": _READ, "schema": _READ}
_OBJECT: Document = {
    "name": _NAME,
    "description": _TEXT,
    "required": _STRINGS,
    "properties": {"$ref": "#/definitions/property"},
}
_ASSOCIATION: Document = {
    "name": {**_NAME, "description": "Resource type that the definitions are for"},
    "prefix": {**_NAME, "description": "Prefix of the names of properties"},
    "properties_target": {**_NAME, "description": "Kind of metadata they are for"},
}


def _named(properties: Document) -> Document:
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": ["name"]},
    }


NAMESPACE = _schema(
    "namespace",
    {
        "namespace": {**_NAME, "description": "Unique name of the namespace"},
        "display_name": {**_NAME, "description": "Name for people"},
        "description": {"type": "string", "maxLength": 500, "description": "What it is for"},
        "visibility": {
            "type": "string",
            "enum": ["public", "private"],
            "description": "Who can see the namespace",
        },
        "protected": {"type": "boolean", "description": "Whether it is kept from deletion"},
        "owner": {"type": "string", "maxLength": 255, "description": "Project that owns it"},
        **_TIMES,
        **_LINKS,
        "resource_type_associations": _named(_ASSOCIATION),
        "properties": {"$ref": "#/definitions/property"},
        "objects": _named(_OBJECT),
        "tags": _named({"name": _NAME}),
    },
    "namespace",
)
OBJECT = _schema("object", {**_OBJECT, **_LINKS, **_TIMES}, "name")
PROPERTY = {
    **_schema("property", _ONE_PROPERTY, "name", "title", "type"),
    # an empty list is valid in ``required`` of an object, but not of a single property
    "definitions": {
        **DEFINITIONS,
        "stringArray": {**DEFINITIONS["stringArray"], "minItems": 1},
    },
}
TAG = _schema("tag", {"name": _NAME, **_TIMES}, "name")
RESOURCE_TYPE = _schema("resource_type_association", {**_ASSOCIATION, **_TIMES}, "name")
PUBLISHED: dict[str, Document] = {
    "namespace": NAMESPACE,
    "namespaces": _collection("namespaces", NAMESPACE),
    "object": OBJECT,
    "objects": _collection("objects", OBJECT),
    "property": PROPERTY,
    "properties": _collection("properties", PROPERTY, type="object", additionalProperties=PROPERTY),
    "tag": TAG,
    "tags": _collection("tags", TAG),
    "resource_type": RESOURCE_TYPE,
    "resource_types": _collection("resource_type_associations", RESOURCE_TYPE),
}


def _request(published: Document) -> Schema:
    """The schema of a body: all published properties that are not read-only."""
    properties = {
        name: {**schema, "minLength": 1} if name in ("name", "namespace") else _closed(schema)
        for name, schema in published["properties"].items()
        if name not in READ_ONLY
    }
    return Schema({**published, "type": "object", "properties": properties})


def _closed(schema: Document) -> Document:
    """A list of objects without other names than the published schema tells."""
    items = schema.get("items", {})
    if "properties" not in items:
        return schema
    return {**schema, "items": {**items, "additionalProperties": False}}


WRITE_NAMESPACE = _request(NAMESPACE)
WRITE_OBJECT = _request(OBJECT)
WRITE_PROPERTY = _request(PROPERTY)
WRITE_TAG = _request(TAG)
WRITE_ASSOCIATION = _request(RESOURCE_TYPE)
WRITE_TAGS = Schema(
    {
        "type": "object",
        "properties": {
            "tags": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {**_NAME, "minLength": 1}},
                    "required": ["name"],
                },
            }
        },
        "required": ["tags"],
        "additionalProperties": False,
    }
)


def render_namespace(namespace: MetadefNamespace) -> Document:
    """The namespace without its content."""
    document: Document = {
        "namespace": namespace.name,
        "display_name": namespace.display_name,
        "description": namespace.description,
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        **_times(namespace),
        "self": f"/v2/metadefs/namespaces/{namespace.name}",
        "schema": "/v2/schemas/metadefs/namespace",
    }
    return {name: value for name, value in document.items() if value is not None}


def render_object(row: MetadefObject, namespace: str, prefix: str = "") -> Document:
    properties = row.document.get("properties") or {}
    return {
        "name": row.name,
        "required": [],
        **row.document,
        "properties": {prefix + name: value for name, value in properties.items()},
        **_times(row),
        "self": f"/v2/metadefs/namespaces/{namespace}/objects/{row.name}",
        "schema": "/v2/schemas/metadefs/object",
    }


def render_property(row: MetadefProperty, prefix: str = "") -> Document:
    return {"name": prefix + row.name, **row.document}


def render_tag(row: MetadefTag) -> Document:
    return {"name": row.name, **_times(row)}


def render_association(association: MetadefAssociation) -> Document:
    document: Document = {"name": association.name}
    if association.prefix is not None:
        document["prefix"] = association.prefix
    if association.properties_target is not None:
        document["properties_target"] = association.properties_target
    return {**document, **_times(association)}


def _times(row: Any) -> Document:
    return {"created_at": zulu(row.created_at), "updated_at": zulu(row.updated_at)}
