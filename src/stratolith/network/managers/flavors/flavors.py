"""Flavors: kinds of a service that users may choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.flavors import (
    FlavorDisabled,
    FlavorInUse,
    FlavorNotFound,
    FlavorServiceProfileBindingExists,
    FlavorServiceProfileBindingNotFound,
    ServiceProfileDisabled,
    ServiceProfileDriverNotFound,
)
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.managers.flavors import providers, service_profiles
from stratolith.network.managers.flavors.providers import Provider
from stratolith.network.models import Flavor, FlavorProfile, Router, ServiceProfile

PLAIN = ("name", "description", "enabled")


def get(ctx: Context, flavor_id: str) -> Flavor:
    """Raises FlavorNotFound."""
    flavor = ctx.session.get(Flavor, flavor_id)
    if flavor is None:
        raise FlavorNotFound(flavor_id=flavor_id)
    return flavor


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Flavor:
    flavor = Flavor(service_type=values["service_type"], **{name: values[name] for name in PLAIN})
    ctx.session.add(flavor)
    ctx.session.flush()
    return flavor


def update(ctx: Context, flavor: Flavor, values: Mapping[str, Any]) -> Flavor:
    for name in PLAIN:
        if name in values:
            setattr(flavor, name, values[name])
    ctx.session.flush()
    return flavor


def delete(ctx: Context, flavor: Flavor) -> None:
    """Raises FlavorInUse while a router has it."""
    user = select(Router.id).where(Router.flavor_id == flavor.id)
    if ctx.session.scalar(user.limit(1)) is not None:
        raise FlavorInUse(flavor_id=flavor.id)
    ctx.session.delete(flavor)
    ctx.session.flush()


def profiles_of(ctx: Context, flavor_ids: Iterable[str]) -> dict[str, list[str]]:
    """Flavor id -> ids of its profiles; one statement."""
    by_flavor: dict[str, list[str]] = {flavor_id: [] for flavor_id in flavor_ids}
    rows = ctx.session.execute(
        select(FlavorProfile.flavor_id, FlavorProfile.profile_id)
        .where(FlavorProfile.flavor_id.in_(list(by_flavor)))
        .order_by(FlavorProfile.profile_id)
    )
    for flavor_id, profile_id in rows:
        by_flavor[flavor_id].append(profile_id)
    return by_flavor


def add_profile(ctx: Context, flavor: Flavor, profile_id: str) -> None:
    """Raises ServiceProfileNotFound, FlavorServiceProfileBindingExists."""
    profile = service_profiles.get(ctx, profile_id)
    if ctx.session.get(FlavorProfile, (flavor.id, profile.id)) is not None:
        raise FlavorServiceProfileBindingExists(sp_id=profile.id, fl_id=flavor.id)
    ctx.session.add(FlavorProfile(flavor_id=flavor.id, profile_id=profile.id))
    ctx.session.flush()


def remove_profile(ctx: Context, flavor: Flavor, profile_id: str) -> None:
    """Raises FlavorServiceProfileBindingNotFound."""
    row = ctx.session.get(FlavorProfile, (flavor.id, profile_id))
    if row is None:
        raise FlavorServiceProfileBindingNotFound(sp_id=profile_id, fl_id=flavor.id)
    ctx.session.delete(row)
    ctx.session.flush()


def next_provider(ctx: Context, flavor: Flavor) -> Provider:
    """The provider that realises a new service of this flavor.

    Raises FlavorServiceProfileBindingNotFound, ServiceProfileDisabled,
    ServiceProfileDriverNotFound.
    """
    profile = ctx.session.scalar(
        select(ServiceProfile)
        .join(FlavorProfile, FlavorProfile.profile_id == ServiceProfile.id)
        .where(FlavorProfile.flavor_id == flavor.id)
        .order_by(ServiceProfile.id)
        .limit(1)
    )
    if profile is None:
        raise FlavorServiceProfileBindingNotFound(sp_id="", fl_id=flavor.id)
    if not profile.enabled:
        raise ServiceProfileDisabled
    provider = providers.by_driver(profile.driver)
    if provider is None:
        raise ServiceProfileDriverNotFound(driver=profile.driver)
    return provider


def makes_ha(ctx: Context, flavor_id: str, wanted: bool | None) -> bool:
    """Whether a new router of this flavor is on several hosts; ``wanted``: None for either.

    Raises the errors of next_provider, FlavorNotFound, FlavorDisabled, and InvalidInput where the
    flavor's provider makes others than the wanted ones.
    """
    flavor = get(ctx, flavor_id)
    if not flavor.enabled:
        raise FlavorDisabled
    provider = next_provider(ctx, flavor)
    if wanted is not None and wanted != provider.ha:
        raise InvalidInput(error_message=f"Provider {provider.name} does not support ha={wanted}")
    return provider.ha
