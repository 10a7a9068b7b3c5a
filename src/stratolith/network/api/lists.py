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
from stratolith.network.exceptions import HTTPBadRequest

NOT_FILTERS = {"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"}


@dataclass(frozen=True)
class Rows(Page):
    """A page in the order asked for; ``more``: others follow in the direction walked.

    asked: the client named a limit; 0 means none.
    """

    asked: bool = False


def page(ctx: Context, listing: Listing, resource: str = "") -> Rows:
    """The rows that the query string asks for; raises HTTPBadRequest and the marker's error.

    resource: its name in policy rules; what policy does not show is neither filtered nor
    sorted by.
    """
    hidden = _hidden(ctx, listing, resource)
    conditions = _conditions(ctx, listing, hidden)
    order = order_asked(ctx, [key for key in listing.sort_keys if key not in hidden])
    order = order or list(listing.default_sort)
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    seen = listing.seen(ctx)
    marker = ctx.query.get("marker")
    if marker and listing.missing is not None:
        wanted = seen.with_only_columns(listing.key).where(listing.key == marker)
        if ctx.session.scalar(wanted) is None:
            raise listing.missing(marker)
    asked = asked_limit(ctx) or None
    if backward:
        order = [(name, "asc" if way == "desc" else "desc") for name, way in order]
    statement = seen.where(*conditions)
    # most clients of this API do not page: without a limit they are given everything
    found = listing.page(ctx, statement, sort=order, limit=asked or 0, whole=True)
    rows = list(reversed(found.rows)) if backward else found.rows
    return Rows(rows, found.more, found.limit, asked is not None)


def _hidden(ctx: Context, listing: Listing, resource: str) -> set[str]:
    """Those of the list's filters and sort keys that the caller may not read at any resource."""
    mine = {
        "project_id": ctx.project_id,
        "tenant_id": ctx.project_id,
        "network:project_id": ctx.project_id,
    }
    known = rules_of_attributes(ctx)
    rules = {name: f"get_{resource}:{name}" for name in (*listing.filters, *listing.sort_keys)}
    return {n for n, rule in rules.items() if rule in known and not ctx.can(rule, mine)}


def _conditions(ctx: Context, listing: Listing, hidden: set[str]) -> list[Condition]:
    found: list[Condition] = []
    unknown = []
    for name in ctx.query:
        if name in NOT_FILTERS:
            continue
        values = ctx.query.getlist(name)
        build = listing.filters.get(name)
        if build is None or name in hidden:
            unknown.append(name)
        elif isinstance(build, ByCaller):
            found.append(build.build(ctx, values))
        else:
            found.append(build(values))
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


# -- answers -------------------------------------------------------------------------------------


def chosen_fields(ctx: Context, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the attributes that ``fields`` names, all when it names none."""
    wanted = {name for name in ctx.query.getlist("fields") if name}
    if not wanted:
        return items
    return [{k: v for k, v in item.items() if k in wanted} for item in items]


def links(ctx: Context, found: Rows) -> list[dict[str, str]]:
    """Links for a client that asked for pages, and for one whose list is longer than a page.

    A full page has a link to what follows it, if only to an empty page: as upstream, which does
    not look whether anything follows.
    """
    if not found.rows or not (found.asked or found.more):
        return []
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    full = len(found.rows) == found.limit
    links = []
    if full or backward:
        links.append(_link(ctx, "next", found, found.rows[-1].id, backward=False))
    if found.asked and (full or not backward):
        links.append(_link(ctx, "previous", found, found.rows[0].id, backward=True))
    return links


def _link(ctx: Context, rel: str, found: Rows, marker: str, *, backward: bool) -> dict[str, str]:
    skipped = ("marker", "limit", "page_reverse")
    query = [(k, v) for k, v in ctx.query.multi_items() if k not in skipped]
    query += [("limit", str(found.limit)), ("marker", marker)]
    if backward:
        query.append(("page_reverse", "True"))
    return {"rel": rel, "href": f"{ctx.base_url}{ctx.path}?{urlencode(query)}"}
