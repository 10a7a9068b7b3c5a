"""Flavors, their extra specs and their access list over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from stratolith.compute.api.links import resource_links, since, with_next
from stratolith.compute.api.style import STYLE
from stratolith.compute.exceptions import FlavorNotFound
from stratolith.compute.managers import flavors
from stratolith.compute.managers.flavors import FlavorSpec
from stratolith.compute.models import Flavor
from stratolith.compute.schemas import extra_specs, queries
from stratolith.compute.schemas import flavors as schemas
from stratolith.compute.schemas.types import as_bool, as_int
from stratolith.identity.managers import projects
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict
from stratolith.kernel.http.resource import Listing, Resource, Verb, parse_bool
from stratolith.kernel.http.routing import KEEP, Asked, Choice, Route

Body = dict[str, Any]
_P = "os_compute_api:"


def _visible(ctx: Context) -> ColumnElement[bool] | None:
    """Administrators select with ``is_public``: public flavors, private ones, or all ("none")."""
    public = ctx.query.get("is_public")
    if not ctx.is_admin:
        return flavors.visible(ctx)
    if public is None:
        return Flavor.is_public.is_(True)
    return None if public.lower() == "none" else Flavor.is_public.is_(parse_bool(public))


LISTING = Listing(
    Flavor,
    visible=_visible,
    key=Flavor.flavor_id,
    sort_keys={
        "flavorid": Flavor.flavor_id,
        "name": Flavor.name,
        "memory_mb": Flavor.ram,
        "vcpus": Flavor.vcpus,
        "root_gb": Flavor.disk,
        "ephemeral_gb": Flavor.ephemeral,
        "swap": Flavor.swap,
        "rxtx_factor": Flavor.rxtx_factor,
        "created_at": Flavor.created_at,
        "updated_at": Flavor.updated_at,
        "is_public": Flavor.is_public,
        "disabled": Flavor.disabled,
        "id": Flavor.id,
    },
    default_sort=[("flavorid", "asc")],
)


def render_brief(ctx: Context, flavor: Flavor) -> Body:
    answer: Body = {"id": flavor.flavor_id, "name": flavor.name}
    answer["links"] = resource_links(ctx, "flavors", flavor.flavor_id)
    if since(ctx, 55):
        answer["description"] = flavor.description
    return answer


def render(ctx: Context, flavor: Flavor, *, specs: bool) -> Body:
    """``specs``: whether policy allows the caller to see extra specs (2.61)."""
    answer: Body = {
        "id": flavor.flavor_id,
        "name": flavor.name,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "swap": flavor.swap or (0 if since(ctx, 75) else ""),
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral,
        "OS-FLV-DISABLED:disabled": flavor.disabled,
        "vcpus": flavor.vcpus,
        "os-flavor-access:is_public": flavor.is_public,
        "rxtx_factor": flavor.rxtx_factor,
        "links": resource_links(ctx, "flavors", flavor.flavor_id),
    }
    if since(ctx, 55):
        answer["description"] = flavor.description
    if specs and since(ctx, 61):
        answer["extra_specs"] = flavor.extra_specs
    return answer


def may_see_specs(ctx: Context) -> bool:
    return since(ctx, 61) and ctx.can(_P + "os-flavor-extra-specs:index")


def index(ctx: Context) -> Body:
    return _list(ctx, lambda flavor: render_brief(ctx, flavor))


def detail(ctx: Context) -> Body:
    specs = may_see_specs(ctx)
    return _list(ctx, lambda flavor: render(ctx, flavor, specs=specs))


def _list(ctx: Context, render_one: Any) -> Body:
    statement = within = LISTING.seen(ctx)
    for name, column in (("minRam", Flavor.ram), ("minDisk", Flavor.disk)):
        if name in ctx.query:
            statement = statement.where(column >= _whole(ctx, name))
    key, direction = ctx.query.get("sort_key"), ctx.query.get("sort_dir") or "asc"
    sort = [(key, direction)] if key else [("flavorid", direction)]
    page = LISTING.page(ctx, statement, sort=sort, within=within)
    marker = page.rows[-1].flavor_id if page.rows else None
    return with_next(ctx, "flavors", page, [render_one(f) for f in page.rows], marker)


def _whole(ctx: Context, name: str) -> int:
    text = ctx.query.get(name, "")
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f"Invalid {name} filter [{text}]: it must be a whole number.") from None


def _rendered(ctx: Context, rows: Sequence[Flavor]) -> list[Body]:
    specs = may_see_specs(ctx)
    return [render(ctx, flavor, specs=specs) for flavor in rows]


def _create(ctx: Context, wanted: Body) -> Flavor:
    flavor_id = wanted.get("id")
    spec = FlavorSpec(
        name=wanted["name"],
        flavor_id=None if flavor_id in (None, "auto") else str(flavor_id),
        ram=as_int(wanted["ram"], "ram", 1),
        vcpus=as_int(wanted["vcpus"], "vcpus", 1),
        disk=as_int(wanted["disk"], "disk"),
        swap=as_int(wanted.get("swap", 0), "swap"),
        ephemeral=as_int(wanted.get("OS-FLV-EXT-DATA:ephemeral", 0), "ephemeral"),
        rxtx_factor=_factor(wanted.get("rxtx_factor", 1.0)),
        is_public=as_bool(wanted.get("os-flavor-access:is_public", True)),
        description=wanted.get("description"),
    )
    return flavors.create(ctx, spec)


def _factor(value: Any) -> float:
    factor = float(value)
    if not 0 < factor < 3.4e38:
        raise BadRequest("Invalid input for field/attribute rxtx_factor: it must be above 0.")
    return factor


def _update(ctx: Context, flavor: Flavor, values: Body) -> None:
    flavors.describe(ctx, flavor, values["description"])


# -- extra specs ---------------------------------------------------------------------------------


def list_specs(ctx: Context, flavor_id: str) -> Body:
    return {"extra_specs": flavors.get(ctx, flavor_id).extra_specs}


def create_specs(ctx: Context, flavor_id: str, body: Body) -> Body:
    flavor = flavors.get(ctx, flavor_id)
    _check_specs(ctx, body["extra_specs"])
    return {"extra_specs": flavors.set_extra_specs(ctx, flavor, body["extra_specs"])}


def _check_specs(ctx: Context, specs: Body) -> None:
    if since(ctx, 86):
        extra_specs.check({name: str(value) for name, value in specs.items()})


def show_spec(ctx: Context, flavor_id: str, key: str) -> Body:
    return {key: flavors.get_extra_spec(ctx, flavors.get(ctx, flavor_id), key)}


def update_spec(ctx: Context, flavor_id: str, key: str, body: Body) -> Body:
    if key not in body:
        raise BadRequest("Request body and URI mismatch")
    _check_specs(ctx, body)
    return flavors.set_extra_specs(ctx, flavors.get(ctx, flavor_id), body)


def remove_spec(ctx: Context, flavor_id: str, key: str) -> None:
    flavors.remove_extra_spec(ctx, flavors.get(ctx, flavor_id), key)


# -- access --------------------------------------------------------------------------------------


def list_access(ctx: Context, flavor_id: str) -> Body:
    flavor = flavors.get(ctx, flavor_id)
    if flavor.is_public:
        raise FlavorNotFound("Access list not available for public flavors.")
    return _render_access(ctx, flavor)


def _render_access(ctx: Context, flavor: Flavor) -> Body:
    projects = flavors.access(ctx, flavor)
    return {"flavor_access": [{"flavor_id": flavor.flavor_id, "tenant_id": p} for p in projects]}


def act(ctx: Context, flavor_id: str, body: Body) -> Body:
    adding = "addTenantAccess" in body
    flavor = flavors.get(ctx, flavor_id)
    if adding:
        project_id = body["addTenantAccess"]["tenant"]
        if not projects.exists(ctx, project_id):
            raise BadRequest(f"Project ID {project_id} is not a valid project.")
        if flavor.is_public and since(ctx, 7):
            raise Conflict("Can not add access to a public flavor.")
        flavors.grant(ctx, flavor, project_id)
    else:
        flavors.revoke(ctx, flavor, body["removeTenantAccess"]["tenant"])
    return _render_access(ctx, flavor)


_SPECS = "/flavors/{flavor_id}/os-extra_specs"
_MANAGE, _SPEC = _P + "os-flavor-manage:", _P + "os-flavor-extra-specs:"


def _access_rule(ctx: Context, asked: Asked) -> str:
    return _ACCESS_RULES["addTenantAccess" not in asked.body]


_ACCESS_RULES = (
    _P + "os-flavor-access:add_tenant_access",
    _P + "os-flavor-access:remove_tenant_access",
)
FLAVORS = Resource(
    "flavor",
    STYLE,
    path="/flavors",
    load=flavors.get,
    rendered=_rendered,
    ownerless=True,
    create=Verb(_create, rule=_MANAGE + "create", body=schemas.CREATE),
    show=Verb(rule=None, keep=KEEP),
    update=Verb(
        _update,
        rule=_MANAGE + "update",
        body=schemas.UPDATE,
        since="2.55",
    ),
    delete=Verb(flavors.remove, rule=_MANAGE + "delete", status=202),
)

ROUTES = [
    Route.get("/flavors", index, query=queries.FLAVORS, keep=KEEP, listing=LISTING),
    Route.get("/flavors/detail", detail, query=queries.FLAVORS, keep=KEEP, listing=LISTING),
    *FLAVORS.routes,
    Route.get(_SPECS, list_specs, rule=_SPEC + "index"),
    Route.post(_SPECS, create_specs, rule=_SPEC + "create", body=schemas.EXTRA_SPECS),
    Route.get(_SPECS + "/{key}", show_spec, rule=_SPEC + "show"),
    Route.put(_SPECS + "/{key}", update_spec, rule=_SPEC + "update", body=schemas.EXTRA_SPEC),
    Route.delete(_SPECS + "/{key}", remove_spec, rule=_SPEC + "delete", status=200),
    Route.get("/flavors/{flavor_id}/os-flavor-access", list_access, rule=_P + "os-flavor-access"),
    Route.post(
        "/flavors/{flavor_id}/action",
        act,
        rule=Choice(_ACCESS_RULES, _access_rule),
        body=schemas.ACTION,
    ),
]
