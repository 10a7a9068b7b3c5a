"""Lists: filters, sorting and keyset pagination, declared once a resource.

    SERVERS = Listing(
        models.Server,
        filters={"name": like(models.Server.name), "status": exact(models.Server.status)},
        sort_keys={"created_at": models.Server.created_at, "id": models.Server.id},
        default_sort=[("created_at", "desc"), ("id", "desc")],
    )
    page = SERVERS.page(ctx, select(models.Server).where(...), marker=..., limit=...)

A page never cuts silently: ``page.more`` says that rows follow, and ``next_link`` makes the
link to them in whatever place the service's API wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    UnaryExpression,
    and_,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from stratolith.kernel.clock import parse_time
from stratolith.kernel.config import ApiSection
from stratolith.kernel.context import Context
from stratolith.kernel.db.text import lowered, same_text
from stratolith.kernel.exceptions import BadRequest

MOST_ASKED = 10**9  # rows; who asks for more is given a page as well
Column = InstrumentedAttribute[Any]
Filter = Callable[[Sequence[str]], ColumnElement[bool]]  # all values given for the name
Reader = Callable[[Session, Select[Any]], Sequence[Any]]


class InvalidMarker(BadRequest):
    message = "marker [{marker}] not found"


class InvalidLimit(BadRequest):
    message = "Bad limit request: Limit must be an integer 0 or greater and not '{limit}'."


class InvalidSort(BadRequest):
    message = "Invalid sort key or direction '{key}'; sort keys are: {known}."


# -- filters -------------------------------------------------------------------------------------


def exact(column: Column) -> Filter:
    """Equal to any of the values given."""
    return lambda values: column.in_(list(values))


def named(column: Column) -> Filter:
    """A name is any of the values given; letter case makes no difference, in any script."""
    return lambda values: same_text(column, values)


def like(column: Column) -> Filter:
    """Contains the value, whatever the letter case; a pattern's own signs are taken literally."""
    text = lowered(cast(column, String))
    return lambda values: or_(*(text.contains(value.lower(), autoescape=True) for value in values))


def boolean(column: Column) -> Filter:
    def build(values: Sequence[str]) -> ColumnElement[bool]:
        return or_(*(column.is_(wanted) for wanted in parse_bools(values)))

    return build


def integer(column: Column) -> Filter:
    """Equal to any of the numbers given; what is no number equals nothing."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        try:
            numbers = [int(value) for value in values]
        except ValueError:
            return false()
        # a database refuses to compare with what its column cannot hold
        return column.in_([one for one in numbers if abs(one) < 2**31])

    return build


def tag_filters(
    row_id: Column, owner: Column, tag: Column, *, blanks: bool = True
) -> dict[str, Filter]:
    """``tags``, ``tags-any``, ``not-tags`` and ``not-tags-any``: words separated by commas.

    ``owner`` and ``tag`` are the columns of the table of tags; ``blanks``: empty words count.
    However many words are asked for, it is one subquery: a database plans a thousand for minutes.
    """

    def words(values: Sequence[str]) -> list[str]:
        found = {word for value in values for word in value.split(",")}
        return sorted(found if blanks else found - {""})

    def with_any(values: Sequence[str]) -> ColumnElement[bool]:
        return row_id.in_(select(owner).where(tag.in_(words(values))))

    def with_all(values: Sequence[str]) -> ColumnElement[bool]:
        names = words(values)
        having = select(owner).where(tag.in_(names)).group_by(owner)
        return row_id.in_(having.having(func.count() == len(names))) if names else true()

    return {
        "tags": with_all,
        "tags-any": with_any,
        "not-tags": lambda values: ~with_all(values),
        "not-tags-any": lambda values: ~with_any(values),
    }


def since(column: Column) -> Filter:
    """At or after the moment given (``changes-since``)."""
    return lambda values: column >= moment(values[-1])


def before(column: Column) -> Filter:
    return lambda values: column <= moment(values[-1])


def moment(text: str) -> Any:
    """Raises BadRequest."""
    try:
        return parse_time(text)
    except ValueError:
        raise BadRequest(
            f"Invalid time '{text}': it must be in ISO 8601 format, of the years 1 to 9999."
        ) from None


def parse_bool(text: str) -> bool:
    """OpenStack's strict booleans; raises BadRequest."""
    lowered = text.strip().lower()
    if lowered in ("1", "t", "true", "on", "y", "yes"):
        return True
    if lowered in ("0", "f", "false", "off", "n", "no"):
        return False
    raise BadRequest(f"Invalid boolean '{text}': use true or false.")


