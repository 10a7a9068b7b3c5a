"""Metering labels: each counts traffic between the routers of a project and the outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.exceptions.metering import MeteringLabelNotFound
from stratolith.network.managers import host_hints
from stratolith.network.models import MeteringLabel

PLAIN = ("name", "description", "shared")


def get(ctx: Context, label_id: str) -> MeteringLabel:
    """Raises MeteringLabelNotFound."""
    label = ctx.session.get(MeteringLabel, label_id)
    if label is None or not (ctx.is_admin or ctx.owns(label.project_id)):
        raise MeteringLabelNotFound(label_id=label_id)
    return label


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> MeteringLabel:
    label = MeteringLabel(project_id=project_id, **{name: values[name] for name in PLAIN})
    ctx.session.add(label)
    ctx.session.flush()
    hint(ctx, label)
    return label


def delete(ctx: Context, label: MeteringLabel) -> None:
    hint(ctx, label)
    ctx.session.delete(label)
    ctx.session.flush()


def hint(ctx: Context, label: MeteringLabel) -> None:
    """Hint about the routers whose traffic the label counts."""
    host_hints.routers_of(ctx, None if label.shared else label.project_id)
