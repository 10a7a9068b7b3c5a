"""Metering labels and their rules."""

from __future__ import annotations

from typing import Any

from stratolith.kernel import addresses
from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.exceptions.metering import InvalidMeteringRule
from stratolith.network.models import MeteringLabel, MeteringLabelRule
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import boolean, name, nullable, text, uuid, valid_value

LONG = 1024
DIRECTIONS = ("ingress", "egress")
PREFIXES = ("remote_ip_prefix", "source_ip_prefix", "destination_ip_prefix")
_OWNER = {
    "project_id": Attribute(text(64), update=False),
    "tenant_id": Attribute(text(64), update=False),
}


def _prefix(attribute: str) -> Attribute:
    """A prefix with the host bits that it was given with, as upstream keeps it."""

    def convert(value: Any) -> str:
        try:
            return str(addresses.prefix(value if "/" in value else _whole(value)))
        except (ValueError, TypeError):
            raise InvalidMeteringRule(f"{attribute}: {value} is invalid.") from None

    return Attribute(nullable(convert), update=False)


def _whole(value: str) -> str:
    address = addresses.address(value)
    return f"{address}/{address.max_prefixlen}"


METERING_LABEL = attributes(
    "metering_label",
    "metering_labels",
    {
        "id": READ_ONLY,
        **_OWNER,
        "name": Attribute(name(), update=False, default=""),
        "description": Attribute(text(LONG), update=False, default=""),
        "shared": Attribute(boolean, update=False, default=False),
    },
)
METERING_LABEL_RULE = attributes(
    "metering_label_rule",
    "metering_label_rules",
    {
        "id": READ_ONLY,
        **_OWNER,
        "metering_label_id": Attribute(uuid, update=False, required=True),
        "direction": Attribute(valid_value(DIRECTIONS), update=False, required=True),
        "excluded": Attribute(boolean, update=False, default=False),
        **{attribute: _prefix(attribute) for attribute in PREFIXES},
    },
)


def render_label(label: MeteringLabel) -> dict[str, Any]:
    return {
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "shared": label.shared,
        "project_id": label.project_id,
        "tenant_id": label.project_id,
    }


def render_rule(rule: MeteringLabelRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "metering_label_id": rule.metering_label_id,
        "direction": rule.direction,
        "remote_ip_prefix": rule.remote_ip_prefix,
        "source_ip_prefix": rule.source_ip_prefix,
        "destination_ip_prefix": rule.destination_ip_prefix,
        "excluded": rule.excluded,
    }
