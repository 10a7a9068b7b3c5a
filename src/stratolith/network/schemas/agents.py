"""The agents of hosts."""

from __future__ import annotations

from stratolith.network.schemas.fields import boolean, nullable, text
from stratolith.network.schemas.resource import READ_ONLY, Attr, Resource

SHOWN = (
    "id", "agent_type", "binary", "topic", "host", "alive", "availability_zone", "created_at",
    "started_at", "heartbeat_timestamp", "configurations", "resources_synced",
)  # fmt: skip
AGENT = Resource(
    "agent",
    "agents",
    {
        **dict.fromkeys(SHOWN, READ_ONLY),
        "admin_state_up": Attr(boolean, create=False),
        "description": Attr(nullable(text()), create=False),
    },
)
