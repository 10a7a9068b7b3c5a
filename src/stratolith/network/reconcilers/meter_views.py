"""Compile what metering labels count of routers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers.routing import MeterRuleView, MeterView
from stratolith.network.models import MeteringLabel, MeteringLabelRule
from stratolith.network.reconcilers.view_rows import MeterRow, RouterRow, columns


def meter_views(
    ctx: Context, routers: Sequence[RouterRow], left_out: LeftOut
) -> dict[str, list[MeterView]]:
    """Project -> the meters of its routers: of its own labels and of shared ones."""
    projects = {router.project_id for router in routers}
    labels = ctx.session.execute(
        select(MeteringLabel.id, MeteringLabel.project_id, MeteringLabel.shared)
        .where(or_(MeteringLabel.shared.is_(True), MeteringLabel.project_id.in_(projects)))
        .order_by(MeteringLabel.id)
    ).all()
    by_project: dict[str, list[MeterView]] = defaultdict(list)
    rules = _rules(ctx, [label_id for label_id, _, _ in labels], left_out)
    for label_id, owner, shared in labels:
        view = MeterView(label=label_id, rules=rules[label_id])
        for project in projects if shared else {owner}:
            by_project[project].append(view)
    return by_project


def _rules(
    ctx: Context, label_ids: Sequence[str], left_out: LeftOut
) -> dict[str, list[MeterRuleView]]:
    by_label: dict[str, list[MeterRuleView]] = defaultdict(list)
    if not label_ids:
        return by_label
    wanted = columns(MeterRow, MeteringLabelRule).where(
        MeteringLabelRule.metering_label_id.in_(label_ids)
    )
    ordered = wanted.order_by(MeteringLabelRule.id)
    for row in left_out.rows(ctx.session, ordered, MeteringLabelRule.id, MeterRow):
        by_label[row.metering_label_id].append(_rule(row))
    return by_label


def _rule(row: MeterRow) -> MeterRuleView:
    source, destination = row.source_ip_prefix, row.destination_ip_prefix
    if row.remote_ip_prefix:  # of the inside, as upstream
        if row.direction == "egress":
            source = row.remote_ip_prefix
        else:
            destination = row.remote_ip_prefix
    return MeterRuleView(
        direction=row.direction,
        source=source or "",
        destination=destination or "",
        excluded=row.excluded,
    )
