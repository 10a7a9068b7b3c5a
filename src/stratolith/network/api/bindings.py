"""/ports/{id}/bindings"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Parent, Resource, Verb, asked_limit, parse_bool
from stratolith.kernel.http.routing import KEEP, Route
from stratolith.network.api import lists
from stratolith.network.api.style import NetworkStyle, parent_target
from stratolith.network.exceptions.general import PolicyNotAuthorized
from stratolith.network.exceptions.ports import PortBindingNotFound
from stratolith.network.managers import ports
from stratolith.network.managers.binding import port_bindings
from stratolith.network.managers.binding.port_bindings import Binding
from stratolith.network.models import Port, PortBinding
from stratolith.network.schemas.port_bindings import BINDING, render

Body = dict[str, Any]
PATH = "/ports/{id}/bindings"
FILTERS = ("host", "vif_type", "vnic_type", "status")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


def index(ctx: Context, port: Port) -> Body:
    """Bindings by host: the active one is no row of its own, so the list is made here."""
    unknown = [name for name in ctx.query if name not in (*lists.NOT_FILTERS, *FILTERS)]
    if unknown:
        raise lists.unknown_filters(unknown)
    lists.order_asked(ctx, ())
    bindings = rendered(ctx, port_bindings.of_port(ctx, port))
    if not ctx.can("get_port_binding", parent_target(port)):
        return {"bindings": []}
    matching = [body for body in bindings if _matches(ctx, body)]
    return {"bindings": lists.chosen_fields(ctx, _page(ctx, port, matching))}


def _matches(ctx: Context, body: Body) -> bool:
    return all(body[name] in ctx.query.getlist(name) for name in FILTERS if name in ctx.query)


def _page(ctx: Context, port: Port, bodies: list[Body]) -> list[Body]:
    """The bindings after the one of the host ``marker``, at most ``limit``."""
    backward = parse_bool(ctx.query.get("page_reverse") or "false")
    marker, limit = ctx.query.get("marker"), asked_limit(ctx) or len(bodies)
    ordered = bodies[::-1] if backward else bodies
    if marker:
        hosts = [body["host"] for body in ordered]
        if marker not in hosts:
            raise PortBindingNotFound(port_id=port.id, host=marker)
        ordered = ordered[hosts.index(marker) + 1 :]
    page = ordered[:limit]
    return page[::-1] if backward else page


class _Style(NetworkStyle):
    """Rules as upstream's: it has none for updates, which it permits to administrators."""

    def rule(self, resource: Resource, verb: str) -> str:
        return "admin_only" if verb == "update" else super().rule(resource, verb)

    def options(self, resource: Resource, verb: str) -> Body:
        options = super().options(resource, verb)
        return options if verb == "create" else {**options, "seen_by": "get_port_binding"}

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Body:
        return {resource.name: render(port_bindings.update(ctx, row, body))}


def activate(ctx: Context, binding: Binding, **above: str) -> Body:
    """The answer has no name around it, as upstream's."""
    return render(port_bindings.activate(ctx, binding))


PORT_BINDINGS = Resource(
    BINDING.name,
    _Style(),
    plural=BINDING.collection,
    path=PATH,
    key="host",
    parent=Parent("port", ports.get, "id", lambda port: PortBinding.port_id == port.id),
    load=port_bindings.get,
    rendered=rendered,
    attributes=BINDING,
    create=Verb(port_bindings.create),
    update=Verb(port_bindings.update),
    delete=Verb(port_bindings.delete),
)
ROUTES = [
    Route.get(PATH, index, load=ports.get, keep=KEEP),
    *PORT_BINDINGS.routes,
    Route.put(
        f"{PATH}/{{host}}/activate",
        activate,
        load=port_bindings.get,
        rule="activate",
        seen_by="get_port_binding",
        refused=PolicyNotAuthorized,
    ),
]
