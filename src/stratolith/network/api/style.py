"""The style of the network API: Neutron's bodies, rules, lists and revisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Page, Resource, Style
from stratolith.kernel.http.resource.rights import allow, readable
from stratolith.kernel.http.routing import KEEP, Route
from stratolith.network.api import lists
from stratolith.network.api import tags as tags_api
from stratolith.network.exceptions.general import (
    HTTPBadRequest,
    PolicyNotAuthorized,
    RevisionConflict,
)
from stratolith.network.managers import tags
from stratolith.network.schemas.attributes import BODY

Body = dict[str, Any]
Target = Mapping[str, Any]
_VERBS = {"show": "get"}


def own_target(ctx: Context) -> Target:
    """A policy target that belongs to the caller's project."""
    project_id = ctx.project_id
    return {"project_id": project_id, "tenant_id": project_id, "network:project_id": project_id}


def project_target(ctx: Context, values: Body) -> Target:
    """The policy target of a resource that depends only on its project."""
    return {"project_id": values["project_id"], "tenant_id": values["project_id"]}


def parent_target(parent: Any) -> Target:
    """The policy target of resources that belong to ``parent``, and to its project."""
    own = {"project_id": parent.project_id, "tenant_id": parent.project_id}
    return {**own, **{f"ext_parent:{name}": value for name, value in own.items()}}


def item_body(ctx: Context, name: str, item: Body) -> Body:
    """{"network": {...}} with the requested fields."""
    return {name: lists.chosen_fields(ctx, [item])[0]}


