"""Lists of the network API: filters, order, ``fields``, pages and their links in a query."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import (
    ByCaller,
    Condition,
    Listing,
    Page,
    asked_limit,
    parse_bool,
)
from stratolith.kernel.http.resource.rights import rules_of_attributes
from stratolith.network.exceptions.general import HTTPBadRequest

NOT_FILTERS = {"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"}


@dataclass(frozen=True)
class Rows(Page):
    """A page in the requested order; ``more``: more rows follow in the direction of reading.

    asked: whether the client gave a limit (0 means none).
    """

    asked: bool = False


def page(
    ctx: Context, listing: Listing, resource: str = "", inside: Condition | None = None
) -> Rows:
    """The rows that the query string requests; raises HTTPBadRequest and the marker's error.

    resource: its name in policy rules; attributes that policy hides are neither filtered nor
    sorted by. inside: a condition of the rows of the list's parent.
    """
    hidden = _hidden(ctx, listing, resource)
    conditions = _conditions(ctx, listing, hidden)
    order = order_asked(ctx, [key for key in listing.sort_keys if key not in hidden])
    order = order or list(listing.default_sort)
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    visible = listing.seen(ctx)
    if inside is not None:
        visible = visible.where(inside)
    marker = ctx.query.get("marker")
    if marker and listing.missing is not None:
        wanted = visible.with_only_columns(listing.key).where(listing.key == marker)
        if ctx.session.scalar(wanted) is None:
            raise listing.missing(marker)
    limit = asked_limit(ctx) or None
    if backward:
        order = [(name, "asc" if direction == "desc" else "desc") for name, direction in order]
    statement = visible.where(*conditions)
    # most clients of this API do not page: without a limit they get all rows
    rows_page = listing.page(ctx, statement, sort=order, limit=limit or 0, whole=True)
    rows = list(reversed(rows_page.rows)) if backward else rows_page.rows
    return Rows(rows, rows_page.more, rows_page.limit, limit is not None)


def _hidden(ctx: Context, listing: Listing, resource: str) -> set[str]:
    """The filters and sort keys of the list that the caller may not read on any resource."""
    target = {
        "project_id": ctx.project_id,
        "tenant_id": ctx.project_id,
        "network:project_id": ctx.project_id,
    }
    attribute_rules = rules_of_attributes(ctx)
    rules = {name: f"get_{resource}:{name}" for name in (*listing.filters, *listing.sort_keys)}
    return {n for n, rule in rules.items() if rule in attribute_rules and not ctx.can(rule, target)}


def _conditions(ctx: Context, listing: Listing, hidden: set[str]) -> list[Condition]:
    conditions: list[Condition] = []
    unknown = []
    for name in ctx.query:
        if name in NOT_FILTERS:
            continue
        values = ctx.query.getlist(name)
        build = listing.filters.get(name)
        if build is None or name in hidden:
            unknown.append(name)
        elif isinstance(build, ByCaller):
            conditions.append(build.build(ctx, values))
        else:
            conditions.append(build(values))
    if unknown:
        raise unknown_filters(unknown)
    return conditions


def unknown_filters(names: Iterable[str]) -> HTTPBadRequest:
    return HTTPBadRequest(f"{sorted(set(names))} is invalid attribute for filtering")


def order_asked(ctx: Context, known: Collection[str]) -> list[tuple[str, str]]:
    """Keys and directions of the query string, only known ones; raises HTTPBadRequest."""
    keys, directions = ctx.query.getlist("sort_key"), ctx.query.getlist("sort_dir")
    if len(keys) != len(directions):
        raise HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    wrong = [key for key in keys if key not in known]
    if wrong:
        raise HTTPBadRequest(f"{wrong} is invalid attribute for sort_keys")
    wrong = [direction for direction in directions if direction.lower() not in ("asc", "desc")]
    if wrong:
        raise HTTPBadRequest(
            f"{wrong} is invalid value for sort_dirs, valid value is 'asc' and 'desc'"
        )
    return [(key, direction.lower()) for key, direction in zip(keys, directions, strict=True)]


# -- answers -------------------------------------------------------------------------------------


def chosen_fields(ctx: Context, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The attributes that ``fields`` names, or all if it names none."""
    wanted = {name for name in ctx.query.getlist("fields") if name}
    if not wanted:
        return items
    return [{k: v for k, v in item.items() if k in wanted} for item in items]


def links(ctx: Context, rows_page: Rows) -> list[dict[str, str]]:
    """Links for a client that requested pages, and for a list that is longer than a page.

    A full page has a link to the next one, even if that is empty: as upstream, which does not
    check whether more rows follow.
    """
    if not rows_page.rows or not (rows_page.asked or rows_page.more):
        return []
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    full = len(rows_page.rows) == rows_page.limit
    links = []
    if full or backward:
        links.append(_link(ctx, "next", rows_page, rows_page.rows[-1].id, backward=False))
    if rows_page.asked and (full or not backward):
        links.append(_link(ctx, "previous", rows_page, rows_page.rows[0].id, backward=True))
    return links


def _link(
    ctx: Context, rel: str, rows_page: Rows, marker: str, *, backward: bool
) -> dict[str, str]:
    skipped = ("marker", "limit", "page_reverse")
    query = [(k, v) for k, v in ctx.query.multi_items() if k not in skipped]
    query += [("limit", str(rows_page.limit)), ("marker", marker)]
    if backward:
        query.append(("page_reverse", "True"))
    return {"rel": rel, "href": f"{ctx.base_url}{ctx.path}?{urlencode(query)}"}
