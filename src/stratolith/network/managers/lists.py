"""Which rows a list shows: the reading of filters, order and pages, the same for every resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.listing import (
    Filter,
    Listing,
    asked_limit,
    exact,
    integer,
    moment,
    named,
    parse_bool,
    tag_filters,
)
from stratolith.network import models as m
from stratolith.network.exceptions import HTTPBadRequest, InvalidInput
from stratolith.network.policies import ATTRIBUTE_RULES
from stratolith.network.schemas.fields import Converter, Invalid

Visible = Callable[[Context], ColumnElement[bool]]


@dataclass(frozen=True)
class Kind:
    """How a resource is listed."""

    listing: Listing
    visible: Visible
    missing: Callable[[str], NotFound]  # the error for a marker that is not there
    filters: Mapping[str, Callable[[Context, Sequence[str]], ColumnElement[bool]]] = field(
        default_factory=dict
    )  # those that need to know who asks


@dataclass(frozen=True)
class Rows:
    """A page in the order asked for.

    more:  others follow in the direction walked.
    asked: the client named a limit; 0 means none.
    """

    rows: Sequence[Any]
    more: bool
    limit: int
    asked: bool = False


def page(ctx: Context, kind: Kind, resource: str = "") -> Rows:
    """The rows that the query string asks for; raises HTTPBadRequest and the marker's error.

    resource: its name in policy rules; what policy does not show is neither filtered nor
    sorted by.
    """
    listing = kind.listing
    hidden = _hidden(ctx, kind, resource)
    conditions = _conditions(ctx, kind, hidden)
    order = order_asked(ctx, [key for key in listing.sort_keys if key not in hidden])
    order = order or list(listing.default_sort)
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    visible = kind.visible(ctx)
    marker = ctx.query.get("marker")
    if (
        marker
        and ctx.session.scalar(select(listing.key).where(listing.key == marker, visible)) is None
    ):
        raise kind.missing(marker)
    asked = asked_limit(ctx) or None
    if backward:
        order = [(name, "asc" if way == "desc" else "desc") for name, way in order]
    statement = select(listing.model).where(visible, *conditions)
    # most clients of this API do not page: without a limit they are given everything
    found = listing.page(ctx, statement, sort=order, limit=asked or 0, whole=True)
    rows = list(reversed(found.rows)) if backward else found.rows
    return Rows(rows, found.more, found.limit, asked is not None)


NOT_FILTERS = {"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"}


def _hidden(ctx: Context, kind: Kind, resource: str) -> set[str]:
    """Those of the list's filters and sort keys that the caller may not read at any resource."""
    mine = {
        "project_id": ctx.project_id,
        "tenant_id": ctx.project_id,
        "network:project_id": ctx.project_id,
    }
    names = [*kind.listing.filters, *kind.filters, *kind.listing.sort_keys]
    rules = {name: f"get_{resource}:{name}" for name in names}
    return {n for n, rule in rules.items() if rule in ATTRIBUTE_RULES and not ctx.can(rule, mine)}


def _conditions(ctx: Context, kind: Kind, hidden: set[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    unknown = []
    for name in ctx.query:
        if name in NOT_FILTERS:
            continue
        values = ctx.query.getlist(name)
        if name in hidden:
            unknown.append(name)
        elif name in kind.filters:
            found.append(kind.filters[name](ctx, values))
        elif name in kind.listing.filters:
            found.append(kind.listing.filters[name](values))
        else:
            unknown.append(name)
    if unknown:
        raise unknown_filters(unknown)
    return found


def unknown_filters(names: Iterable[str]) -> HTTPBadRequest:
    return HTTPBadRequest(f"{sorted(set(names))} is invalid attribute for filtering")


def order_asked(ctx: Context, known: Collection[str]) -> list[tuple[str, str]]:
    """Keys and directions of the query string, none but the known; raises HTTPBadRequest."""
    keys, ways = ctx.query.getlist("sort_key"), ctx.query.getlist("sort_dir")
    if len(keys) != len(ways):
        raise HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    wrong = [key for key in keys if key not in known]
    if wrong:
        raise HTTPBadRequest(f"{wrong} is invalid attribute for sort_keys")
    wrong = [way for way in ways if way.lower() not in ("asc", "desc")]
    if wrong:
        raise HTTPBadRequest(
            f"{wrong} is invalid value for sort_dirs, valid value is 'asc' and 'desc'"
        )
    return [(key, way.lower()) for key, way in zip(keys, ways, strict=True)]


# -- filters -------------------------------------------------------------------------------------


def nullable(column: Any) -> Filter:
    """Equal to any of the values; an empty value also finds rows without one."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column.in_(list(values))
        if "" in values:
            found = or_(found, column.is_(None))
        return found

    return build


def checked(found: Filter, convert: Converter) -> Filter:
    """The same filter for values that ``convert`` takes, in its spelling; others are refused."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        try:
            return found([str(convert(value)) for value in values])
        except Invalid as error:
            raise InvalidInput(error_message=str(error).rstrip(".")) from None

    return build


def _changed_since(model: Any) -> Filter:
    def build(values: Sequence[str]) -> ColumnElement[bool]:
        since = moment(values[-1])
        return or_(model.updated_at >= since, model.created_at >= since)

    return build


def tagged(model: Any, *names: str, **others: Filter) -> dict[str, Filter]:
    """The filters of resources that can have tags; names and others as in ``bare``."""
    tags = tag_filters(model.id, m.Tag.resource_id, m.Tag.tag, blanks=False)
    return {**standard(model, *names, **others), **tags}


def standard(model: Any, *names: str, **others: Filter) -> dict[str, Filter]:
    """The filters of resources with a description and revisions; the rest as in ``bare``."""
    return {
        **bare(model, *names, **others),
        "description": named(model.description),
        "revision_number": integer(model.revision_number),
        "changed_since": _changed_since(model),
    }


def bare(model: Any, *names: str, **others: Filter) -> dict[str, Filter]:
    """The filters every resource has, those of the columns in ``names``, and ``others``."""
    found: dict[str, Filter] = {
        "id": exact(model.id),
        "project_id": exact(model.project_id),
        "tenant_id": exact(model.project_id),
    }
    for name in names:
        column = getattr(model, name)
        found[name] = named(column) if name == "name" else nullable(column)
    return {**found, **others}


def listing_of(model: Any, sort: Sequence[str], filters: dict[str, Filter]) -> Listing:
    """Sorted by id unless asked otherwise; ``sort`` names further columns to sort by."""
    keys = {name: getattr(model, name) for name in ("id", *sort)}
    keys["project_id"] = keys["tenant_id"] = model.project_id
    keys["created_at"], keys["updated_at"] = model.created_at, model.updated_at
    return Listing(model, filters=filters, sort_keys=keys, default_sort=[("id", "asc")])
