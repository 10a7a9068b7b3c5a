"""The agents of hosts."""

from __future__ import annotations

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import boolean, nullable, text

SHOWN = (
    "id", "agent_type", "binary", "topic", "host", "alive", "availability_zone", "created_at",
    "started_at", "heartbeat_timestamp", "configurations", "resources_synced",
)  # fmt: skip
AGENT = attributes(
    "agent",
    "agents",
    {
        **dict.fromkeys(SHOWN, READ_ONLY),
        "admin_state_up": Attribute(boolean, create=False),
        "description": Attribute(nullable(text()), create=False),
    },
)
