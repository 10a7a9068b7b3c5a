"""Lists of servers: filters, sorting, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select

from stratolith.compute.api.links import check_changes, since, with_next
from stratolith.compute.api.server_views import brief, full, load_render_data
from stratolith.compute.managers import servers
from stratolith.compute.managers.state import states_with_status
from stratolith.compute.models import Server, ServerTag
from stratolith.compute.schemas.server_lists import SORT_KEYS, UNFILTERED
from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import PlainReader, RowReader
from stratolith.kernel.exceptions import BadRequest, Forbidden
from stratolith.kernel.http.resource import Listing, Page, Reader, moment, parse_bool, tag_filters
from stratolith.kernel.matching import BadExpression, Expression, among, is_plain, matching

Body = dict[str, Any]
Condition = ColumnElement[bool]
_P = "os_compute_api:servers:"

_SORT_COLUMNS = {
    "display_name": Server.name,
    "display_description": Server.description,
    "uuid": Server.id,
    "image_ref": Server.image_id,
    "instance_type_id": Server.flavor_id,
    "availability_zone": Server.zone,
    "auto_disk_config": Server.disk_config,
    "node": Server.host,
    "locked": Server.locked_by,
}
_UNSORTED = {"progress", "ramdisk_id", "root_device_name"}  # equal for all servers
# Sort keys that need a permission -> the policy rule that also shows the field.
_HIDDEN = dict.fromkeys(("host", "node"), "os_compute_api:os-extended-server-attributes")
SERVERS = Listing(
    Server,
    sort_keys={
        name: _SORT_COLUMNS.get(name) or getattr(Server, name)
        for name in SORT_KEYS
        if name not in _UNSORTED
    },
    default_sort=[("created_at", "desc"), ("uuid", "desc")],
)


class _Brief(msgspec.Struct, array_like=True, gc=False):
    id: str
    name: str


_BRIEF = RowReader(_Brief, (Server.id, Server.name))
_NEVER_SHOWN = (
    "delete_requested_at", "desired_power", "disk_gb", "disks", "files", "generation", "has_error",
    "key", "memory_mb", "observed_at", "observed_power", "observed_vifs", "password",
    "security_groups", "vcpus",
)  # fmt: skip
_FULL = PlainReader(Server, _NEVER_SHOWN)


def _second(text: str) -> datetime:
    """A time rounded down to seconds: servers show no fractions, so filters ignore them."""
    time: datetime = moment(text)
    return time.replace(microsecond=0)


def _within(column: Any) -> Callable[[list[str]], Condition]:
    """The condition that the column lies within the given second."""

    def build(values: list[str]) -> Condition:
        try:
            second = _second(values[-1])
        except (
            BadRequest
        ):  # an invalid time is no error here, only in changes-since and changes-before
            return false()
        return and_(column >= second, column < second + timedelta(seconds=1))

    return build


def _until(values: list[str]) -> Condition:
    condition: Condition = _changed() < _second(values[-1]) + timedelta(seconds=1)
    return condition


def _status(text: str) -> Condition:
    states = states_with_status(text)
    if states is None:
        return false()
    vms, tasks, excluded = states
    task = Server.task_state.in_(tasks)
    matches = or_(Server.task_state.is_(None), not_(task)) if excluded else task
    return and_(Server.vm_state.in_(vms), matches)


def _equals(column: Any) -> Callable[[list[str]], Condition]:
    return lambda values: column.in_(values)


def _whole(column: Any) -> Callable[[list[str]], Condition]:
    def build(values: list[str]) -> Condition:
        numbers = [int(v) for v in values if v.isascii() and v.isdigit() and len(v) < 10]
        condition: Condition = column.in_(numbers)
        return condition

    return build


def _truth(text: str) -> list[bool]:
    """The boolean in a list; an empty list for text that is no boolean."""
    try:
        return [parse_bool(text)]
    except BadRequest:
        return []


def _config_drive(values: list[str]) -> Condition:
    return Server.config_drive.in_(_truth(values[-1]))


def _locked(values: list[str]) -> Condition:
    locked = parse_bool(values[-1])
    return Server.locked_by.is_not(None) if locked else Server.locked_by.is_(None)


_TAGS = tag_filters(Server.id, ServerTag.server_id, ServerTag.tag)
_MADE_PUBLIC = 83  # minor version that opened some filters of administrators to all users
# Filters for all users, with the minor version that added each of them.
_FOR_ALL: dict[str, tuple[int, Callable[[list[str]], Condition]]] = {
    "status": (1, lambda values: or_(*(_status(value) for value in values))),
    "image": (1, _equals(Server.image_id)),
    "flavor": (1, _equals(Server.flavor_id)),
    "reservation_id": (1, _equals(Server.reservation_id)),
    "changes-since": (1, lambda values: _changed() >= moment(values[-1])),
    "changes-before": (66, _until),
    "tags": (26, _TAGS["tags"]),
    "tags-any": (26, _TAGS["tags-any"]),
    "not-tags": (26, _TAGS["not-tags"]),
    "not-tags-any": (26, _TAGS["not-tags-any"]),
    "locked": (73, _locked),
    "config_drive": (83, _config_drive),
    "created_at": (83, _within(Server.created_at)),
    "launched_at": (83, _within(Server.launched_at)),
    "terminated_at": (83, _within(Server.terminated_at)),
    "power_state": (83, _whole(Server.power_state)),
    "task_state": (83, _equals(Server.task_state)),
    "vm_state": (83, _equals(Server.vm_state)),
    "user_id": (83, _equals(Server.user_id)),
}
_FOR_ADMINS: dict[str, Callable[[list[str]], Condition]] = {
    "host": _equals(Server.host),
    "project_id": _equals(Server.project_id),
    "tenant_id": _equals(Server.project_id),
    "uuid": _equals(Server.id),
    "image_ref": _equals(Server.image_id),
    "launch_index": _whole(Server.launch_index),
    "locked_by": _equals(Server.locked_by),
}
# Regular expressions, with the minor version from which all users have them; None: only
# administrators.
_EXPRESSIONS: dict[str, tuple[int | None, Any]] = {
    "name": (1, Server.name),
    "availability_zone": (83, Server.zone),
    "key_name": (83, Server.key_name),
    "hostname": (None, Server.hostname),
    "node": (None, Server.host),
    "description": (None, Server.description),
    "display_name": (None, Server.name),
    "display_description": (None, Server.description),
    "access_ip_v4": (None, Server.access_ip_v4),
    "access_ip_v6": (None, Server.access_ip_v6),
}


def _changed() -> Any:
    return func.coalesce(Server.deleted_at, Server.updated_at, Server.created_at)


def _conditions(ctx: Context, every: bool) -> list[Condition]:
    conditions = []
    for name, (minor, build) in _FOR_ALL.items():
        offered = since(ctx, minor) or (every and minor == _MADE_PUBLIC)
        if name in ctx.query and offered:
            conditions.append(build(ctx.query.getlist(name)))
    if every:
        for name, admin_build in _FOR_ADMINS.items():
            if name in ctx.query:
                conditions.append(admin_build(ctx.query.getlist(name)))
    return conditions


def _deleted(ctx: Context, every: bool) -> Condition | None:
    """The condition for deleted servers; by default the list has only existing ones."""
    statuses = [value.upper() for value in ctx.query.getlist("status")]
    if "DELETED" in statuses:
        if not every:
            raise Forbidden("Only administrators may list deleted instances")
        return Server.deleted_at.is_not(None)
    if every and _truth(ctx.query.get("deleted", "")) == [True]:
        return Server.deleted_at.is_not(None)
    if "changes-since" in ctx.query or (since(ctx, 66) and "changes-before" in ctx.query):
        return None
    return Server.deleted_at.is_(None)


def _check(ctx: Context, every: bool) -> None:
    """Raise BadRequest for filters that have no effect here."""
    for name in ctx.query if every else ():
        if name in UNFILTERED or name.startswith("_"):
            raise BadRequest(f"Invalid filter field: {name[:80]}.")
    if since(ctx, 66):
        check_changes(ctx)


def _statement(ctx: Context, rule: str) -> Select[Any]:
    every = ctx.can(_P + "allow_all_filters")
    _check(ctx, every)
    statement = select(Server)
    if _all_projects(ctx):
        ctx.authorize(_P + f"{rule}:get_all_tenants")
    else:
        statement = statement.where(ctx.own(Server.project_id))
    deleted = _deleted(ctx, every)
    if deleted is not None:
        statement = statement.where(deleted)
    statement = statement.where(*_conditions(ctx, every))
    for name, (minor, column) in _EXPRESSIONS.items():
        if name in ctx.query and (every or (minor is not None and since(ctx, minor))):
            for text in ctx.query.getlist(name):
                statement = _matching(ctx, statement, column, text)
    return statement


def _expression(text: str) -> Expression:
    try:
        return Expression.parse(text)
    except BadExpression as error:
        raise BadRequest(f"Invalid filter '{text[:80]}': {error}.") from None


def _matching(ctx: Context, statement: Select[Any], column: Any, text: str) -> Select[Any]:
    """Keep rows whose value contains the text or matches it; letter case does not matter."""
    expression = _expression(text)
    if is_plain(text):
        return statement.where(column.icontains(text, autoescape=True))
    condition = matching(ctx.session, statement, Server.id, column, expression)
    return statement.where(condition)


def _all_projects(ctx: Context) -> bool:
    text = ctx.query.get("all_tenants")
    if text is None:
        return False
    return True if text == "" else parse_bool(text)


def _sort(ctx: Context) -> list[tuple[str, str]] | None:
    keys, directions = ctx.query.getlist("sort_key"), ctx.query.getlist("sort_dir")
    for key in keys:
        if key not in SORT_KEYS:
            raise BadRequest(f"Invalid input for query parameters sort_key. Value: {key}.")
        if key in _HIDDEN and not ctx.can(_HIDDEN[key]):
            raise Forbidden(f"Only administrators can sort servers by {key}")
    if not keys:
        return [("created_at", directions[0]), ("uuid", directions[0])] if directions else None
    directions += [directions[-1] if directions else "desc"] * len(keys)
    return [(k, d) for k, d in zip(keys, directions, strict=False) if k not in _UNSORTED] or None


def _page(ctx: Context, rule: str, read: Reader) -> Page:
    if since(ctx, 38):
        for text in ctx.query.getlist("status"):
            if states_with_status(text) is None:
                raise BadRequest(f"Invalid status value '{text}'.")
    statement = _statement(ctx, rule)
    for name, version in (("ip", 4), ("ip6", 6)):
        if name in ctx.query:
            statement = _with_address(ctx, statement, ctx.query[name], version)
    within = select(Server)
    if not _all_projects(ctx):
        within = within.where(ctx.own(Server.project_id))
    return SERVERS.page(ctx, statement, sort=_sort(ctx), within=within, read=read)


def _with_address(ctx: Context, statement: Select[Any], text: str, version: int) -> Select[Any]:
    """Keep servers with an address that contains the text, or matches it as an expression."""
    expression = _expression(text)
    ids = list(ctx.session.scalars(statement.with_only_columns(Server.id)))
    matching_ids = [
        server_id
        for server_id, ports in servers.addresses(ctx, ids).items()
        if any(
            fixed_ip["version"] == version
            and (text in fixed_ip["ip_address"] or expression.match(fixed_ip["ip_address"]))
            for port in ports
            for fixed_ip in port.fixed_ips
        )
    ]
    return statement.where(among(ctx.session, Server.id, matching_ids))


def index(ctx: Context) -> Body:
    page = _page(ctx, "index", _BRIEF)
    return with_next(ctx, "servers", page, [brief(ctx, row) for row in page.rows])


def detail(ctx: Context) -> Body:
    page = _page(ctx, "detail", _FULL)
    data = load_render_data(ctx, page.rows)
    return with_next(ctx, "servers", page, [full(ctx, row, data) for row in page.rows])
