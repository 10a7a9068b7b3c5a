"""Requests and answers of the identity API: Keystone's names of rules, links, lists and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select

from stratolith.identity.api.targets import of_found
from stratolith.identity.managers.premade import DEFAULT_DOMAIN
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http.resource import (
    InvalidMarker,
    Listing,
    Page,
    Reader,
    Resource,
    Style,
    next_link,
)
from stratolith.kernel.http.resource.declaration import Render

Body = dict[str, Any]
_VERBS = {"show": "get", "index": "list"}


class IdentityStyle(Style):
    """PATCH updates; without permission, a missing resource gives the same error as an existing
    one.
    """

    update_method = "PATCH"

    def rule(self, resource: Resource, verb: str) -> str:
        several = verb == "create" and resource.create is not None and resource.create.several
        noun = resource.collection if several or verb == "index" else resource.name
        return f"identity:{_VERBS.get(verb, verb)}_{noun}"

    def options(self, resource: Resource, verb: str) -> Body:
        options = super().options(resource, verb)
        if verb in ("show", "update", "delete"):
            options |= {"target": of_found(resource.name), "hides_missing": True}
        return options

    def page(self, ctx: Context, resource: Resource) -> Page:
        assert resource.listing is not None
        known = resource.listing.parameters
        for name in ctx.query:
            if known is not None and name not in known:
                raise BadRequest(f"Additional properties are not allowed ('{name}' was unexpected)")
        return page_of(ctx, resource.listing, paged=known is None)

    def collection(self, ctx: Context, resource: Resource, members: list[Any], page: Page) -> Body:
        return collection(ctx, resource.collection, members, page)

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Any:
        same_id(body[resource.name], resource.name, row.id)
        return super().update(resource, ctx, row, body=body, **above)


STYLE = IdentityStyle()


def linked(path: str, render: Callable[[Context, Any], Body]) -> Render:
    """``rendered`` for a resource whose rows are rendered one by one, with links below /v3."""
    return lambda ctx, rows: [
        {**render(ctx, row), "links": member_links(ctx, path, row.id)} for row in rows
    ]


def root(ctx: Context) -> str:
    return f"{ctx.base_url}/v3"


def member_links(ctx: Context, collection: str, id_: str) -> Body:
    return {"self": f"{ctx.base_url}/v3/{collection}/{id_}"}


def page_of(
    ctx: Context,
    listing: Listing,
    statement: Select[Any] | None = None,
    *,
    read: Reader | None = None,
    paged: bool = True,
) -> Page:
    """The rows with the filters, sort, limit and marker of the query; raises NotFound.

    Without a limit in the query or in the settings all rows are returned: most clients of identity
    do not read pages.

    statement: the rows the caller may see; a marker must be among them. Default: from the listing.
    read: fetches the rows; default: the objects of the statement.
    paged: whether the list takes limit and marker; otherwise it is always whole.
    """
    key = ctx.query.get("sort_key")
    direction = ctx.query.get("sort_dir", "asc")
    sort = [(key, direction)] if key and key in listing.sort_keys else None
    within = listing.seen(ctx) if statement is None else statement
    statement = within.where(*listing.where(ctx))
    inexact = any("__" in name for name in ctx.query if name in listing.filters)
    try:
        limit = ctx.env.settings.of(IdentitySettings).list_limit if paged else 0
        # an empty limit means no limit; 0 stops the listing from reading the limit of the query
        asked = None if ctx.query.get("limit") else limit or 0
        return listing.page(
            ctx,
            statement,
            sort=sort,
            limit=asked,
            within=within,
            read=read,
            scan=inexact,
            whole=True,
        )
    except InvalidMarker as error:
        raise NotFound(f"Marker {error.details['marker']} could not be found.") from None


def collection(ctx: Context, name: str, members: Iterable[Body], page: Page | None = None) -> Body:
    """``{name: [...], "links": {...}}``; marked as truncated when a further page follows."""
    query = urlencode(ctx.query.multi_items())
    here = f"{ctx.base_url}{ctx.path}" + (f"?{query}" if query else "")
    links = {"next": next_link(ctx, page) if page else None, "self": here, "previous": None}
    document: Body = {name: list(members), "links": links}
    if page is not None and page.more:
        document["truncated"] = True
    return document


def same_id(body: Body, kind: str, id_: str) -> None:
    """An id in the body must be the one of the path; raises BadRequest."""
    if "id" in body and body["id"] != id_:
        raise BadRequest(f"Cannot change {kind} ID")


def default_domain(ctx: Context, values: Body) -> str:
    """The domain of a new object: from the request, else of a token with domain scope, else the
    default domain. The domain of a token's project does not matter.
    """
    return str(values.get("domain_id") or ctx.who.domain_id or DEFAULT_DOMAIN)
