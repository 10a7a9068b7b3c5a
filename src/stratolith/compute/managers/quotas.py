"""Quota sets as the compute API shows them: their names depend on the microversion."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select

from stratolith.compute.quotas import NETWORK_RESOURCES, RESOURCES
from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.quota import QuotaLimit

FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
GROUPS = ("server_groups", "server_group_members")
_OWN = [resource.name for resource in RESOURCES]


def names(minor: int) -> list[str]:
    """Resources of a quota set in microversion 2.``minor``."""
    own = [name for name in _OWN if minor < 57 or name not in FILES]
    return own + (list(NETWORK_RESOURCES) if minor < 36 else [])


def class_names(minor: int) -> list[str]:
    """Resources of a quota class set."""
    own = [name for name in _OWN if minor < 57 or name not in FILES]
    if minor < 50:
        return [n for n in own if n not in GROUPS] + list(NETWORK_RESOURCES)
    return own


def limits(ctx: Context, project_id: str) -> dict[str, int]:
    """Limits in force; network limits are only the ones that old clients stored here."""
    return {**quota.limits(ctx, project_id), **NETWORK_RESOURCES, **_noted(ctx, project_id)}


def _noted(ctx: Context, project_id: str) -> dict[str, int]:
    """Limits of network resources, kept for old clients; the network service has its own."""
    rows = ctx.session.execute(
        select(QuotaLimit.project_id, QuotaLimit.resource, QuotaLimit.hard_limit).where(
            QuotaLimit.service == "compute",
            QuotaLimit.project_id.in_([project_id, quota.DEFAULT_CLASS]),
            QuotaLimit.resource.in_(list(NETWORK_RESOURCES)),
        )
    ).all()
    limits_by_name: dict[str, int] = {}
    for project in (quota.DEFAULT_CLASS, project_id):
        limits_by_name.update({name: limit for owner, name, limit in rows if owner == project})
    return limits_by_name


def usage(ctx: Context, project_id: str) -> dict[str, int]:
    return {**quota.usage(ctx, project_id), **dict.fromkeys(NETWORK_RESOURCES, 0)}


def defaults(ctx: Context) -> dict[str, int]:
    return limits(ctx, quota.DEFAULT_CLASS)


def of_class(ctx: Context, name: str) -> dict[str, int]:
    """Limits of a quota class; only the class ``default`` is in force for projects."""
    if name == quota.DEFAULT_CLASS:
        return defaults(ctx)
    noted = quota.noted(ctx, class_key(name))
    built_in = {resource.name: resource.default for resource in RESOURCES}
    return {**built_in, **NETWORK_RESOURCES, **noted}


def class_key(name: str) -> str:
    """The value of ``project_id`` for the limits of a class; no project can have this id."""
    if name == quota.DEFAULT_CLASS:
        return name
    return "class:" + hashlib.sha256(name.encode()).hexdigest()[:32]


def set_limits(ctx: Context, project_id: str, wanted: dict[str, Any], *, force: bool) -> None:
    """Raises BadRequest for a limit below the usage, unless forced."""
    used = {} if force else usage(ctx, project_id)
    for name, value in wanted.items():
        limit = int(value)
        if limit < -1:
            raise BadRequest(f"Quota limit {limit} for {name} must be -1 or greater.")
        if 0 <= limit < used.get(name, 0):
            raise BadRequest(
                f"Quota limit {limit} for {name} must be greater than or equal to already used "
                f"and reserved {used[name]}."
            )
        quota.set_limit(ctx, project_id, name, limit)
