"""GET /images: filters, sorting, pages."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, String, bindparam, cast, false, select
from sqlalchemy.orm import InstrumentedAttribute

from stratolith.image.api.rendering import rendered, same_for_all
from stratolith.image.exceptions import ImageNotFound, InvalidFilter
from stratolith.image.json_columns import json_contains, json_text
from stratolith.image.managers import images as manager
from stratolith.image.managers import property_rules
from stratolith.image.managers.images import visible_in_lists
from stratolith.image.models import Image, ImageMember
from stratolith.image.schemas.images import VISIBILITIES, render
from stratolith.image.schemas.members import STATUSES
from stratolith.image.settings import ImageSettings
from stratolith.kernel.caches import Once
from stratolith.kernel.clock import parse_time
from stratolith.kernel.config import ApiSection
from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import RowReader
from stratolith.kernel.db.text import same_text
from stratolith.kernel.http.resource import Filter, Listing, Page, asked_limit, exact

Column = InstrumentedAttribute[Any]
PAGING = ("limit", "marker", "sort", "sort_key", "sort_dir")
OPERATORS: dict[str, Callable[[Column, Any], ColumnElement[bool]]] = {
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "eq": lambda column, value: column == value,
    "neq": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}


def _one_of(column: Column) -> Filter:
    """Equal to the value, or to any value of ``in:a,"b,c"``."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        text = values[-1]
        return column.in_(_split(text[3:])) if text.startswith("in:") else column == text

    return build


def _any_case(column: Column) -> Filter:
    """As ``_one_of``, for names; ignores case."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        text = values[-1]
        return same_text(column, _split(text[3:]) if text.startswith("in:") else [text])

    return build


def _split(text: str) -> list[str]:
    if text.count('"') % 2:
        raise InvalidFilter(f"Invalid filter value {text}. The quote is not closed.")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise InvalidFilter(f"Invalid filter value {text}. The quote is not valid.") from None


MOST = 10**18  # bytes; larger than any image


def _number(text: str) -> int:
    """A number of at most MOST, also if negative: columns cannot hold larger numbers. Raises
    InvalidFilter.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidFilter("Unable to filter on a range with a non-numeric value.")
    size = MOST if len(digits.lstrip("0")) > 18 else int(digits.lstrip("0") or "0")
    return -size if text.startswith("-") else size


def _moment(column: Column) -> Filter:
    """``gte:2026-01-31T12:00:00Z``; without an operator: equal to the time."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        operator, _, text = values[-1].partition(":")
        if operator not in OPERATORS:
            if not operator[:4].isdigit():
                raise InvalidFilter("Unable to filter on a unknown operator.")
            operator, text = "eq", values[-1]
        try:
            return OPERATORS[operator](column, parse_time(text))
        except ValueError:
            raise InvalidFilter(
                f"Invalid time '{text}': it must be in ISO 8601 format, of the years 1 to 9999."
            ) from None

    return build


def _truth(name: str, column: Column) -> Filter:
    def build(values: Sequence[str]) -> ColumnElement[bool]:
        text = values[-1].lower()
        if text not in ("true", "false"):
            raise InvalidFilter(
                f"Invalid value '{values[-1]}' for '{name}' filter. "
                "Valid values are 'true' or 'false'."
            )
        return column.is_(text == "true")

    return build


def _whole(column: Column) -> Filter:
    """Equal to the number; a text that is not a number matches no image."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        try:
            number = _number(values[-1])
        except InvalidFilter:
            return false()
        # columns of sizes in MB and GB hold smaller numbers than columns of bytes
        return column == number if abs(number) <= _largest(column) else false()

    return build


def _largest(column: Column) -> int:
    return MOST if isinstance(column.type, BigInteger) else 2**31 - 1


