"""Links of the compute API: ``self`` with the version, ``bookmark`` without.

If the path of the request has the project id, the links have it, too.
"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import Page, moment, next_link

Links = list[dict[str, str]]


def resource_links(ctx: Context, kind: str, id_: str) -> Links:
    path = f"{_project(ctx)}/{kind}/{id_}"
    return [
        {"rel": "self", "href": f"{ctx.base_url}{ctx.version_path}{path}"},
        {"rel": "bookmark", "href": f"{ctx.base_url}{path}"},
    ]


def version_url(ctx: Context) -> str:
    """The URL before the paths of resources, as in the client's request."""
    return f"{ctx.base_url}{ctx.version_path}{_project(ctx)}"


def _project(ctx: Context) -> str:
    return f"/{ctx.path_project}" if ctx.path_project else ""


def bookmark(ctx: Context, kind: str, id_: str) -> dict[str, str]:
    return {"rel": "bookmark", "href": f"{ctx.base_url}{_project(ctx)}/{kind}/{id_}"}


def with_next(
    ctx: Context, kind: str, page: Page, rendered: list[Any], marker: str | None = None
) -> dict[str, Any]:
    """``{kind: rendered}``, with ``<kind>_links`` if more rows follow."""
    answer: dict[str, Any] = {kind: rendered}
    href = next_link(ctx, page, marker=marker)
    if href:
        answer[f"{kind}_links"] = [{"rel": "next", "href": href}]
    return answer


def limited(ctx: Context, items: list[Any]) -> list[Any]:
    """Apply ``offset`` and ``limit`` to a list without pages; raises BadRequest."""
    sizes = {}
    for name in ("offset", "limit"):
        text = ctx.query.get(name, "")
        if text and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise BadRequest(f"{name} must be a whole number from 0, not '{text[:80]}'.")
        sizes[name] = int(text or 0)
    remaining = items[sizes["offset"] :]
    return remaining[: sizes["limit"]] if sizes["limit"] else remaining


def check_changes(ctx: Context) -> None:
    """Raise BadRequest if ``changes-since`` is after ``changes-before``."""
    texts = [ctx.query.get(name) for name in ("changes-since", "changes-before")]
    if all(texts) and moment(texts[0] or "") > moment(texts[1] or ""):
        raise BadRequest("The value of changes-since must be less than or equal to changes-before.")


def since(ctx: Context, minor: int) -> bool:
    """Whether the request uses microversion 2.``minor`` or a newer one."""
    return ctx.microversion is None or ctx.microversion.minor >= minor
