"""How the API of one service asks and answers: what all its resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource.listing import Page, next_link
from stratolith.kernel.http.routing import Route

if TYPE_CHECKING:
    from stratolith.kernel.http.resource.declaration import Resource

Body = dict[str, Any]


class Style:
    """The five operations of a resource; each service has a subclass with its own habits.

    What is here is the commonest: ``{"thing": {...}}`` in and out, lists as ``{"things": [...]}``.
    """

    update_method = "PUT"

    # -- routes ----------------------------------------------------------------------------------

    def path(self, resource: Resource) -> str:
        return f"/{resource.collection}"

    def key(self, resource: Resource) -> str:
        """Name of the last variable in the path of one."""
        return f"{resource.name}_id"

    def rule(self, resource: Resource, verb: str) -> str:
        """Name of the policy rule of a verb (index, create, show, update, delete)."""
        raise NotImplementedError

    def options(self, resource: Resource, verb: str) -> dict[str, Any]:
        """Of the route of a verb; what the resource says itself comes on top."""
        found: dict[str, Any] = {"rule": self.rule(resource, verb)}
        status = {"create": 201, "delete": 204}.get(verb)
        return found if status is None else {**found, "status": status}

    def further_routes(self, resource: Resource) -> list[Route]:
        return []

    # -- lists -----------------------------------------------------------------------------------

    def page(self, ctx: Context, resource: Resource) -> Page:
        """The rows that the query asks for."""
        assert resource.listing is not None  # else there is no such route
        return resource.listing.asked(ctx)

    def collection(self, ctx: Context, resource: Resource, members: list[Any], page: Page) -> Any:
        """``{"things": [...]}``, with ``things_links`` where more rows follow."""
        found: Body = {resource.collection: members}
        if page.more and resource.listing is not None:
            marker = str(getattr(page.rows[-1], resource.listing.key.key))
            link = {"rel": "next", "href": next_link(ctx, page, marker=marker)}
            found[f"{resource.collection}_links"] = [link]
        return found

    # -- the operations --------------------------------------------------------------------------

    def index(self, resource: Resource, ctx: Context, **above: str) -> Any:
        if resource.before_list:
            resource.before_list(ctx)
        page = self.page(ctx, resource)
        if resource.prepare:
            resource.prepare(ctx, page.rows)
        return self.collection(ctx, resource, resource.rendered(ctx, page.rows), page)

    def member(self, ctx: Context, resource: Resource, shown: Body) -> Any:
        """What a body holds of one."""
        return {resource.name: shown}

    def values(self, resource: Resource, body: Body) -> Body:
        """What a body wants of one."""
        found: Body = body[resource.name]
        return found

    def create(self, resource: Resource, ctx: Context, *, body: Body, **above: str) -> Any:
        assert resource.create is not None  # here and below: else there is no such route
        if resource.create.several:
            made = [self.made(resource, ctx, values) for values in body[resource.collection]]
            return {resource.collection: made}
        return self.member(ctx, resource, self.made(resource, ctx, self.values(resource, body)))

    def made(self, resource: Resource, ctx: Context, values: Body) -> Body:
        """Make one; what is shown of it."""
        assert resource.create is not None
        made = resource.create(ctx, values)
        row, once = made if isinstance(made, tuple) else (made, {})
        return {**(resource.fresh or resource.rendered)(ctx, [row])[0], **once}

    def show(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Any:
        assert resource.show is not None
        further = resource.show(ctx, row) if resource.show.do else {}
        return self.member(ctx, resource, {**resource.one(ctx, row), **further})

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Any:
        assert resource.update is not None
        found = resource.update(ctx, row, self.values(resource, body))
        changed, further = found if isinstance(found, tuple) else (found or row, {})
        return self.member(ctx, resource, {**resource.one(ctx, changed), **further})

    def delete(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Any:
        assert resource.delete is not None
        resource.delete(ctx, row)
