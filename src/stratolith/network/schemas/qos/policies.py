"""QoS policies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import boolean, name
from stratolith.network.schemas.qos.rules import render_rule
from stratolith.network.schemas.rendering import common

POLICY = attributes(
    "policy",
    "policies",
    standard(
        name=Attribute(name(), default=""),
        shared=Attribute(boolean, default=False),
        is_default=Attribute(boolean, default=False),
        rules=READ_ONLY,
        tags=TAGS,
    ),
)


def render(policy: Any, rules: Iterable[Any], tags: list[str], *, shared: bool) -> dict[str, Any]:
    return {
        "id": policy.id,
        "name": policy.name,
        "shared": shared,
        "is_default": policy.is_default,
        "rules": [
            {**render_rule(rule), "qos_policy_id": policy.id, "type": rule.type} for rule in rules
        ],
        **common(policy, tags),
    }
