"""/service_profiles"""

from __future__ import annotations

from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, each, exact
from stratolith.network import models as m
from stratolith.network.api.style import SINGLE, own_target
from stratolith.network.exceptions.flavors import ServiceProfileNotFound
from stratolith.network.managers.flavors import service_profiles
from stratolith.network.schemas.flavors import SERVICE_PROFILE, render_profile

_KEYS = ("id", "description", "driver", "metainfo", "enabled")
SERVICE_PROFILES = Resource(
    SERVICE_PROFILE.name,
    SINGLE,
    path="/service_profiles",
    load=service_profiles.get,
    rendered=each(lambda ctx, profile: render_profile(profile)),
    attributes=SERVICE_PROFILE,
    listing=Listing(
        m.ServiceProfile,
        filters={
            "id": exact(m.ServiceProfile.id),
            "description": exact(m.ServiceProfile.description),
            "driver": exact(m.ServiceProfile.driver),
            "enabled": boolean(m.ServiceProfile.enabled),
        },
        sort_keys={name: getattr(m.ServiceProfile, name) for name in _KEYS},
        default_sort=[("id", "asc")],
        missing=lambda marker: ServiceProfileNotFound(sp_id=marker),
    ),
    create=Verb(service_profiles.create),
    update=Verb(service_profiles.update),
    delete=Verb(service_profiles.delete),
    new_target=lambda ctx, values: own_target(ctx),
    ownerless=True,
)
ROUTES = SERVICE_PROFILES.routes
