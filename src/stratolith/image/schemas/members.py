"""Members of shared images."""

from __future__ import annotations

from typing import Any

from stratolith.image.models import ImageMember
from stratolith.image.schemas.images import UUID
from stratolith.kernel.clock import zulu
from stratolith.kernel.http.validation import Schema

STATUSES = ("pending", "accepted", "rejected")

MEMBER: dict[str, Any] = {
    "name": "member",
    "properties": {
        "member_id": {"type": "string", "description": "Project the image is shared with"},
        "image_id": {"type": "string", "description": "Id of the image", "pattern": UUID},
        "created_at": {"type": "string", "description": "When the image was offered"},
        "updated_at": {"type": "string", "description": "When the member last changed"},
        "status": {
            "type": "string",
            "description": "Whether the project accepted the image",
            "enum": list(STATUSES),
        },
        "schema": {"readOnly": True, "type": "string"},
    },
}
MEMBERS: dict[str, Any] = {
    "name": "members",
    "properties": {
        "members": {"type": "array", "items": MEMBER},
        "schema": {"type": "string"},
    },
    "links": [{"rel": "describedby", "href": "{schema}"}],
}

CREATE = Schema(
    {
        "type": "object",
        "properties": {"member": {"type": "string", "minLength": 1, "maxLength": 255}},
        "required": ["member"],
        "additionalProperties": False,
    }
)
UPDATE = Schema(
    {
        "type": "object",
        "properties": {"status": {"type": "string", "enum": list(STATUSES)}},
        "required": ["status"],
    }
)


def render(member: ImageMember) -> dict[str, Any]:
    return {
        "member_id": member.member_id,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": zulu(member.created_at),
        "updated_at": zulu(member.updated_at),
        "schema": "/v2/schemas/member",
    }
