"""Request schemas of the actions of ``POST /servers/{id}/action``, and of interfaces."""

from __future__ import annotations

from stratolith.compute.schemas.servers import (
    ACCESS_V4,
    ACCESS_V6,
    ADMIN_PASS,
    DISK_CONFIG,
    PERSONALITY,
    USER_DATA,
)
from stratolith.compute.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    FQDN,
    HOSTNAME,
    IP,
    METADATA,
    NAME,
    TAG,
    UUID,
    Document,
    closed,
    number,
)
from stratolith.kernel.http.validation import Schema, Since, add, remove

ACTION = Schema({"type": "object", "minProperties": 1})


def _action(name: str, value: Document) -> Schema:
    return Schema(closed({name: value}, name))


def _anything(name: str) -> Schema:
    return _action(name, {})


_ADDRESS = closed({"address": {"type": "string", "format": "ipv4"}}, "address")
_LOCK_REASON: Document = {
    "type": ["object", "null"],
    "properties": {"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}},
    "additionalProperties": False,
}


def _lock_reason(document: Document) -> None:
    document["properties"]["lock"] = _LOCK_REASON


_REBUILD: Document = {
    "name": NAME,
    "imageRef": UUID,
    "adminPass": ADMIN_PASS,
    "metadata": METADATA,
    "preserve_ephemeral": BOOLEAN,
    "OS-DCF:diskConfig": DISK_CONFIG,
    "accessIPv4": ACCESS_V4,
    "accessIPv6": ACCESS_V6,
    "personality": PERSONALITY,
}

ACTIONS: dict[str, Schema] = {
    "os-start": _anything("os-start"),
    "os-stop": _anything("os-stop"),
    "reboot": _action(
        "reboot",
        closed({"type": {"enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}}, "type"),
    ),
    "pause": _anything("pause"),
    "unpause": _anything("unpause"),
    "forceDelete": _anything("forceDelete"),
    "unlock": _anything("unlock"),
    "lock": _anything("lock").changed(Since("2.73", _lock_reason)),
    "os-resetState": _action(
        "os-resetState", closed({"state": {"type": "string", "enum": ["active", "error"]}}, "state")
    ),
    "injectNetworkInfo": _anything("injectNetworkInfo"),
    "os-getConsoleOutput": _action(
        "os-getConsoleOutput",
        closed({"length": {"anyOf": [{"type": "null"}, number(-1)]}}),
    ),
    "changePassword": _action(
        "changePassword", closed({"adminPass": {"type": "string"}}, "adminPass")
    ),
    "addSecurityGroup": _action("addSecurityGroup", closed({"name": NAME}, "name")),
    "removeSecurityGroup": _action("removeSecurityGroup", closed({"name": NAME}, "name")),
    "addFloatingIp": _action(
        "addFloatingIp",
        closed(
            {
                "address": {"type": "string", "format": "ipv4"},
                "fixed_address": {"type": "string", "format": "ipv4"},
            },
            "address",
        ),
    ),
    "removeFloatingIp": _action("removeFloatingIp", _ADDRESS),
    "addFixedIp": _action(
        "addFixedIp", closed({"networkId": {"type": ["string", "integer"]}}, "networkId")
    ),
    "removeFixedIp": _action("removeFixedIp", closed({"address": IP}, "address")),
    "rebuild": _action("rebuild", closed(_REBUILD, "imageRef")).changed(
        Since("2.19", add("description", DESCRIPTION, "rebuild")),
        Since("2.54", add("key_name", {"anyOf": [NAME, {"type": "null"}]}, "rebuild")),
        Since("2.57", remove("personality", "rebuild")),
        Since("2.57", add("user_data", {"anyOf": [USER_DATA, {"type": "null"}]}, "rebuild")),
        Since(
            "2.63",
            add(
                "trusted_image_certificates",
                {"type": ["array", "null"], "items": {"type": "string"}},
                "rebuild",
            ),
        ),
        Since("2.90", add("hostname", HOSTNAME, "rebuild")),
        Since("2.94", add("hostname", FQDN, "rebuild")),
    ),
}

INTERFACE = Schema(
    closed(
        {
            "interfaceAttachment": closed(
                {
                    "net_id": UUID,
                    "port_id": UUID,
                    "fixed_ips": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1,
                        "items": closed({"ip_address": IP}, "ip_address"),
                    },
                }
            )
        }
    )
).changed(Since("2.49", add("tag", TAG, "interfaceAttachment")))
