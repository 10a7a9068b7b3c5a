"""Request schemas of servers: create and update."""

from __future__ import annotations

from stratolith.compute.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    FQDN,
    HOST,
    HOSTNAME,
    IP,
    METADATA,
    NAME,
    TAG,
    TAGS,
    UUID,
    Document,
    closed,
    number,
)
from stratolith.kernel.http.validation import Schema, Since, add, remove

DISK_CONFIG: Document = {"type": "string", "enum": ["AUTO", "MANUAL"]}
ACCESS_V4: Document = {"type": "string", "anyOf": [{"format": "ipv4"}, {"maxLength": 0}]}
ACCESS_V6: Document = {"type": "string", "anyOf": [{"format": "ipv6"}, {"maxLength": 0}]}
BASE64: Document = {"type": "string", "format": "base64"}
USER_DATA: Document = {**BASE64, "maxLength": 65535}
PERSONALITY: Document = {
    "type": "array",
    "items": closed({"path": {"type": "string"}, "contents": BASE64}, "path", "contents"),
}
ADMIN_PASS: Document = {"type": "string"}
FLAVOR_REF: Document = {"type": ["string", "integer"], "minLength": 1}
_TEXT: Document = {"type": "string", "maxLength": 255}

_NETWORK = {"fixed_ip": IP, "port": {"type": ["string", "null"], "format": "uuid"}}
_OLD_NETWORKS: Document = {
    "type": "array",
    "items": closed({**_NETWORK, "uuid": {"type": "string"}}),
}


def _networks(**more: Document) -> Document:
    listed = {"type": "array", "items": closed({**_NETWORK, "uuid": UUID, **more})}
    return {"anyOf": [listed, {"type": "string", "enum": ["none", "auto"]}]}


_LEGACY_DEVICE: Document = {
    "virtual_name": _TEXT,
    "volume_id": UUID,
    "snapshot_id": UUID,
    "volume_size": {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1},
    "device_name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[a-zA-Z0-9._/-]*$",
    },
    "delete_on_termination": BOOLEAN,
    "no_device": {},
    "connection_info": {"type": "string"},
}
_DEVICE: Document = {
    **_LEGACY_DEVICE,
    "source_type": {"type": "string", "enum": ["volume", "image", "snapshot", "blank"]},
    "uuid": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]*$"},
    "image_id": UUID,
    "destination_type": {"type": "string", "enum": ["local", "volume"]},
    "guest_format": _TEXT,
    "device_type": _TEXT,
    "disk_bus": _TEXT,
    "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"},
}

_HINTS: Document = {
    "type": "object",
    "properties": {
        "group": {"anyOf": [UUID, {"type": "array", "items": UUID, "minItems": 1, "maxItems": 1}]},
        "different_host": {"anyOf": [UUID, {"type": "array", "items": UUID}]},
        "same_host": {"anyOf": [UUID, {"type": "array", "items": UUID}]},
    },
}

_SERVER: Document = {
    "name": NAME,
    "imageRef": {"type": "string", "anyOf": [{"format": "uuid"}, {"maxLength": 0}]},
    "flavorRef": FLAVOR_REF,
    "adminPass": ADMIN_PASS,
    "metadata": METADATA,
    "networks": _OLD_NETWORKS,
    "OS-DCF:diskConfig": DISK_CONFIG,
    "accessIPv4": ACCESS_V4,
    "accessIPv6": ACCESS_V6,
    "personality": PERSONALITY,
    "availability_zone": NAME,
    "block_device_mapping": {"type": "array", "items": closed(_LEGACY_DEVICE)},
    "block_device_mapping_v2": {"type": "array", "items": closed(_DEVICE)},
    "config_drive": BOOLEAN,
    "key_name": NAME,
    "min_count": number(1),
    "max_count": number(1),
    "return_reservation_id": BOOLEAN,
    "security_groups": {"type": "array", "items": closed({"name": NAME})},
    "user_data": USER_DATA,
}


def _device_tag(document: Document) -> None:
    server = document["properties"]["server"]["properties"]
    server["block_device_mapping_v2"]["items"]["properties"]["tag"] = TAG


def _no_device_tag(document: Document) -> None:
    server = document["properties"]["server"]["properties"]
    server["block_device_mapping_v2"]["items"]["properties"].pop("tag", None)


def _network_tag(document: Document) -> None:
    networks = document["properties"]["server"]["properties"]["networks"]
    networks["items"]["properties"]["tag"] = TAG


def _networks_required(document: Document) -> None:
    server = document["properties"]["server"]
    server["required"] = [*server["required"], "networks"]
    server["properties"]["networks"] = _networks()


def _volume_type(document: Document) -> None:
    server = document["properties"]["server"]["properties"]
    device = server["block_device_mapping_v2"]["items"]["properties"]
    device["volume_type"] = {"type": ["string", "null"], "maxLength": 255}


CREATE = Schema(
    closed(
        {
            "server": closed(_SERVER, "name", "flavorRef"),
            "os:scheduler_hints": _HINTS,
            "OS-SCH-HNT:scheduler_hints": _HINTS,
        },
        "server",
    )
).changed(
    Since("2.19", add("description", DESCRIPTION, "server")),
    Since("2.32", _network_tag),
    Since("2.32", _device_tag),
    Since("2.33", _no_device_tag),
    Since("2.37", _networks_required),
    Since("2.42", add("networks", _networks(tag=TAG), "server")),
    Since("2.42", _device_tag),
    Since("2.52", add("tags", TAGS, "server")),
    Since("2.57", remove("personality", "server")),
    Since(
        "2.63",
        add(
            "trusted_image_certificates",
            {
                "type": ["array", "null"],
                "minItems": 1,
                "maxItems": 50,
                "uniqueItems": True,
                "items": {"type": "string", "minLength": 1},
            },
            "server",
        ),
    ),
    Since("2.67", _volume_type),
    Since("2.74", add("host", HOST, "server")),
    Since("2.74", add("hypervisor_hostname", HOST, "server")),
    Since("2.90", add("hostname", HOSTNAME, "server")),
    Since("2.94", add("hostname", FQDN, "server")),
)

UPDATE = Schema(
    closed(
        {
            "server": closed(
                {
                    "name": NAME,
                    "OS-DCF:diskConfig": DISK_CONFIG,
                    "accessIPv4": ACCESS_V4,
                    "accessIPv6": ACCESS_V6,
                }
            )
        },
        "server",
    )
).changed(
    Since("2.19", add("description", DESCRIPTION, "server")),
    Since("2.90", add("hostname", HOSTNAME, "server")),
    Since("2.94", add("hostname", FQDN, "server")),
)

METADATA_BODY = Schema(closed({"metadata": METADATA}, "metadata"))
META_BODY = Schema(closed({"meta": {**METADATA, "minProperties": 1, "maxProperties": 1}}, "meta"))
