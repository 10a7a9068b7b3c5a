"""Errors of metering labels."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class MeteringLabelNotFound(NotFound):
    message = "Metering label '{label_id}' does not exist."


class MeteringLabelRuleNotFound(NotFound):
    message = "Metering label rule '{rule_id}' does not exist."


class MeteringLabelRuleOverlaps(Conflict):
    message = "Metering label rule with remote_ip_prefix '{remote_ip_prefix}' overlaps another."


class InvalidMeteringRule(BadRequest):
    """Upstream answers 500 with this type."""

    @property
    def type(self) -> str:
        return "Invalid"
