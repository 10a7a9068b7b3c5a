"""/metering/metering-label-rules"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, each, exact
from stratolith.network import models as m
from stratolith.network.api.filters import or_all
from stratolith.network.api.style import STYLE, Target
from stratolith.network.exceptions.metering import MeteringLabelRuleNotFound
from stratolith.network.managers.metering import metering_label_rules, metering_labels
from stratolith.network.schemas.metering import METERING_LABEL_RULE, render_rule

_KEYS = (
    "id",
    "metering_label_id",
    "direction",
    "excluded",
    "remote_ip_prefix",
    "source_ip_prefix",
    "destination_ip_prefix",
)


def _target(ctx: Context, values: dict[str, Any]) -> Target:
    """A rule belongs to the project of its label."""
    return metering_labels.get(ctx, values["metering_label_id"]).policy_target()


METERING_LABEL_RULES = Resource(
    METERING_LABEL_RULE.name,
    STYLE,
    path="/metering/metering-label-rules",
    load=metering_label_rules.get,
    rendered=each(lambda ctx, rule: render_rule(rule)),
    attributes=METERING_LABEL_RULE,
    listing=Listing(
        m.MeteringLabelRule,
        visible=or_all(
            lambda ctx: m.MeteringLabelRule.metering_label_id.in_(
                select(m.MeteringLabel.id).where(ctx.own(m.MeteringLabel.project_id))
            )
        ),
        filters={
            **{name: exact(getattr(m.MeteringLabelRule, name)) for name in _KEYS},
            "excluded": boolean(m.MeteringLabelRule.excluded),
        },
        sort_keys={name: getattr(m.MeteringLabelRule, name) for name in _KEYS},
        default_sort=[("id", "asc")],
        missing=lambda marker: MeteringLabelRuleNotFound(rule_id=marker),
    ),
    new_target=_target,
    create=Verb(metering_label_rules.create),
    delete=Verb(metering_label_rules.delete),
)
ROUTES = METERING_LABEL_RULES.routes
