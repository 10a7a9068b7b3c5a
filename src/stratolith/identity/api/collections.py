"""What every list and every member of the identity API have around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_

from stratolith.identity.managers.premade import DEFAULT_DOMAIN
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.db.text import lowered, same_text
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http.listing import (
    Column,
    Filter,
    InvalidMarker,
    Listing,
    Page,
    Reader,
    next_link,
)
from stratolith.kernel.ids import is_uuid

Body = dict[str, Any]
_BOOLEANS = ("", "true", "1", "y", "on", "yes", "t", "false", "0", "n", "off", "no", "f")
_COMPARATORS = ("equals", "contains", "startswith", "endswith")


def root(ctx: Context) -> str:
    return f"{ctx.base_url}/v3"


def member_links(ctx: Context, collection: str, id_: str) -> Body:
    return {"self": f"{ctx.base_url}/v3/{collection}/{id_}"}


def page_of(
    ctx: Context,
    listing: Listing,
    statement: Select[Any],
    *,
    read: Reader | None = None,
    paged: bool = True,
) -> Page:
    """The rows with the filters, sort, limit and marker of the query; raises NotFound.

    Without a limit in the query it is all of them, unless the settings have one: most clients of
    identity know no pages.

    statement: what the caller may see; a marker must be in it.
    read: fetches the rows; default: the statement's objects.
    paged: the list takes limit and marker; one that does not is always shown whole.
    """
    key = ctx.query.get("sort_key")
    direction = ctx.query.get("sort_dir", "asc")
    sort = [(key, direction)] if key and key in listing.sort_keys else None
    within, statement = statement, statement.where(*listing.where(ctx))
    inexact = any("__" in name for name in ctx.query if name in listing.filters)
    try:
        limit = ctx.env.settings.of(IdentitySettings).list_limit if paged else 0
        # an empty limit is none; 0 for the listing, which would read the query's
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
    """``{name: [...], "links": {...}}``; a page that is followed by another says so."""
    query = urlencode(ctx.query.multi_items())
    here = f"{ctx.base_url}{ctx.path}" + (f"?{query}" if query else "")
    links = {"next": next_link(ctx, page) if page else None, "self": here, "previous": None}
    found: Body = {name: list(members), "links": links}
    if page is not None and page.more:
        found["truncated"] = True
    return found


# -- filters -------------------------------------------------------------------------------------


Fault = Callable[[str], str]  # what is wrong with a value, or nothing


def filled(text: str) -> str:
    return "" if text else "It should be non-empty."


def an_id(text: str) -> str:
    return "" if is_uuid(text) else "It is not a UUID."


def one_of(*values: str) -> Fault:
    return lambda text: "" if text in values else f"It is not one of {', '.join(values)}."


def text_filters(name: str, column: Column, *, must: Fault | None = None) -> dict[str, Filter]:
    """``name``, and ``name__contains`` with its like (an ``i`` before: in any case).

    must: what a value of ``name`` has to be, as upstream's schema of the query has it; another is
    a mistake (BadRequest).
    """

    def exactly(values: Sequence[str]) -> ColumnElement[bool]:
        wrong = must(values[-1]) if must is not None else ""
        if wrong:
            raise BadRequest(
                f"Invalid input for field/attribute {name}. Value: {values[-1]}. {wrong}"
            )
        return same_text(column, values[-1:])

    found: dict[str, Filter] = {name: exactly}
    for comparator in _COMPARATORS:
        for prefix in ("", "i"):
            found[f"{name}__{prefix}{comparator}"] = _inexact(column, comparator, bool(prefix))
    return found


def _inexact(column: Column, comparator: str, any_case: bool) -> Filter:
    def build(values: Sequence[str]) -> ColumnElement[bool]:
        wanted, subject = values[-1], cast(column, String)
        if any_case:
            wanted, subject = wanted.lower(), lowered(subject)  # type: ignore[assignment]
        if comparator == "equals":
            return subject == wanted
        if comparator == "startswith":
            return func.substr(subject, 1, len(wanted)) == wanted
        if comparator == "endswith":
            at = func.length(subject) - len(wanted) + 1
            fits = func.length(subject) >= len(wanted)
            return and_(fits, func.substr(subject, at) == wanted)
        if any_case:
            return subject.contains(wanted, autoescape=True)
        return _contains(subject, wanted)

    return build


def _contains(subject: Any, wanted: str) -> ColumnElement[bool]:
    # LIKE ignores case on SQLite, so what it finds is compared again by its replacement
    like: ColumnElement[bool] = subject.contains(wanted, autoescape=True)
    exact: ColumnElement[bool] = func.replace(subject, wanted, "") != subject
    return and_(like, exact) if wanted else or_(like)


def flag_filter(name: str, column: Column) -> Filter:
    """``enabled=false``, ``enabled=0``, and ``enabled`` alone for a yes."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        if values[-1].lower() not in _BOOLEANS:
            raise BadRequest(
                f"Invalid input for field/attribute {name}. Value: {values[-1]}. It must be "
                "true or false."
            )
        return column.is_(is_true(values[-1]))

    return build


def is_true(text: str | None) -> bool:
    """A flag of a query string: present and not a no (``?effective`` is a yes)."""
    return text is not None and text.strip().lower() not in ("0", "false", "no", "n", "off", "f")


def flag(ctx: Context, name: str) -> bool:
    return is_true(ctx.query.get(name))


# -- authorisation -------------------------------------------------------------------------------

Target = Mapping[str, Any]


def target(ids: Mapping[str, Any] | None = None, **objects: Any) -> dict[str, Any]:
    """What the rules may look at: ``user=<User>`` becomes ``target.user.domain_id`` and so on.

    An object that is None adds nothing, so a rule that asks for it does not hold.
    """
    found: dict[str, Any] = dict(ids or {})
    for kind, one in objects.items():
        if one is None:
            continue
        for attribute in ("id", "name", "domain_id", "user_id"):
            value = one.get(attribute) if isinstance(one, Mapping) else _get(one, attribute)
            if value is not None:
                found[f"target.{kind}.{attribute}"] = value or None
    return found


def _get(one: Any, attribute: str) -> Any:
    return getattr(one, attribute, None)


def admit(
    ctx: Context,
    rule: str,
    kind: str,
    get: Callable[[Context, str], Any],
    id_: str,
    *,
    load_first: bool = False,
) -> Any:
    """The object of ``get``; who may not have it learns nothing, not even that it is missing.

    load_first: for operations that upstream loads the object for before it asks the policy, so
    that a missing one is 404 to everybody with a token.
    """
    missing: NotFound | None = None
    found = None
    try:
        found = get(ctx, id_)
    except NotFound as error:
        if load_first:
            raise
        missing = error
    ctx.authorize(rule, target({f"{kind}_id": id_}, **{kind: found}))
    if missing is not None:
        raise missing
    return found


def same_id(body: Body, kind: str, id_: str) -> None:
    """An id in the body must be the one of the path; raises BadRequest."""
    if "id" in body and body["id"] != id_:
        raise BadRequest(f"Cannot change {kind} ID")


def default_domain(ctx: Context, values: Body) -> str:
    """The domain of something new: as said, else that of a token with domain scope, else the
    default domain. The domain of a token's project does not matter.
    """
    return str(values.get("domain_id") or ctx.who.domain_id or DEFAULT_DOMAIN)
