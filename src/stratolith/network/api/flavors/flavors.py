"""/flavors, their profiles and what comes next of them"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid, Listing, Resource, Verb, boolean, exact, named
from stratolith.kernel.http.resource.declaration import of_caller
from stratolith.kernel.http.routing import Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.style import SINGLE, own_target
from stratolith.network.exceptions.flavors import FlavorNotFound
from stratolith.network.exceptions.general import HTTPBadRequest, PolicyNotAuthorized
from stratolith.network.managers.flavors import flavors
from stratolith.network.models import Flavor
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.fields import uuid
from stratolith.network.schemas.flavors import FLAVOR, render_flavor

Body = dict[str, Any]
_KEYS = ("id", "name", "description", "service_type", "enabled")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    profiles = flavors.profiles_of(ctx, [row.id for row in rows])
    return [render_flavor(row, profiles[row.id]) for row in rows]


def add_profile(ctx: Context, flavor: Flavor, body: Body) -> Body:
    given = body.get("service_profile")
    if not isinstance(given, dict):
        raise HTTPBadRequest("Unable to find 'service_profile' in request body")
    unknown = sorted(set(given) - {"id"})
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    if "id" not in given:
        raise HTTPBadRequest("Failed to parse request. Required attribute 'id' not specified")
    try:
        profile_id = uuid(given["id"])
    except Invalid as error:
        raise HTTPBadRequest(f"Invalid input for id. Reason: {error}") from None
    flavors.add_profile(ctx, flavor, profile_id)
    return {"service_profile": {"id": flavor.id}}  # the flavor's id, as upstream


def remove_profile(ctx: Context, flavor: Flavor, profile_id: str) -> None:
    flavors.remove_profile(ctx, flavor, profile_id)


def next_providers(ctx: Context, flavor: Flavor) -> Body:
    provider = flavors.next_provider(ctx, flavor)
    row = {"provider": provider.name, "driver": provider.driver}
    return {"next_providers": lists.chosen_fields(ctx, [row])}


FLAVORS = Resource(
    FLAVOR.name,
    SINGLE,
    load=flavors.get,
    rendered=rendered,
    attributes=FLAVOR,
    listing=Listing(
        m.Flavor,
        filters={
            "id": exact(m.Flavor.id),
            "name": named(m.Flavor.name),
            "description": exact(m.Flavor.description),
            "service_type": exact(m.Flavor.service_type),
            "enabled": boolean(m.Flavor.enabled),
        },
        sort_keys={name: getattr(m.Flavor, name) for name in _KEYS},
        default_sort=[("id", "asc")],
        missing=lambda marker: FlavorNotFound(flavor_id=marker),
    ),
    create=Verb(flavors.create),
    update=Verb(flavors.update),
    delete=Verb(flavors.delete),
    new_target=lambda ctx, values: own_target(ctx),
    ownerless=True,
)
_ASKS: dict[str, Any] = {
    "load": flavors.get,
    "loads": "id",
    "target": of_caller,
    "hides_missing": True,
    "refused": PolicyNotAuthorized,
}
_ONE = "/flavors/{id}"
ROUTES = [
    *FLAVORS.routes,
    Route.get(f"{_ONE}/next_providers", next_providers, rule="get_flavor", **_ASKS),
    Route.post(
        f"{_ONE}/service_profiles",
        add_profile,
        rule="create_flavor_service_profile",
        body=BODY,
        status=201,
        **_ASKS,
    ),
    Route.delete(
        f"{_ONE}/service_profiles/{{profile_id}}",
        remove_profile,
        rule="delete_flavor_service_profile",
        **_ASKS,
    ),
]
