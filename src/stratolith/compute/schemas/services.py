"""Request schemas of services."""

from __future__ import annotations

from stratolith.compute.schemas.types import BOOLEAN, HOST, closed
from stratolith.kernel.http.validation import Schema, Since, add

_REASON = {"type": "string", "minLength": 1, "maxLength": 255}
_SERVICE = {"host": HOST, "binary": {"type": "string", "minLength": 1, "maxLength": 255}}

_SWITCH = {
    "type": "string",
    "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"],
}
HOST_UPDATE = Schema(closed({"status": _SWITCH, "maintenance_mode": _SWITCH}, minProperties=1))
OLD_ACTION = Schema(closed({**_SERVICE, "disabled_reason": _REASON}, "host", "binary")).changed(
    Since("2.11", add("forced_down", BOOLEAN))
)
UPDATE = Schema(
    closed(
        {
            "status": {"type": "string", "enum": ["enabled", "disabled"]},
            "disabled_reason": _REASON,
            "forced_down": BOOLEAN,
        },
        minProperties=1,
    )
)
