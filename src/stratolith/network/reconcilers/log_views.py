"""Logs of the ports of one host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, exists, or_

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers.base import LogView
from stratolith.network.managers import placement
from stratolith.network.models import Log, Port, PortSecurityGroup
from stratolith.network.reconcilers.view_rows import LogRow, columns


class LogBook:
    """The enabled logs about these ports."""

    def __init__(self, ctx: Context, port_ids: Sequence[str], left_out: LeftOut) -> None:
        views = logs_about(ctx, Port.id.in_(port_ids), left_out) if port_ids else []
        self._by_port: dict[str, list[LogView]] = defaultdict(list)
        self._by_group: dict[str, list[LogView]] = defaultdict(list)
        self._by_project: dict[str, list[LogView]] = defaultdict(list)
        for view in views:
            if view.port:
                self._by_port[view.port].append(view)
            elif view.group:
                self._by_group[view.group].append(view)
            else:
                self._by_project[view.project_id].append(view)

    def of(self, port_id: str, groups: Iterable[str], project_id: str) -> list[LogView]:
        """The logs about a port, by id."""
        views = [*self._by_port.get(port_id, ()), *self._by_project.get(project_id, ())]
        for group in groups:
            views += self._by_group.get(group, ())
        return sorted(views, key=lambda view: view.id)


def logs_about(
    ctx: Context, which: ColumnElement[bool], left_out: LeftOut, *more: ColumnElement[bool]
) -> list[LogView]:
    """The enabled logs about any of the ports.

    ``which``: a condition on Port; ``more``: on Log.
    """
    of_target = exists().where(Port.id == Log.target_id, which)
    of_group = exists().where(
        PortSecurityGroup.security_group_id == Log.resource_id,
        Port.id == PortSecurityGroup.port_id,
        which,
    )
    of_project = exists().where(Port.project_id == Log.project_id, which)
    is_general = Log.target_id.is_(None) & Log.resource_id.is_(None)
    wanted = (
        columns(LogRow, Log)
        .where(
            Log.enabled.is_(True),
            *more,
            or_(of_target, Log.target_id.is_(None) & of_group, is_general & of_project),
        )
        .order_by(Log.id)
    )
    return [_view(row) for row in left_out.rows(ctx.session, wanted, Log.id, LogRow)]


def asked(
    ctx: Context, host: str, log_ids: Sequence[str], left_out: LeftOut
) -> dict[str, LogView | None]:
    """The requested logs, None for those that are about none of the host's ports."""
    views: dict[str, LogView | None] = dict.fromkeys(log_ids)
    if log_ids:
        on_host = placement.realises(host) & Port.port_security_enabled.is_(True)
        about_host = logs_about(ctx, on_host, left_out, Log.id.in_(log_ids))
        views |= {view.id: view for view in about_host}
    return views


def _view(row: LogRow) -> LogView:
    return LogView(
        id=row.id,
        project_id=row.project_id,
        event=row.event,
        group=row.resource_id or "",
        port=row.target_id or "",
    )