LISTING = Listing(
    Image,
    filters={
        **{
            name: _one_of(getattr(Image, name))
            for name in ("id", "status", "container_format", "disk_format")
        },
        "name": _any_case(Image.name),
        **{
            name: exact(getattr(Image, name))
            for name in ("owner", "checksum", "os_hash_algo", "os_hash_value")
        },
        **{
            name: _whole(getattr(Image, name))
            for name in ("size", "virtual_size", "min_disk", "min_ram")
        },
        "size_min": lambda values: Image.size >= _number(values[-1]),
        "size_max": lambda values: Image.size <= _number(values[-1]),
        "protected": _truth("protected", Image.protected),
        "created_at": _moment(Image.created_at),
        "updated_at": _moment(Image.updated_at),
    },
    sort_keys={
        name: getattr(Image, name)
        for name in (
            "name",
            "status",
            "container_format",
            "disk_format",
            "size",
            "id",
            "created_at",
            "updated_at",
        )
    },
)
# The time of the last change as text from the database; it is only compared.
VERSION = cast(Image.updated_at, String).label("version")
BRIEF: tuple[Any, ...] = (Image.id, VERSION)


class _Brief(msgspec.Struct, array_like=True, gc=False):
    id: str
    version: str


_READ = RowReader(_Brief, BRIEF)
BATCH = 500  # images read in one query
KNOWN_LIMIT = 10_000  # images whose JSON is cached, about one kilobyte each
ELSEWHERE = ("visibility", "member_status", "os_hidden", "tag")


def list_images(ctx: Context) -> dict[str, Any]:
    if ctx.path.endswith("/"):  # a request for an image with an empty id, not for the list
        raise ImageNotFound(image_id="")
    limit = asked_limit(ctx)
    if limit is None:
        limit = ctx.env.settings.of(ImageSettings).default_page
    page = _first_page(ctx, limit) if ctx.query.keys() <= {"limit"} else _page(ctx, limit)
    query = [(k, v) for k, v in ctx.query.multi_items() if k != "marker"]
    document: dict[str, Any] = {
        "images": _rendered(ctx, page.rows),
        "first": _link(query),
        "schema": "/v2/schemas/images",
    }
    if page.more:
        document["next"] = _link([*query, ("marker", str(page.marker))])
    return document


def _page(ctx: Context, limit: int) -> Page:
    statement = select(*BRIEF).where(
        *LISTING.where(ctx), *_visibility(ctx), *_hidden(ctx), *_marked(ctx)
    )
    within = select(Image.id).where(manager.visible(ctx))
    return LISTING.page(ctx, statement, sort=_sort(ctx), limit=limit, within=within, read=_READ)


# whether the caller is an administrator -> the statement
_FIRST_PAGE: Once[dict[bool, Select[Any]]] = Once(lambda env: {})
# image id -> version of the row, the image as JSON
_RENDERED: Once[dict[str, tuple[Any, msgspec.Raw]]] = Once(lambda env: {})


def _first_page(ctx: Context, limit: int) -> Page:
    """The page that most clients request: always the same statement, with other values."""
    size = min(limit, ctx.env.settings.of(ApiSection).page_limit)
    known = _FIRST_PAGE.of(ctx.env)
    if ctx.is_admin not in known:
        hidden = Image.os_hidden.is_(False)
        seen = visible_in_lists(is_admin=ctx.is_admin, project_id=bindparam("project"))
        order = Image.created_at.desc(), Image.id.desc()
        statement = select(*BRIEF).where(hidden, seen).order_by(*order).limit(bindparam("most"))
        known[ctx.is_admin] = _READ.as_text(ctx.env.db.engine.dialect.name, statement)
    values = {"project": ctx.project_id or None, "most": size + 1}
    result = ctx.session.connection().execute(known[ctx.is_admin], values)
    rows = _READ.decode(result.scalar())
    return Page(rows[:size], 0 < size < len(rows), size)


def _rendered(ctx: Context, rows: Sequence[Any]) -> list[msgspec.Raw]:
    """The images as JSON; those cached from earlier lists are not read or rendered again.

    Used when an image looks the same to all callers. Each change of a row changes its version, so a
    cached text with the current version is correct, whichever process made the last change.
    """
    if not same_for_all(ctx):
        return _render_again(ctx, [row.id for row in rows])
    known = _RENDERED.of(ctx.env)
    by_id = {row.id: known.get(row.id) for row in rows}
    missing = [
        row.id for row in rows if (cached := by_id[row.id]) is None or cached[0] != row.version
    ]
    for start in range(0, len(missing), BATCH):
        chosen = Image.id.in_(missing[start : start + BATCH])
        for row in ctx.session.execute(select(*Image.__table__.c, VERSION).where(chosen)):
            by_id[row.id] = row.version, msgspec.Raw(msgspec.json.encode(render(row)))
    if missing:
        if len(known) > KNOWN_LIMIT:
            known.clear()
        known.update({name: cached for name in missing if (cached := by_id[name]) is not None})
    return [cached[1] for cached in by_id.values() if cached is not None]


