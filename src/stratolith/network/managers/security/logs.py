"""Logs: which packets of security groups are written to the logs of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.exceptions.logs import (
    InvalidLogResourceType,
    InvalidResourceConstraint,
    LogResourceNotFound,
    ResourceNotFound,
    TargetResourceNotFound,
)
from stratolith.network.managers import host_hints, security_groups
from stratolith.network.models import Log, Port, PortSecurityGroup, SecurityGroup

SECURITY_GROUP = "security_group"  # the only type of resource that can be logged


def get(ctx: Context, log_id: str) -> Log:
    """Raises LogResourceNotFound."""
    log = ctx.session.get(Log, log_id)
    if log is None or not (ctx.is_admin or ctx.owns(log.project_id)):
        raise LogResourceNotFound(log_id=log_id)
    return log


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Log:
    """Raises InvalidLogResourceType, ResourceNotFound, TargetResourceNotFound,
    InvalidResourceConstraint.
    """
    if values["resource_type"] != SECURITY_GROUP:
        raise InvalidLogResourceType(resource_type=values["resource_type"])
    _check(ctx, values.get("resource_id"), values.get("target_id"))
    log = Log(
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        resource_type=SECURITY_GROUP,
        resource_id=values.get("resource_id"),
        target_id=values.get("target_id"),
        event=values.get("event", "ALL"),
        enabled=values.get("enabled", True),
    )
    ctx.session.add(log)
    ctx.session.flush()
    host_hints.log(ctx, log)
    return log


def update(ctx: Context, log: Log, values: Mapping[str, Any]) -> Log:
    for name in ("name", "description", "enabled"):
        if name in values:
            setattr(log, name, values[name])
    log.revision_number += 1
    ctx.session.flush()
    if "enabled" in values:
        host_hints.log(ctx, log)
    return log


def delete(ctx: Context, log: Log) -> None:
    host_hints.log(ctx, log)
    ctx.session.delete(log)
    ctx.session.flush()


def _check(ctx: Context, group_id: str | None, port_id: str | None) -> None:
    """Whether the caller may see the group and the port, and the port is in the group."""
    group = ctx.session.get(SecurityGroup, group_id) if group_id else None
    if group_id and (group is None or not _may_use(ctx, group)):
        raise ResourceNotFound(resource_id=group_id)
    port = ctx.session.get(Port, port_id) if port_id else None
    if port_id and (port is None or not (ctx.is_admin or ctx.owns(port.project_id))):
        raise TargetResourceNotFound(target_id=port_id)
    if group_id and port_id and ctx.session.get(PortSecurityGroup, (port_id, group_id)) is None:
        raise InvalidResourceConstraint(
            resource=SECURITY_GROUP,
            resource_id=group_id,
            target_resource="port",
            target_id=port_id,
        )


def _may_use(ctx: Context, group: SecurityGroup) -> bool:
    """Whether the caller sees the group, as its owner or by an RBAC policy."""
    return (
        ctx.is_admin or ctx.owns(group.project_id) or security_groups.is_shared_with(ctx, group.id)
    )
