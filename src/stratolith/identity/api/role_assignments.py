"""The list of role assignments over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from stratolith.identity.api.filters import flag
from stratolith.identity.api.style import collection
from stratolith.identity.managers import assignment_list, projects
from stratolith.identity.managers.assignment_list import Entry, Wanted
from stratolith.identity.managers.effective import DOMAIN, PROJECT, SYSTEM, USER
from stratolith.identity.models import Group, Project, Role, User
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_INHERITED = "scope.OS-INHERIT:inherited_to"


def index(ctx: Context) -> Body:
    wanted = _wanted(ctx)
    _authorize(ctx, wanted)
    _check_together(ctx, wanted)
    entries = assignment_list.listed(ctx, wanted)
    if ctx.who.domain_id:
        entries = _within(ctx, entries, ctx.who.domain_id)
    names = _Names(ctx, entries) if flag(ctx, "include_names") else None
    documents = [_render(ctx, entry, names) for entry in entries]
    return collection(ctx, "role_assignments", documents)


def _wanted(ctx: Context) -> Wanted:
    query = ctx.query
    inherited = None
    if _INHERITED in query:
        inherited = query[_INHERITED] == "projects"
    return Wanted(
        user_id=query.get("user.id"),
        group_id=query.get("group.id"),
        role_id=query.get("role.id"),
        project_id=query.get("scope.project.id"),
        domain_id=query.get("scope.domain.id"),
        system=bool(query.get("scope.system")),
        inherited=inherited,
        effective=flag(ctx, "effective"),
        include_subtree=flag(ctx, "include_subtree"),
    )


def _authorize(ctx: Context, wanted: Wanted) -> None:
    if not wanted.include_subtree:
        about: Body = {"target.domain_id": ctx.who.domain_id} if ctx.who.domain_id else {}
        ctx.authorize("identity:list_role_assignments", about)
        return
    project = ctx.session.get(Project, wanted.project_id) if wanted.project_id else None
    about = {"target.domain_id": project.domain_id or None} if project else {}
    ctx.authorize("identity:list_role_assignments_for_tree", about)
    if wanted.project_id is None:
        raise BadRequest("scope.project.id must be given together with include_subtree.")
    projects.get(ctx, wanted.project_id)


def _check_together(ctx: Context, wanted: Wanted) -> None:
    """Refuse filters that exclude each other; raises BadRequest."""
    scopes = [wanted.project_id is not None, wanted.domain_id is not None, wanted.system]
    if sum(scopes) > 1:
        raise BadRequest("Specify one of scope.project.id, scope.domain.id and scope.system.")
    if wanted.user_id is not None and wanted.group_id is not None:
        raise BadRequest("Specify a user or group, not both")
    if wanted.effective and wanted.group_id is not None:
        raise BadRequest("Combining effective and group filter will always result in nothing.")
    if wanted.effective and wanted.inherited and wanted.domain_id is not None:
        raise BadRequest("Combining effective, domain and inherited filters results in nothing.")


def _within(ctx: Context, entries: list[Entry], domain_id: str) -> list[Entry]:
    """The assignments on one domain and its projects."""
    ids = {entry.target_id for entry in entries if entry.target == PROJECT}
    inside = set(
        ctx.session.scalars(
            select(Project.id).where(Project.id.in_(ids), Project.domain_id == domain_id)
        )
    )
    return [
        entry
        for entry in entries
        if (entry.target == DOMAIN and entry.target_id == domain_id)
        or (entry.target == PROJECT and entry.target_id in inside)
    ]


# -- shapes --------------------------------------------------------------------------------------


class _Names:
    """Names of all objects in the entries, read with one query per kind."""

    def __init__(self, ctx: Context, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self._ctx = ctx
        users = {e.actor_id for e in entries if e.actor == USER}
        groups = {e.actor_id for e in entries if e.actor != USER}
        self.actors = {**self._read(User, users), **self._read(Group, groups)}
        self.targets = self._read(Project, {e.target_id for e in entries})
        self.roles = self._read(Role, {e.role_id for e in entries})
        known = [*self.actors.values(), *self.targets.values(), *self.roles.values()]
        self.domains = self._read(Project, {domain for _, domain in known if domain})

    def _read(self, kind: Any, ids: set[str]) -> dict[str, tuple[str, str]]:
        """id -> (name, domain id)."""
        names: dict[str, tuple[str, str]] = {}
        ordered = sorted(ids)
        for at in range(0, len(ordered), 500):
            rows = select(kind.id, kind.name, kind.domain_id).where(
                kind.id.in_(ordered[at : at + 500])
            )
            names.update({r.id: (r.name, r.domain_id) for r in self._ctx.session.execute(rows)})
        return names

    def add(self, document: Body, known: dict[str, tuple[str, str]]) -> None:
        """Add name and domain of the object whose id is in ``document``."""
        name, domain_id = known.get(document["id"], ("", ""))
        document["name"] = name
        if domain_id:
            document["domain"] = {"id": domain_id, "name": self.domains.get(domain_id, ("", ""))[0]}


def _render(ctx: Context, entry: Entry, names: _Names | None) -> Body:
    actor: Body = {"id": entry.actor_id}
    role: Body = {"id": entry.role_id}
    scope: Body = {}
    if entry.target == SYSTEM:
        scope["system"] = {"all": True}
    else:
        scope[entry.target] = {"id": entry.target_id}
        if names is not None:
            names.add(scope[entry.target], names.targets)
    if entry.inherited:
        scope["OS-INHERIT:inherited_to"] = "projects"
    if names is not None:
        names.add(actor, names.actors)
        names.add(role, names.roles)
    return {"links": _links(ctx, entry), "scope": scope, entry.actor: actor, "role": role}


def _links(ctx: Context, entry: Entry) -> Body:
    """Links to the stored assignment and to the objects it derives from."""
    root = f"{ctx.base_url}/v3"
    target, target_id = entry.by_target or (entry.target, entry.target_id)
    place = "/system" if target == SYSTEM else f"/{target}s/{target_id}"
    actor = f"/groups/{entry.by_group}" if entry.by_group else f"/{entry.actor}s/{entry.actor_id}"
    path = f"{place}{actor}/roles/{entry.by_role or entry.role_id}"
    if entry.inherited:
        path = f"/OS-INHERIT{path}/inherited_to_projects"
    links = {"assignment": root + path}
    if entry.by_group:
        links["membership"] = f"{root}/groups/{entry.by_group}/users/{entry.actor_id}"
    if entry.by_role:
        links["prior_role"] = f"{root}/roles/{entry.by_role}"
    return links


ROUTES = [Route.get("/role_assignments", index)]