class NetworkStyle(Style):
    """A body creates one resource or many; attributes have rules; changes count revisions."""

    def path(self, resource: Resource) -> str:
        return "/" + resource.collection.replace("_", "-")

    def key(self, resource: Resource) -> str:
        return "id"

    def rule(self, resource: Resource, verb: str) -> str:
        parent = "" if resource.parent is None else f"{resource.parent.name}_"
        return f"{_VERBS.get(verb, verb)}_{parent}{resource.name}"

    def options(self, resource: Resource, verb: str) -> Body:
        if verb == "index":  # lists the rows that policy lets the caller read, possibly none
            return {"keep": KEEP}
        if verb == "create":  # the rule is checked for each resource in the body
            options: Body = {"body": BODY, "status": 201}
            if resource.parent is not None:  # the rule asks about the parent only
                options |= {"rule": self.rule(resource, verb), "refused": PolicyNotAuthorized}
                options["target"] = lambda ctx, asked: parent_target(asked.loaded)
            return options
        options = {"rule": self.rule(resource, verb)}
        if verb == "show":
            options["keep"] = KEEP
        if verb == "delete":
            options["status"] = 204
        if verb == "update" and resource.attributes is not None:
            options |= {"body": BODY, "read": resource.attributes.read_update}
        return options

    def further_routes(self, resource: Resource) -> list[Route]:
        return tags_api.routes(resource) if resource.tagged else []

    # -- lists -----------------------------------------------------------------------------------

    def index(self, resource: Resource, ctx: Context, parent: Any = None, **above: str) -> Body:
        """{"networks": [...], "networks_links": [...]} with the rows that the caller may read."""
        assert resource.listing is not None
        if resource.before_list:
            resource.before_list(ctx)
        rule, inside = self.rule(resource, "show"), None
        if resource.parent is not None:
            inside = resource.parent.rows(parent)
        page = lists.page(ctx, resource.listing, resource.name, inside)
        if resource.prepare:
            resource.prepare(ctx, page.rows)
        if resource.parent is None:
            rows = readable(ctx, rule, page.rows)
        else:  # the rule asks about the parent
            rows = list(page.rows) if ctx.can(rule, parent_target(parent)) else []
        members = lists.chosen_fields(ctx, resource.rendered(ctx, rows))
        return self.collection(ctx, resource, members, page)

    def collection(self, ctx: Context, resource: Resource, members: list[Any], page: Page) -> Body:
        body: Body = {resource.collection: members}
        links = lists.links(ctx, page) if isinstance(page, lists.Rows) else []
        if links:
            body[f"{resource.collection}_links"] = links
        return body

    # -- one or many -----------------------------------------------------------------------------

    def create(
        self, resource: Resource, ctx: Context, parent: Any = None, *, body: Body, **above: str
    ) -> Body:
        """Create one resource, or many in one transaction."""
        assert resource.attributes is not None
        items, is_bulk = resource.attributes.read_create(ctx, body)
        rows = [self._make(resource, ctx, values, parent) for values in items]
        bodies = (resource.fresh or resource.rendered)(ctx, rows)
        return {resource.collection: bodies} if is_bulk else {resource.name: bodies[0]}

    def _make(self, resource: Resource, ctx: Context, values: Body, parent: Any) -> Any:
        assert resource.create is not None
        if resource.parent is None:
            target, place = (resource.new_target or project_target)(ctx, values), None
        else:
            target, place = parent_target(parent), parent
        self._allow(
            ctx, self.rule(resource, "create"), target, values, {"tags": [], **resource.defaults}
        )
        given = values.pop("tags", [])
        row = resource.create(ctx, place or values["project_id"], values)
        if given:
            tags.add(ctx, row.id, given)
        return row

    def show(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Body:
        return item_body(ctx, resource.name, resource.document(ctx, row))

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Body:
        assert resource.update is not None
        _check_revision(resource, ctx, row)
        self._allow(ctx, self.rule(resource, "update"), row.policy_target(), body)
        before = _marks(row) if _is_so_already(resource, ctx, row, body) else {}
        resource.update(ctx, row, body)
        for name, value in before.items():
            setattr(row, name, value)
        return {resource.name: resource.document(ctx, row)}

    def delete(self, resource: Resource, ctx: Context, row: Any, **above: str) -> None:
        assert resource.delete is not None
        _check_revision(resource, ctx, row)
        resource.delete(ctx, row)

    def _allow(
        self, ctx: Context, rule: str, target: Target, values: Body, defaults: Body | None = None
    ) -> None:
        allow(ctx, rule, target, values, defaults, refused=PolicyNotAuthorized)


class SingleStyle(NetworkStyle):
    """The same for resources that are created one by one."""

    def create(
        self, resource: Resource, ctx: Context, parent: Any = None, *, body: Body, **above: str
    ) -> Body:
        if resource.collection in body:
            raise HTTPBadRequest("Bulk operation not supported")
        return super().create(resource, ctx, parent, body=body, **above)


STYLE = NetworkStyle()
SINGLE = SingleStyle()


def _is_so_already(resource: Resource, ctx: Context, row: Any, body: Body) -> bool:
    """Whether the row has all these values, so that an update, checked as any other, is no new
    revision.

    Most updates change a column of the same name, which is seen without rendering the row.
    """
    if not body or any(hasattr(row, k) and getattr(row, k) != v for k, v in body.items()):
        return False
    shown = resource.document(ctx, row)
    return all(name in shown and shown[name] == value for name, value in body.items())


def _marks(row: Any) -> dict[str, Any]:
    """What an update changes in any case."""
    names = ("revision_number", "updated_at")
    return {name: getattr(row, name) for name in names if hasattr(row, name)}


def _check_revision(resource: Resource, ctx: Context, row: Any) -> None:
    """Check ``If-Match: revision_number=N``; raises RevisionConflict (412).

    Resources that show no revision ignore it.
    """
    if resource.attributes is None or "revision_number" not in resource.attributes.attributes:
        return
    revision = row.revision_number
    condition = ctx.headers.get("if-match", "")
    name, _, wanted = condition.partition("=")
    if name.strip() == "revision_number" and wanted.strip().isdigit() and int(wanted) != revision:
        raise RevisionConflict(expected=wanted.strip(), current=revision)