def parse_bools(texts: Sequence[str]) -> set[bool]:
    """The different booleans among the texts; raises BadRequest."""
    return {parse_bool(text) for text in texts}


def in_order(
    column: Column, descending: bool = False, by: ColumnElement[Any] | None = None
) -> UnaryExpression[Any]:
    """The sort criterion of a column (or of ``by``, an expression of it).

    NULL comes first going up, on every database.
    """
    criterion: Any = column if by is None else by
    ordered: UnaryExpression[Any] = criterion.desc() if descending else criterion.asc()
    if not getattr(column, "nullable", True):
        return ordered  # an index serves the plain form only
    return ordered.nulls_last() if descending else ordered.nulls_first()


def _objects(session: Session, statement: Select[Any]) -> Sequence[Any]:
    return session.scalars(statement).all()


# -- pages ---------------------------------------------------------------------------------------


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
    """How one resource may be filtered, sorted and paged."""

    def __init__(
        self,
        model: type[Any],
        *,
        filters: Mapping[str, Filter] | None = None,
        sort_keys: Mapping[str, Column] | None = None,
        default_sort: Sequence[tuple[str, str]] = (("created_at", "desc"), ("id", "desc")),
        key: Column | None = None,
    ) -> None:
        self.model = model
        self.key: Column = key if key is not None else model.id
        self.filters = dict(filters or {})
        self.sort_keys = dict(sort_keys or {})
        self.default_sort = list(default_sort)

    def where(self, ctx: Context, *, ignore: Sequence[str] = ()) -> list[ColumnElement[bool]]:
        """Conditions for every known filter in the query string."""
        found = []
        for name, build in self.filters.items():
            if name in ctx.query and name not in ignore:
                found.append(build(ctx.query.getlist(name)))
        return found

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
        """One page of ``statement``; limit and marker default to the query string's.

        within: what the caller may see, before any filter; a marker that is not in it counts as
        one that is not there, or its place among others would tell what it hides.
        read: fetches the rows; default: the statement's objects. They need an ``id``.
        scan: no index helps the filters, and few rows may pass them; so the table is read once
        from end to end, rather than at random in the order of the sort key's index.
        whole: a request without a limit, or ``limit`` 0, is given every row, not a first page.
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
            rows = (read or _objects)(ctx.session, statement)
            return Page(rows, False, len(rows))
        rows = (read or _objects)(ctx.session, statement.limit(size + 1))
        return Page(rows[:size], len(rows) > size, size)

    def _scanned(
        self, statement: Select[Any], order: list[tuple[Column, bool]], size: int
    ) -> Select[Any]:
        """Keys of the first rows; an expression as sort key is what keeps indexes out."""
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
        """Rows that come after the marker's row; NULL sorts first going up."""
        found = ctx.session.query(self.model).filter(self.key == marker)
        if within is not None:
            found = found.filter(self.key.in_(within.with_only_columns(self.key)))
        row = found.first()
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
                beyond = or_(column < value, column.is_(None))
            else:
                beyond = column > value
            steps.append(and_(*equal, beyond))
            equal.append(column.is_(None) if value is None else column == value)
        return or_(*steps)


def asked_limit(ctx: Context) -> int | None:
    """``limit`` of the query string, at most MOST_ASKED; raises InvalidLimit."""
    text = ctx.query.get("limit")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise InvalidLimit(limit=text)
    # more than any page has; the digits themselves may be too many for a number
    return MOST_ASKED if len(text.lstrip("0")) > 9 else int(text.lstrip("0") or "0")


def next_link(ctx: Context, page: Page, *, marker: str | None = None) -> str | None:
    """URL path and query of the page that follows (absolute), or None at the end."""
    if not page.more:
        return None
    query = [(k, v) for k, v in ctx.query.multi_items() if k not in ("marker", "limit")]
    query += [("limit", str(page.limit)), ("marker", marker or page.marker or "")]
    return f"{ctx.base_url}{ctx.path}?{urlencode(query)}"
