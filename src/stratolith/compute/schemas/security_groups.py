"""Request shapes of the old security group routes."""

from __future__ import annotations

from stratolith.compute.schemas.types import NAME, Document, closed
from stratolith.kernel.http.validation import Schema

_PORT: Document = {
    "type": ["integer", "string", "null"],
    "pattern": "^(-?[0-9]{1,5})?$",
    "minimum": -1,
    "maximum": 65535,
}
GROUP = Schema(
    closed(
        {
            "security_group": closed(
                {
                    "name": {**NAME, "pattern": r"\S"},
                    "description": {"type": "string", "maxLength": 255},
                },
                "name",
                "description",
            )
        },
        "security_group",
    )
)
RULE = Schema(
    closed(
        {
            "security_group_rule": closed(
                {
                    "parent_group_id": {"type": ["string", "null"]},
                    "group_id": {"type": ["string", "null"]},
                    "ip_protocol": {"type": ["string", "null"], "maxLength": 40},
                    "from_port": _PORT,
                    "to_port": _PORT,
                    "cidr": {"type": ["string", "null"], "maxLength": 64},
                },
                "parent_group_id",
            )
        },
        "security_group_rule",
    )
)
