"""Rules of metering labels: which traffic is counted."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.metering import (
    InvalidMeteringRule,
    MeteringLabelNotFound,
    MeteringLabelRuleNotFound,
    MeteringLabelRuleOverlaps,
)
from stratolith.network.managers.metering import metering_labels
from stratolith.network.models import MeteringLabelRule

PREFIXES = ("remote_ip_prefix", "source_ip_prefix", "destination_ip_prefix")


def get(ctx: Context, rule_id: str) -> MeteringLabelRule:
    """Raises MeteringLabelRuleNotFound."""
    rule = ctx.session.get(MeteringLabelRule, rule_id)
    if rule is not None:
        try:
            metering_labels.get(ctx, rule.metering_label_id)
        except MeteringLabelNotFound:
            rule = None
    if rule is None:
        raise MeteringLabelRuleNotFound(rule_id=rule_id)
    return rule


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> MeteringLabelRule:
    """Raises MeteringLabelNotFound, InvalidMeteringRule, MeteringLabelRuleOverlaps."""
    prefixes = {name: values.get(name) for name in PREFIXES}
    _check_prefixes(prefixes)
    label = metering_labels.get(ctx, values["metering_label_id"])
    rule = MeteringLabelRule(
        metering_label_id=label.id,
        direction=values["direction"],
        excluded=values["excluded"],
        **prefixes,
    )
    _check_overlaps(ctx, rule)
    ctx.session.add(rule)
    ctx.session.flush()
    metering_labels.hint(ctx, label)
    return rule


def delete(ctx: Context, rule: MeteringLabelRule) -> None:
    label = rule.label
    ctx.session.delete(rule)
    ctx.session.flush()
    metering_labels.hint(ctx, label)


def _check_prefixes(prefixes: Mapping[str, str | None]) -> None:
    given = [prefix for prefix in prefixes.values() if prefix]
    if not given:
        raise InvalidMeteringRule(
            "You must define at least one of the following parameters 'remote_ip_prefix', or "
            "'source_ip_prefix' or 'destination_ip_prefix'."
        )
    if prefixes["remote_ip_prefix"] and len(given) > 1:
        raise InvalidMeteringRule(
            "Cannot use 'remote-ip-prefix' in conjunction with 'source-ip-prefix' or "
            "'destination-ip-prefix'."
        )
    if len({_network(prefix).version for prefix in given}) > 1:
        raise InvalidMeteringRule(
            "source_ip_prefix and destination_ip_prefix are of different IP versions."
        )


def _check_overlaps(ctx: Context, rule: MeteringLabelRule) -> None:
    if not rule.remote_ip_prefix:
        return
    known = ctx.session.scalars(
        select(MeteringLabelRule.remote_ip_prefix).where(
            MeteringLabelRule.metering_label_id == rule.metering_label_id,
            MeteringLabelRule.direction == rule.direction,
            MeteringLabelRule.excluded == rule.excluded,
            MeteringLabelRule.remote_ip_prefix.is_not(None),
        )
    )
    wanted = _network(rule.remote_ip_prefix)
    for prefix in known:
        network = _network(str(prefix))
        if network.version == wanted.version and network.overlaps(wanted):
            raise MeteringLabelRuleOverlaps(remote_ip_prefix=rule.remote_ip_prefix)


def _network(prefix: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(prefix, strict=False)
