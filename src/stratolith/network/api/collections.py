"""Lists of the network API: ``fields``, pages and their links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import parse_bool
from stratolith.network.managers.lists import Kind, Rows, page

Render = Callable[[Context, Sequence[Any]], list[dict[str, Any]]]


def answer(
    ctx: Context, collection: str, kind: Kind, render: Render, resource: str = ""
) -> dict[str, Any]:
    """{"networks": [...], "networks_links": [...]}; ``resource``: its name in policy rules."""
    found = page(ctx, kind, resource)
    rows = chosen_fields(ctx, render(ctx, found.rows))
    body: dict[str, Any] = {collection: rows}
    links = _links(ctx, found)
    if links:
        body[f"{collection}_links"] = links
    return body


def chosen_fields(ctx: Context, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the attributes that ``fields`` names, all when it names none."""
    wanted = {name for name in ctx.query.getlist("fields") if name}
    if not wanted:
        return items
    return [{k: v for k, v in item.items() if k in wanted} for item in items]


def one(ctx: Context, name: str, item: dict[str, Any]) -> dict[str, Any]:
    """{"network": {...}} with the fields asked for."""
    return {name: chosen_fields(ctx, [item])[0]}


def created(
    name: str, collection: str, items: list[dict[str, Any]], *, is_bulk: bool
) -> dict[str, Any]:
    return {collection: items} if is_bulk else {name: items[0]}


def _links(ctx: Context, found: Rows) -> list[dict[str, str]]:
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
