"""Projects, their tree and their tags over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true

from stratolith.identity.api.filters import filled, flag, flag_filter, text_filters, uuid_fault
from stratolith.identity.api.style import (
    STYLE,
    collection,
    default_domain,
    member_links,
    page_of,
)
from stratolith.identity.api.targets import of_body, of_found, of_scope
from stratolith.identity.managers import domains, effective, projects
from stratolith.identity.managers.attributes import as_bool, check_mutable
from stratolith.identity.managers.premade import DEFAULT_DOMAIN
from stratolith.identity.models import Project, ProjectTag
from stratolith.identity.schemas import projects as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http import Response
from stratolith.kernel.http.resource import Listing, Resource, Verb, tag_filters
from stratolith.kernel.http.routing import KEEP, Route

Body = dict[str, Any]


TAG_FILTERS = tag_filters(Project.id, ProjectTag.project_id, ProjectTag.name)


def _a_parent(text: str) -> str:
    """A UUID or the id of the default domain, the only id of a project that is not a UUID."""
    return "" if text == DEFAULT_DOMAIN else uuid_fault(text)


def _visible(ctx: Context) -> ColumnElement[bool]:
    """Domains, which are projects too, are listed only when ``is_domain`` is in the query."""
    conditions: list[ColumnElement[bool]] = []
    if ctx.who.domain_id:
        conditions.append(Project.domain_id == ctx.who.domain_id)
    if "is_domain" not in ctx.query:
        conditions.append(Project.is_domain.is_(False))
    return and_(true(), *conditions)


LISTING = Listing(
    Project,
    visible=_visible,
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


def render_many(ctx: Context, rows: Sequence[Project]) -> list[Body]:
    tags = projects.tags(ctx, [project.id for project in rows])
    return [render(ctx, project, tags.get(project.id)) for project in rows]


def listed_of_user(ctx: Context, user_id: str) -> Body:
    """All projects of a user, enabled or disabled, for /auth/projects and /users/ID/projects."""
    ids = projects.of_user(ctx, user_id)
    page = page_of(ctx, LISTING, select(Project).where(Project.id.in_(ids)))
    return collection(ctx, "projects", render_many(ctx, page.rows), page)


# -- projects ------------------------------------------------------------------------------------


def _relatives(ctx: Context, project: Project) -> Body:
    document: Body = {}
    _add_parents(ctx, project, document)
    _add_subtree(ctx, project, document)
    return document


def _add_parents(ctx: Context, project: Project, document: Body) -> None:
    as_list, as_ids = flag(ctx, "parents_as_list"), flag(ctx, "parents_as_ids")
    if as_list and as_ids:
        raise BadRequest("Cannot use parents_as_list and parents_as_ids at the same time.")
    if as_list:
        above = [p for p in effective.ancestors(ctx.session, project) if _may_see(ctx, p)]
        document["parents"] = [{"project": parent} for parent in render_many(ctx, above)]
    elif as_ids:
        tree: Body | None = None
        for parent in reversed(effective.ancestors(ctx.session, project)):
            tree = {parent.id: tree}
        document["parents"] = tree


def _add_subtree(ctx: Context, project: Project, document: Body) -> None:
    as_list, as_ids = flag(ctx, "subtree_as_list"), flag(ctx, "subtree_as_ids")
    if as_list and as_ids:
        raise BadRequest("Cannot use subtree_as_list and subtree_as_ids at the same time.")
    if not as_list and not as_ids:
        return
    below = projects.subtree(ctx, project)
    if as_list:
        seen = [child for child in below if _may_see(ctx, child)]
        document["subtree"] = [{"project": child} for child in render_many(ctx, seen)]
        return
    children: dict[str, Body] = {}
    for descendant in reversed(below):  # children before parents
        subtree = children.pop(descendant.id, None)
        children.setdefault(descendant.parent_id or "", {})[descendant.id] = subtree
    document["subtree"] = children.get(project.id)


def _may_see(ctx: Context, project: Project) -> bool:
    """Only projects on which the caller has a role are shown, as upstream."""
    return bool(effective.on_project(ctx.session, ctx.user_id, project))


def _create(ctx: Context, values: Body) -> tuple[Project, Body]:
    if not as_bool(values.get("is_domain", False)):
        values["domain_id"] = default_domain(ctx, values)
    return projects.create(ctx, values), {"tags": sorted(values.get("tags") or [])}


def _fresh(ctx: Context, made: Sequence[Project]) -> list[Body]:
    return [render(ctx, project, None) for project in made]


def _update(ctx: Context, project: Project, values: Body) -> tuple[Project, Body]:
    changed = projects.update(ctx, project, values)
    return changed, {"extra": changed.extra}  # clients of an update expect ``extra`` twice


def _remove(ctx: Context, project: Project) -> None:
    if project.is_domain:
        ctx.authorize("identity:delete_domain", {})
        domains.remove(ctx, project)
    else:
        projects.remove(ctx, project)


PROJECTS = Resource(
    "project",
    STYLE,
    load=projects.get,
    rendered=render_many,
    fresh=_fresh,
    listing=LISTING,
    index=Verb(target=of_scope("target.domain_id"), keep=KEEP),
    create=Verb(_create, target=of_body("project"), body=schemas.CREATE),
    show=Verb(_relatives, keep=KEEP),
    update=Verb(_update, body=schemas.UPDATE),
    delete=Verb(_remove),
)


# -- tags ----------------------------------------------------------------------------------------


def _tags(ctx: Context, project: Project) -> Body:
    names = projects.tags(ctx, [project.id]).get(project.id, [])
    return {"links": {"self": f"{ctx.base_url}{ctx.path}"}, "tags": names}


def _check_taggable(project: Project) -> None:
    """Raises Forbidden for an immutable project."""
    check_mutable(projects.kind_of(project), project, {"tags": []})


def replace_tags(ctx: Context, project: Project, body: Body) -> Body:
    _check_taggable(project)
    projects.set_tags(ctx, project, body["tags"])
    return _tags(ctx, project)


def remove_tags(ctx: Context, project: Project) -> None:
    _check_taggable(project)
    projects.set_tags(ctx, project, [])


def check_tag(ctx: Context, project: Project, tag: str) -> None:
    projects.get_tag(ctx, project, tag)


def add_tag(ctx: Context, project: Project, tag: str) -> Response:
    _check_taggable(project)
    names = projects.tags(ctx, [project.id]).get(project.id, [])
    # validate as a whole list, in which each tag is unique
    schemas.REPLACE_TAGS.check({"tags": [*names, tag]}, None, what="body")
    projects.add_tag(ctx, project, tag)
    return Response(b"", headers={"Location": f"{ctx.base_url}{ctx.path}"})


def remove_tag(ctx: Context, project: Project, tag: str) -> None:
    _check_taggable(project)
    ctx.session.delete(projects.get_tag(ctx, project, tag))


def _asks(rule: str) -> dict[str, Any]:
    options = {"load": projects.get, "loads": "project_id", "target": of_found("project")}
    return {**options, "rule": f"identity:{rule}", "hides_missing": True}


_TAGS = "/projects/{project_id}/tags"
_TAG = _TAGS + "/{tag}"

ROUTES = [
    *PROJECTS.routes,
    Route.get(_TAGS, _tags, **_asks("list_project_tags")),
    Route.put(_TAGS, replace_tags, **_asks("update_project_tags"), body=schemas.REPLACE_TAGS),
    Route.delete(_TAGS, remove_tags, **_asks("delete_project_tags")),
    Route.get(_TAG, check_tag, **_asks("get_project_tag"), status=204),
    Route.put(_TAG, add_tag, **_asks("create_project_tag"), status=201),
    Route.delete(_TAG, remove_tag, **_asks("delete_project_tag")),
]