def _render_again(ctx: Context, names: Sequence[str]) -> list[msgspec.Raw]:
    by_id: dict[str, msgspec.Raw] = {}
    for start in range(0, len(names), BATCH):
        chosen = Image.id.in_(names[start : start + BATCH])
        for row in ctx.session.execute(select(*Image.__table__.c).where(chosen)):
            by_id[row.id] = msgspec.Raw(msgspec.json.encode(rendered(ctx, row)))
    return [by_id[name] for name in names if name in by_id]


def _link(query: Sequence[tuple[str, str]]) -> str:
    return "/v2/images" + (f"?{urlencode(query)}" if query else "")


def _visibility(ctx: Context) -> list[ColumnElement[bool]]:
    asked = ctx.query.get("visibility")
    status = ctx.query.get("member_status", "accepted")
    if status not in (*STATUSES, "all"):
        raise InvalidFilter(f"Invalid status: {status}")
    # NULL is not equal to an empty owner
    own_project: Any = bindparam("mine", ctx.project_id or None)
    if asked is None and "member_status" not in ctx.query:
        return [visible_in_lists(is_admin=ctx.is_admin, project_id=own_project)]
    if asked is not None and asked not in (*VISIBILITIES, "all", ""):
        raise InvalidFilter(f"Invalid visibility value: {asked}")
    conditions: list[ColumnElement[bool]] = []
    if asked not in (None, "all"):
        conditions.append(Image.visibility == asked)
    if asked not in ("public", "community") and not ctx.is_admin:
        shared = Image.id.in_(_offered(own_project, status)) & (Image.visibility == "shared")
        seen = ctx.own(Image.owner) | shared
        if asked != "private" and asked != "shared":
            seen = seen | Image.visibility.in_(("public", "community"))
        conditions.append(seen)
    elif "member_status" in ctx.query and asked == "shared":
        conditions.append(ctx.own(Image.owner) | Image.id.in_(_offered(own_project, status)))
    return conditions


def _offered(project_id: Any, status: str) -> Any:
    if status == "accepted":
        return manager.accepted_by(project_id)
    statement = select(ImageMember.image_id).where(ImageMember.member_id == project_id)
    return statement if status == "all" else statement.where(ImageMember.status == status)


def _hidden(ctx: Context) -> list[ColumnElement[bool]]:
    values = ctx.query.getlist("os_hidden") or ["false"]
    return [_truth("os_hidden", Image.os_hidden)(values)]


def _marked(ctx: Context) -> list[ColumnElement[bool]]:
    """Tags (an image must have all of them), and custom properties by name."""
    tags = ctx.query.getlist("tag")
    conditions = [json_contains(Image.tags, tags)] if tags else []
    if "changes-since" in ctx.query:
        raise InvalidFilter('The "changes-since" filter is not available.')
    for name, value in ctx.query.items():
        if name not in LISTING.filters and name not in (*ELSEWHERE, *PAGING):
            if not property_rules.readable(ctx, {name: value}):
                return [false()]
            conditions.append(json_text(Image.properties, name) == value)
    return conditions


def _sort(ctx: Context) -> list[tuple[str, str]] | None:
    keys, directions = ctx.query.getlist("sort_key"), ctx.query.getlist("sort_dir")
    combined = ctx.query.get("sort")
    if combined is not None:
        if keys or directions:
            raise InvalidFilter("Old and new sorting syntax cannot be combined")
        pairs = [pair.strip().partition(":") for pair in combined.split(",")]
        return [(name, direction or "desc") for name, _, direction in pairs]
    if not keys and not directions:
        return None
    if len(directions) > 1 and len(directions) != len(keys):
        raise InvalidFilter("Number of sort dirs does not match the number of sort keys")
    keys = keys or ["created_at"]
    if len(directions) <= 1:
        directions = [*directions, "desc"][:1] * len(keys)
    return list(zip(keys, directions, strict=True))
