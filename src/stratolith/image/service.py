"""The service definition of image."""

from __future__ import annotations

from pathlib import Path

from stratolith.identity.managers import projects
from stratolith.image.api import (
    cache,
    image_data,
    images,
    locations,
    members,
    metadef_namespaces,
    metadef_objects,
    metadef_properties,
    metadef_resource_types,
    metadef_tags,
    stores,
    tasks,
    versions,
)
from stratolith.image.managers import metadefs, premade, property_rules
from stratolith.image.policies import RULES
from stratolith.image.reconcilers.cache import CacheKeeper
from stratolith.image.reconcilers.tasks import TaskSweeper
from stratolith.image.reconcilers.uploads import UploadSweeper
from stratolith.image.settings import ImageSettings
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.context import Context
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.routing import EarlyChecks
from stratolith.kernel.service import Service


def _bootstrap(ctx: Context, seed: Seed) -> None:
    property_rules.of(ctx.env)  # report an invalid file of rules when the server starts
    owner = projects.by_name(ctx, "admin").id
    metadefs.bootstrap(ctx, owner)
    premade.bootstrap(ctx, seed, owner=owner)


SERVICE = Service(
    type="image",
    name="glance",
    port=9292,
    mount="/image",
    prefix="/v2",
    token_first=("/v2",),
    elsewhere=versions.choices,
    doubled_slash="ignored",
    trailing_slash=False,
    answers_head=False,
    early_checks=EarlyChecks.SCHEMA,
    errors=ErrorDialect.IMAGE,
    routes=[
        *versions.ROUTES,
        *images.ROUTES,
        *image_data.ROUTES,
        *members.ROUTES,
        *metadef_namespaces.ROUTES,
        *metadef_objects.ROUTES,
        *metadef_properties.ROUTES,
        *metadef_resource_types.ROUTES,
        *metadef_tags.ROUTES,
        *tasks.ROUTES,
        *locations.ROUTES,
        *stores.ROUTES,
        *cache.ROUTES,
    ],
    policies=RULES,
    admin_rule="context_is_admin",
    reconcilers=[UploadSweeper, TaskSweeper, CacheKeeper],
    agent_routes=image_data.AGENT_ROUTES,
    settings=ImageSettings,
    migrations=Path(__file__).with_name("migrations"),
    bootstrap=_bootstrap,
)
