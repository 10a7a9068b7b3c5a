"""/greetings: what hosts heard, to be listed, looked at and forgotten."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.resource import Listing, Resource, Style, Verb, each, exact
from stratolith_sample.models import Heard


class GreetingStyle(Style):
    """The rules of the policy are named after verbs: ``greeting:index`` and so on."""

    def rule(self, resource: Resource, verb: str) -> str:
        return f"{resource.name}:{verb}"


def get(ctx: Context, host: str) -> Heard:
    found = ctx.session.get(Heard, host)
    if found is None:
        raise NotFound(f"Host {host} heard nothing.")
    return found


def render(ctx: Context, row: Heard) -> dict[str, Any]:
    return {"host": row.host, "heard": row.words}


def forget(ctx: Context, row: Heard) -> None:
    ctx.session.delete(row)


GREETINGS = Resource(
    "greeting",
    GreetingStyle(),
    key="host",
    load=get,
    rendered=each(render),
    ownerless=True,
    listing=Listing(
        Heard,
        key=Heard.host,
        filters={"host": exact(Heard.host)},
        sort_keys={"host": Heard.host},
        default_sort=[("host", "asc")],
    ),
    delete=Verb(forget),
)
ROUTES = GREETINGS.routes
