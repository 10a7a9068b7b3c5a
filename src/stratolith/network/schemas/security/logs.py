"""Logs of security groups."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import Attribute
from stratolith.network.models import Log
from stratolith.network.schemas.attributes import attributes, standard
from stratolith.network.schemas.fields import boolean, name, nullable, text, uuid, valid_value
from stratolith.network.schemas.rendering import common

EVENTS = ("ACCEPT", "DROP", "ALL")


LOG = attributes(
    "log",
    "logs",
    standard(
        name=Attribute(name(), default=""),
        resource_type=Attribute(text(), update=False, required=True),
        resource_id=Attribute(nullable(uuid), update=False, default=None),
        target_id=Attribute(nullable(uuid), update=False, default=None),
        event=Attribute(valid_value(EVENTS), update=False, default="ALL"),
        enabled=Attribute(boolean, default=True),
    ),
)


def render(log: Log) -> dict[str, Any]:
    return {
        "id": log.id,
        "name": log.name,
        "resource_type": log.resource_type,
        "resource_id": log.resource_id,
        "target_id": log.target_id,
        "event": log.event,
        "enabled": log.enabled,
        **common(log),
    }
