"""Service profiles: the driver that realises the services of a flavor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.flavors import (
    ServiceProfileDriverNotFound,
    ServiceProfileEmpty,
    ServiceProfileInUse,
    ServiceProfileNotFound,
)
from stratolith.network.managers.flavors import providers
from stratolith.network.models import FlavorProfile, ServiceProfile

PLAIN = ("description", "driver", "metainfo", "enabled")


def get(ctx: Context, profile_id: str) -> ServiceProfile:
    """Raises ServiceProfileNotFound."""
    profile = ctx.session.get(ServiceProfile, profile_id)
    if profile is None:
        raise ServiceProfileNotFound(sp_id=profile_id)
    return profile


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> ServiceProfile:
    """Raises ServiceProfileEmpty, ServiceProfileDriverNotFound."""
    _check_driver(values)
    if not values["driver"] and not values["metainfo"]:
        raise ServiceProfileEmpty
    profile = ServiceProfile(**{name: values[name] for name in PLAIN})
    ctx.session.add(profile)
    ctx.session.flush()
    return profile


def update(ctx: Context, profile: ServiceProfile, values: Mapping[str, Any]) -> ServiceProfile:
    """Raises ServiceProfileInUse, ServiceProfileDriverNotFound."""
    _check_driver(values)
    _check_free(ctx, profile)
    for name in PLAIN:
        if name in values:
            setattr(profile, name, values[name])
    ctx.session.flush()
    return profile


def delete(ctx: Context, profile: ServiceProfile) -> None:
    """Raises ServiceProfileInUse."""
    _check_free(ctx, profile)
    ctx.session.delete(profile)
    ctx.session.flush()


def _check_driver(values: Mapping[str, Any]) -> None:
    driver = values.get("driver")
    if driver and providers.by_driver(driver) is None:
        raise ServiceProfileDriverNotFound(driver=driver)


def _check_free(ctx: Context, profile: ServiceProfile) -> None:
    user = select(FlavorProfile.flavor_id).where(FlavorProfile.profile_id == profile.id)
    if ctx.session.scalar(user.limit(1)) is not None:
        raise ServiceProfileInUse(sp_id=profile.id)
