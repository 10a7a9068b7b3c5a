"""Whether new security groups are stateful, for a project or for all projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.security_groups import (
    SecurityGroupDefaultStatefulnessAlreadyExists,
    SecurityGroupDefaultStatefulnessNotFound,
)
from stratolith.network.models import DefaultStatefulness


def get(ctx: Context, setting_id: str) -> DefaultStatefulness:
    """Raises SecurityGroupDefaultStatefulnessNotFound."""
    setting = ctx.session.get(DefaultStatefulness, setting_id)
    if setting is None or not (ctx.is_admin or ctx.owns(setting.project_id)):
        raise SecurityGroupDefaultStatefulnessNotFound(id=setting_id)
    return setting


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> DefaultStatefulness:
    """``project_id`` "": for all projects without a setting of their own.

    Raises SecurityGroupDefaultStatefulnessAlreadyExists.
    """
    same = select(DefaultStatefulness.id).where(DefaultStatefulness.project_id == project_id)
    if ctx.session.scalar(same) is not None:
        raise SecurityGroupDefaultStatefulnessAlreadyExists(project_id=project_id or "system-wide")
    setting = DefaultStatefulness(project_id=project_id, stateful=values["stateful"])
    ctx.session.add(setting)
    ctx.session.flush()
    return setting


def update(
    ctx: Context, setting: DefaultStatefulness, values: Mapping[str, Any]
) -> DefaultStatefulness:
    """Groups that exist do not change."""
    setting.stateful = values.get("stateful", setting.stateful)
    ctx.session.flush()
    return setting


def delete(ctx: Context, setting: DefaultStatefulness) -> None:
    ctx.session.delete(setting)
    ctx.session.flush()
