"""Lists: visible rows, filters, sorting and keyset pagination, declared once per resource.

    SERVERS = Listing(
        models.Server,
        visible=servers.visible,
        filters={"name": like(models.Server.name), "status": exact(models.Server.status)},
        sort_keys={"created_at": models.Server.created_at, "id": models.Server.id},
        default_sort=[("created_at", "desc"), ("id", "desc")],
    )
    page = SERVERS.asked(ctx)

``page.more`` tells whether more rows follow; ``next_link`` makes the link to them, which each API
puts in its own place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    String,
    UnaryExpression,
    and_,
    case,
    cast,
    false,
    or_,
    select,
)
from sqlalchemy.orm import Session

from stratolith.kernel.config import ApiSection
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http.resource.filters import AnyFilter, ByCaller, Column, Condition

MOST_ASKED = 10**9  # rows; larger limits count as this number
Reader = Callable[[Session, Select[Any]], Sequence[Any]]


class InvalidMarker(BadRequest):
    message = "marker [{marker}] not found"


class InvalidLimit(BadRequest):
    message = "Bad limit request: Limit must be an integer 0 or greater and not '{limit}'."


class InvalidSort(BadRequest):
    message = "Invalid sort key or direction '{key}'; sort keys are: {known}."


def in_order(
    column: Column, descending: bool = False, by: ColumnElement[Any] | None = None
) -> UnaryExpression[Any]:
    """The sort criterion of a column (or of ``by``, an expression of it).

    NULL comes first in ascending order, on every database.
    """
    criterion: Any = column if by is None else by
    ordered: UnaryExpression[Any] = criterion.desc() if descending else criterion.asc()
    if not getattr(column, "nullable", True):
        return ordered  # an index supports only the plain form
    return ordered.nulls_last() if descending else ordered.nulls_first()


def _objects(session: Session, statement: Select[Any]) -> Sequence[Any]:
    return session.scalars(statement).all()


@dataclass(frozen=True)
class Page:
    """One page: the rows, and whether more follow."""

    rows: Sequence[Any]
    more: bool
    limit: int

    @property
    def marker(self) -> str | None:
        return str(self.rows[-1].id) if self.more and self.rows else None


class Listing:
    """The visible rows of a resource, and how they can be filtered, sorted and paged.

    visible: (ctx) -> condition of the rows that the caller may see; None: all rows.
    key:     the column of markers; default: the id.
    missing: the error for a marker that does not exist.
    parameters: all allowed names in a query; None: others are ignored, or handled by the style
             of the service.
    read:    fetches the rows of a statement, which need an ``id``; default: as objects.
    """

    def __init__(
        self,
        model: type[Any],
        *,
        visible: Callable[[Context], Condition | None] | None = None,
        filters: Mapping[str, AnyFilter] | None = None,
        sort_keys: Mapping[str, Column] | None = None,
        default_sort: Sequence[tuple[str, str]] = (("created_at", "desc"), ("id", "desc")),
        key: Column | None = None,
        missing: Callable[[str], NotFound] | None = None,
        parameters: Collection[str] | None = None,
        read: Reader = _objects,
    ) -> None:
        self.model = model
        self.read = read
        self.visible = visible
        self.missing = missing
        self.parameters = parameters
        self.key: Column = key if key is not None else model.id
        taken = {n: f for n, f in (filters or {}).items() if parameters is None or n in parameters}
        self.filters = taken
        self.sort_keys = dict(sort_keys or {})
        self.default_sort = list(default_sort)

    def where(self, ctx: Context, *, ignore: Sequence[str] = ()) -> list[ColumnElement[bool]]:
        """Conditions for each known filter in the query string."""
        conditions = []
        for name, build in self.filters.items():
            if name in ctx.query and name not in ignore:
                values = ctx.query.getlist(name)
                conditions.append(
                    build.build(ctx, values) if isinstance(build, ByCaller) else build(values)
                )
        return conditions

    def seen(self, ctx: Context) -> Select[Any]:
        """The rows that the caller may see."""
        condition = self.visible(ctx) if self.visible is not None else None
        statement = select(self.model)
        return statement if condition is None else statement.where(condition)

    def asked(self, ctx: Context, **how: Any) -> Page:
        """The visible rows that the query selects; ``how``: as in page()."""
        within = self.seen(ctx)
        return self.page(ctx, within.where(*self.where(ctx)), within=within, **how)

    def page(
        self,
        ctx: Context,
        statement: Select[Any],
        *,
        sort: Sequence[tuple[str, str]] | None = None,
        limit: int | None = None,
        marker: str | None = None,
        within: Select[Any] | None = None,
        read: Reader | None = None,
        scan: bool = False,
        whole: bool = False,
    ) -> Page:
        """One page of ``statement``; limit and marker default to those of the query string.

        within: the rows that the caller may see, before any filter. A marker outside of them counts
        as missing: its position among other rows would reveal hidden values.
        read: as that of the listing, for this page.
        scan: no index supports the filters, and few rows may match; so the table is read once from
        start to end, not at random in the order of the sort key's index.
        whole: a request without limit, or with ``limit`` 0, gets all rows, not the first page.
        """
        top = ctx.env.settings.of(ApiSection).page_limit
        asked = limit if limit is not None else asked_limit(ctx)
        size: int | None = min(top if asked is None else asked, top)
        if whole and (asked is None or limit == 0):
            size = None
        order = self._order(sort or self.default_sort)
        marker = marker if marker is not None else ctx.query.get("marker")
        if marker:
            statement = statement.where(self._after(ctx, marker, order, within))
        if size == 0:
            return Page([], False, 0)
        if scan and size is not None:
            statement = statement.where(self.key.in_(self._scanned(statement, order, size + 1)))
        for column, descending in order:
            statement = statement.order_by(in_order(column, descending))
        if size is None:
            rows = (read or self.read)(ctx.session, statement)
            return Page(rows, False, len(rows))
        rows = (read or self.read)(ctx.session, statement.limit(size + 1))
        return Page(rows[:size], len(rows) > size, size)

    def _scanned(
        self, statement: Select[Any], order: list[tuple[Column, bool]], size: int
    ) -> Select[Any]:
        """Keys of the first rows; the sort key is an expression, so that no index is used."""
        keys: Select[Any] = statement.with_only_columns(self.key)
        for column, descending in order:
            text = cast(column, String).concat("")
            keys = keys.order_by(in_order(column, descending, text))
        return keys.limit(size)

    def _order(self, sort: Sequence[tuple[str, str]]) -> list[tuple[Column, bool]]:
        order: list[tuple[Column, bool]] = []
        for name, direction in sort:
            column = self.sort_keys.get(name)
            if name == "id" and column is None:
                column = self.key
            if column is None or direction not in ("asc", "desc"):
                known = ", ".join(sorted(self.sort_keys))
                raise InvalidSort(key=f"{name}:{direction}", known=known)
            order.append((column, direction == "desc"))
        if all(column is not self.key for column, _ in order):
            order.append((self.key, bool(order) and order[-1][1]))
        return order

    def _after(
        self,
        ctx: Context,
        marker: str,
        order: list[tuple[Column, bool]],
        within: Select[Any] | None,
    ) -> ColumnElement[bool]:
        """Rows after the row of the marker; NULL sorts first in ascending order."""
        marked = ctx.session.query(self.model).filter(self.key == marker)
        if within is not None:
            marked = marked.filter(self.key.in_(within.with_only_columns(self.key)))
        row = marked.first()
        if row is None:
            raise InvalidMarker(marker=marker)
        steps: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for column, descending in order:
            value = getattr(row, column.key)
            beyond: ColumnElement[bool]
            if value is None:
                beyond = false() if descending else column.is_not(None)
            elif descending:
                beyond = or_(_comparable(column) < _number(value), column.is_(None))
            else:
                beyond = _comparable(column) > _number(value)
            steps.append(and_(*equal, beyond))
            equal.append(column.is_(None) if value is None else column == value)
        return or_(*steps)


def _comparable(column: Column) -> ColumnElement[Any]:
    """SQLAlchemy has no < and > for boolean columns."""
    boolean = isinstance(column.type, Boolean)
    return case((column.is_(True), 1), else_=0) if boolean else column.expression


def _number(value: Any) -> Any:
    """The same for their values."""
    return int(value) if isinstance(value, bool) else value


def asked_limit(ctx: Context) -> int | None:
    """``limit`` of the query string, at most MOST_ASKED; raises InvalidLimit."""
    text = ctx.query.get("limit")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise InvalidLimit(limit=text)
    # larger than any page; int() refuses numbers with too many digits
    return MOST_ASKED if len(text.lstrip("0")) > 9 else int(text.lstrip("0") or "0")


def next_link(ctx: Context, page: Page, *, marker: str | None = None) -> str | None:
    """The absolute URL of the following page; None at the end."""
    if not page.more:
        return None
    query = [(k, v) for k, v in ctx.query.multi_items() if k not in ("marker", "limit")]
    query += [("limit", str(page.limit)), ("marker", marker or page.marker or "")]
    return f"{ctx.base_url}{ctx.path}?{urlencode(query)}"
