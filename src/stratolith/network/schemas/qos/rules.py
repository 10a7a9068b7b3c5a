"""QoS rules: each type has its own names for the columns ``amount`` and ``burst``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Attributes, Invalid
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import valid_value

MOST = 2**31 - 1
DSCP_MARKS = (
    0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 46, 48, 56,
)  # fmt: skip
DIRECTIONS = ("ingress", "egress")


@dataclass(frozen=True)
class RuleType:
    """A type of rules; ``directions`` is empty for rules without direction."""

    name: str
    amount: str  # name of the main value in the API
    burst: str = ""
    directions: tuple[str, ...] = DIRECTIONS
    marks: bool = False  # the value is a DSCP mark

    @property
    def resource(self) -> str:
        """Its name in bodies and policy rules."""
        return f"{self.name}_rule"


TYPES = {
    kind.name: kind
    for kind in (
        RuleType("bandwidth_limit", "max_kbps", "max_burst_kbps"),
        RuleType("dscp_marking", "dscp_mark", directions=(), marks=True),
        RuleType("minimum_bandwidth", "min_kbps"),
        RuleType("minimum_packet_rate", "min_kpps", directions=("any", *DIRECTIONS)),
        RuleType("packet_rate_limit", "max_kpps", "max_burst_kpps"),
    )
}


def whole_number(value: Any) -> int:
    """Raises InvalidInput for what is no integer: Neutron converts before it checks ranges."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise InvalidInput(error_message=f"'{value}' is not an integer")
    try:
        return int(value)
    except ValueError:
        raise InvalidInput(error_message=f"'{value}' is not an integer") from None


def _amount(value: Any) -> int:
    number = whole_number(value)
    if number < 0:
        raise Invalid(f"'{number}' is too small - must be at least '0'.")
    if number > MOST:
        raise Invalid(f"'{number}' is too large - must be no larger than '{MOST}'.")
    return number


def _mark(value: Any) -> int:
    number = whole_number(value)
    if number not in DSCP_MARKS:
        raise Invalid(f"{number} is not in valid_values.")
    return number


def rule_attributes(kind: RuleType, *, alias: bool = False) -> Attributes:
    """The attributes of rules of a type; ``alias``: of the paths by the rule's id alone."""
    known = {
        "id": READ_ONLY,
        kind.amount: Attribute(_mark if kind.marks else _amount, required=True),
    }
    if kind.burst:
        known[kind.burst] = Attribute(_amount, default=0)
    if kind.directions:
        known["direction"] = Attribute(valid_value(kind.directions), default="egress")
    name = f"alias_{kind.resource}" if alias else kind.resource
    return attributes(name, f"{name}s", known)


def columns(kind: RuleType, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a body by the names of columns."""
    names = {kind.amount: "amount", "direction": "direction"}
    if kind.burst:
        names[kind.burst] = "burst"
    return {column: values[name] for name, column in names.items() if name in values}


def render_rule(rule: Any) -> dict[str, Any]:
    """A rule as its own paths show it."""
    kind = TYPES[rule.type]
    body = {kind.amount: rule.amount}
    if kind.burst:
        body[kind.burst] = rule.burst
    if kind.directions:
        body["direction"] = rule.direction
    return {**body, "id": rule.id}
