"""Projects, their tree and their tags over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    admit,
    an_id,
    collection,
    default_domain,
    filled,
    flag,
    flag_filter,
    member_links,
    page_of,
    same_id,
    target,
    text_filters,
)
from stratolith.identity.managers import domains, effective, projects
from stratolith.identity.managers.attributes import as_bool, check_mutable
from stratolith.identity.managers.premade import DEFAULT_DOMAIN
from stratolith.identity.models import Project, ProjectTag
from stratolith.identity.schemas import projects as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http import Response
from stratolith.kernel.http.listing import Listing, tag_filters
from stratolith.kernel.http.routing import KEEP, Route

Body = dict[str, Any]


TAG_FILTERS = tag_filters(Project.id, ProjectTag.project_id, ProjectTag.name)


def _a_parent(text: str) -> str:
    """The default domain, which is above projects, has the one id that is no UUID."""
    return "" if text == DEFAULT_DOMAIN else an_id(text)


PROJECTS = Listing(
    Project,
    filters={
        **text_filters("name", Project.name, must=filled),
        **text_filters("domain_id", Project.domain_id, must=filled),
        **text_filters("parent_id", Project.parent_id, must=_a_parent),
        **TAG_FILTERS,
        "enabled": flag_filter("enabled", Project.enabled),
        "is_domain": flag_filter("is_domain", Project.is_domain),
    },
    sort_keys={"id": Project.id, "name": Project.name},
    default_sort=[("id", "asc")],
)


# -- shapes --------------------------------------------------------------------------------------


def render(ctx: Context, project: Project, tags: list[str] | None) -> Body:
    return {
        **project.extra,
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id or None,
        "description": project.description,
        "enabled": project.enabled,
        "parent_id": project.parent_id,
        "is_domain": project.is_domain,
        "tags": tags or [],
        "options": project.options,
        "links": member_links(ctx, "projects", project.id),
    }


def render_many(ctx: Context, found: Sequence[Project]) -> list[Body]:
    tags = projects.tags(ctx, [project.id for project in found])
    return [render(ctx, project, tags.get(project.id)) for project in found]


def _rendered(ctx: Context, project: Project) -> Body:
    return {"project": render_many(ctx, [project])[0]}


def listed_of_user(ctx: Context, user_id: str) -> Body:
    """The enabled and disabled projects of a user, as /auth/projects and the user show them."""
    ids = projects.of_user(ctx, user_id)
    page = page_of(ctx, PROJECTS, select(Project).where(Project.id.in_(ids)))
    return collection(ctx, "projects", render_many(ctx, page.rows), page)


# -- projects ------------------------------------------------------------------------------------


def index(ctx: Context) -> Body:
    domain_id = ctx.who.domain_id
    ctx.authorize("identity:list_projects", {"target.domain_id": domain_id} if domain_id else {})
    statement = select(Project)
    if domain_id:
        statement = statement.where(Project.domain_id == domain_id)
    if "is_domain" not in ctx.query:
        statement = statement.where(Project.is_domain.is_(False))
    page = page_of(ctx, PROJECTS, statement)
    return collection(ctx, "projects", render_many(ctx, page.rows), page)


def show(ctx: Context, project_id: str) -> Body:
    project = admit(ctx, "identity:get_project", "project", projects.get, project_id)
    found = _rendered(ctx, project)
    _add_parents(ctx, project, found["project"])
    _add_subtree(ctx, project, found["project"])
    return found


def _add_parents(ctx: Context, project: Project, found: Body) -> None:
    as_list, as_ids = flag(ctx, "parents_as_list"), flag(ctx, "parents_as_ids")
    if as_list and as_ids:
        raise BadRequest("Cannot use parents_as_list and parents_as_ids at the same time.")
    if as_list:
        above = [p for p in effective.ancestors(ctx.session, project) if _may_see(ctx, p)]
        found["parents"] = [{"project": one} for one in render_many(ctx, above)]
    elif as_ids:
        tree: Body | None = None
        for one in reversed(effective.ancestors(ctx.session, project)):
            tree = {one.id: tree}
        found["parents"] = tree


def _add_subtree(ctx: Context, project: Project, found: Body) -> None:
    as_list, as_ids = flag(ctx, "subtree_as_list"), flag(ctx, "subtree_as_ids")
    if as_list and as_ids:
        raise BadRequest("Cannot use subtree_as_list and subtree_as_ids at the same time.")
    if not as_list and not as_ids:
        return
    below = projects.subtree(ctx, project)
    if as_list:
        seen = [one for one in below if _may_see(ctx, one)]
        found["subtree"] = [{"project": one} for one in render_many(ctx, seen)]
        return
    children: dict[str, Body] = {}
    for one in reversed(below):  # children before parents
        mine = children.pop(one.id, None)
        children.setdefault(one.parent_id or "", {})[one.id] = mine
    found["subtree"] = children.get(project.id)


def _may_see(ctx: Context, project: Project) -> bool:
    """Relatives are shown to those with a role on them, as upstream does."""
    return bool(effective.on_project(ctx.session, ctx.user_id, project))


def create(ctx: Context, body: Body) -> Body:
    values = body["project"]
    ctx.authorize("identity:create_project", target(project=values))
    if not as_bool(values.get("is_domain", False)):
        values["domain_id"] = default_domain(ctx, values)
    project = projects.create(ctx, values)
    return {"project": render(ctx, project, sorted(values.get("tags") or []))}


def update(ctx: Context, project_id: str, body: Body) -> Body:
    project = admit(ctx, "identity:update_project", "project", projects.get, project_id)
    same_id(body["project"], "project", project_id)
    found = _rendered(ctx, projects.update(ctx, project, body["project"]))
    found["project"]["extra"] = project.extra  # once more, as clients of an update know it
    return found


def remove(ctx: Context, project_id: str) -> None:
    project = admit(ctx, "identity:delete_project", "project", projects.get, project_id)
    if project.is_domain:
        ctx.authorize("identity:delete_domain", {})
        domains.remove(ctx, project)
    else:
        projects.remove(ctx, project)


# -- tags ----------------------------------------------------------------------------------------


def _tags(ctx: Context, project: Project) -> Body:
    names = projects.tags(ctx, [project.id]).get(project.id, [])
    return {"links": {"self": f"{ctx.base_url}{ctx.path}"}, "tags": names}


def _to_tag(ctx: Context, rule: str, project_id: str) -> Project:
    """A project whose tags are to change; raises Forbidden for an immutable one, NotFound."""
    project: Project = admit(ctx, f"identity:{rule}", "project", projects.get, project_id)
    check_mutable(projects.kind_of(project), project, {"tags": []})
    return project


def list_tags(ctx: Context, project_id: str) -> Body:
    return _tags(ctx, admit(ctx, "identity:list_project_tags", "project", projects.get, project_id))


def replace_tags(ctx: Context, project_id: str, body: Body) -> Body:
    project = _to_tag(ctx, "update_project_tags", project_id)
    projects.set_tags(ctx, project, body["tags"])
    return _tags(ctx, project)


def remove_tags(ctx: Context, project_id: str) -> None:
    project = _to_tag(ctx, "delete_project_tags", project_id)
    projects.set_tags(ctx, project, [])


def check_tag(ctx: Context, project_id: str, tag: str) -> None:
    project = admit(ctx, "identity:get_project_tag", "project", projects.get, project_id)
    projects.get_tag(ctx, project, tag)


def add_tag(ctx: Context, project_id: str, tag: str) -> Response:
    project = _to_tag(ctx, "create_project_tag", project_id)
    names = projects.tags(ctx, [project.id]).get(project.id, [])
    # a tag in the path obeys what holds for the list, where no tag is twice
    schemas.REPLACE_TAGS.check({"tags": [*names, tag]}, None, what="body")
    projects.add_tag(ctx, project, tag)
    return Response(b"", headers={"Location": f"{ctx.base_url}{ctx.path}"})


def remove_tag(ctx: Context, project_id: str, tag: str) -> None:
    project = _to_tag(ctx, "delete_project_tag", project_id)
    ctx.session.delete(projects.get_tag(ctx, project, tag))


_TAGS = "/projects/{project_id}/tags"

ROUTES = [
    Route.get("/projects", index, keep=KEEP),
    Route.post("/projects", create, body=schemas.CREATE, status=201),
    Route.get("/projects/{project_id}", show, keep=KEEP),
    Route.patch("/projects/{project_id}", update, body=schemas.UPDATE),
    Route.delete("/projects/{project_id}", remove),
    Route.get(_TAGS, list_tags),
    Route.put(_TAGS, replace_tags, body=schemas.REPLACE_TAGS),
    Route.delete(_TAGS, remove_tags),
    Route.get(_TAGS + "/{tag}", check_tag, status=204),
    Route.put(_TAGS + "/{tag}", add_tag, status=201),
    Route.delete(_TAGS + "/{tag}", remove_tag),
]
