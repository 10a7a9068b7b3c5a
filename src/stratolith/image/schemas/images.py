"""Images: the published schema, the schema of requests, and the rendering."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.clock import zulu
from stratolith.kernel.http.validation import Schema

Document = dict[str, Any]

DISK_FORMATS = (
    "ami",
    "ari",
    "aki",
    "vhd",
    "vhdx",
    "vmdk",
    "raw",
    "qcow2",
    "vdi",
    "iso",
    "ploop",
)
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
VISIBILITIES = ("community", "public", "private", "shared")
STATUSES = (
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
)
UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
MAX_INT = 2147483647


def _text(description: str, *, null: bool = False, **more: Any) -> Document:
    return {"type": ["null", "string"] if null else "string", "description": description, **more}


def _whole(description: str, **more: Any) -> Document:
    return {"type": "integer", "description": description, **more}


_READ = {"readOnly": True}
PROPERTIES: dict[str, Document] = {
    "id": _text("Id of the image", pattern=UUID),
    "name": _text("Name of the image", null=True, maxLength=255),
    "status": _text("State of the image", enum=list(STATUSES), **_READ),
    "visibility": _text("Who can see the image", enum=list(VISIBILITIES)),
    "protected": {"type": "boolean", "description": "Whether the image is kept from deletion"},
    "os_hidden": {"type": "boolean", "description": "Whether default lists leave the image out"},
    "checksum": _text("MD5 of the data", null=True, maxLength=32, **_READ),
    "os_hash_algo": _text("Algorithm of os_hash_value", null=True, maxLength=64, **_READ),
    "os_hash_value": _text("Hash of the data, hexadecimal", null=True, maxLength=128, **_READ),
    "owner": _text("Project that owns the image", null=True, maxLength=255),
    "size": {"type": ["null", "integer"], "description": "Bytes of the data", **_READ},
    "virtual_size": {"type": ["null", "integer"], "description": "Bytes of the disk", **_READ},
    "container_format": _text(
        "Format of the container", null=True, enum=[None, *CONTAINER_FORMATS]
    ),
    "disk_format": _text("Format of the disk", null=True, enum=[None, *DISK_FORMATS]),
    "created_at": _text("When the image was registered", **_READ),
    "updated_at": _text("When the image was last changed", **_READ),
    "tags": {
        "type": "array",
        "description": "Tags of the image",
        "items": {"type": "string", "maxLength": 255},
    },
    "min_ram": _whole("MiB of memory a server of the image needs", minimum=0, maximum=MAX_INT),
    "min_disk": _whole("GiB of disk a server of the image needs", minimum=0, maximum=MAX_INT),
    "self": _text("URL of the image", **_READ),
    "file": _text("URL of the data", **_READ),
    "stores": _text("Store that holds the data", **_READ),
    "schema": _text("URL of the schema", **_READ),
}
# also shown during and after an import: os_glance_importing_to_stores, os_glance_failed_import
READ_ONLY = frozenset(name for name, schema in PROPERTIES.items() if schema.get("readOnly"))
# Names that are never custom properties.
RESERVED = frozenset(("locations", "direct_url", "deleted", "deleted_at"))
RESERVED_PREFIX = "os_glance_"

IMAGE: Document = {
    "name": "image",
    "properties": PROPERTIES,
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
IMAGES: Document = {
    "name": "images",
    "properties": {
        "images": {"type": "array", "items": IMAGE},
        "first": {"type": "string"},
        "next": {"type": "string"},
        "schema": {"type": "string"},
    },
    "links": [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}

WRITE = Schema(
    {
        "type": "object",
        "properties": {
            name: schema for name, schema in PROPERTIES.items() if name not in READ_ONLY
        },
        "propertyNames": {"minLength": 1, "maxLength": 255},
        "additionalProperties": {"type": "string", "maxLength": 65535},
    }
)
OBJECT = Schema({"type": "object"})
PATCH = Schema({"type": "array", "items": {"type": "object"}, "maxItems": 1000})
IMPORT = Schema(
    {
        "type": "object",
        "properties": {
            "method": {
                "type": "object",
                "properties": {
                    name: {"type": "string"}
                    for name in (
                        "name",
                        "uri",
                        "glance_image_id",
                        "glance_region",
                        "glance_service_interface",
                    )
                },
                "required": ["name"],
            },
            "stores": {"type": "array", "items": {"type": "string"}},
            "all_stores": {"type": "boolean"},
            "all_stores_must_succeed": {"type": "boolean"},
        },
        "required": ["method"],
        "additionalProperties": False,
    }
)


def render(image: Any) -> Document:
    """An image (or a row of its columns) as in answers of the API."""
    document: Document = dict(image.properties)
    path = f"/v2/images/{image.id}"
    document.update(
        {
            "name": image.name,
            "disk_format": image.disk_format,
            "container_format": image.container_format,
            "visibility": image.visibility,
            "size": image.size,
            "virtual_size": image.virtual_size,
            "status": image.status,
            "checksum": image.checksum,
            "protected": image.protected,
            "min_ram": image.min_ram,
            "min_disk": image.min_disk,
            "owner": image.owner,
            "os_hidden": image.os_hidden,
            "os_hash_algo": image.os_hash_algo,
            "os_hash_value": image.os_hash_value,
            "id": image.id,
            "created_at": zulu(image.created_at),
            "updated_at": zulu(image.updated_at),
            "tags": image.tags,
            "self": path,
            "file": f"{path}/file",
            "schema": "/v2/schemas/image",
        }
    )
    if image.stores:
        document["stores"] = ",".join(image.stores)
    if image.importing is not None:
        document["os_glance_importing_to_stores"] = ",".join(image.importing["to"])
        document["os_glance_failed_import"] = ",".join(image.importing["failed"])
    return document
