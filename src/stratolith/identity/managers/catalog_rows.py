"""Regions, services and endpoints: the rows of the catalogue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from stratolith.identity.exceptions import Duplicate, NotAllowed, ResourceNotFound
from stratolith.identity.managers.attributes import as_bool, extra_of, merge_extra
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import CatalogService, Endpoint, Region
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import new_hex

Values = dict[str, Any]
_REGION = ("description", "parent_region_id")
_SERVICE = ("type", "name", "enabled")
_ENDPOINT = ("interface", "service_id", "region_id", "region", "url", "enabled")


# -- regions -------------------------------------------------------------------------------------


def get_region(ctx: Context, region_id: str) -> Region:
    """Raises ResourceNotFound."""
    region = ctx.session.get(Region, region_id)
    if region is None:
        raise ResourceNotFound(kind="region", id=region_id)
    return region


def create_region(ctx: Context, values: Values) -> Region:
    """Raises Duplicate, ResourceNotFound for the parent."""
    region_id = values.get("id") or new_hex()
    if ctx.session.get(Region, region_id) is not None:
        raise Duplicate(kind="region", reason=f"Duplicate ID, {region_id}.")
    region = Region(
        id=region_id,
        description=values.get("description") or "",
        extra=extra_of(values, _REGION),
    )
    _set_parent(ctx, region, values)
    ctx.session.add(region)
    ctx.session.flush()
    return region


def update_region(ctx: Context, region: Region, values: Values) -> Region:
    """Raises BadRequest for a circle, ResourceNotFound for the parent."""
    if "description" in values:
        region.description = values["description"] or ""
    _set_parent(ctx, region, values)
    region.extra = merge_extra(region.extra, values, _REGION)
    ctx.session.flush()
    epoch.touch(ctx)
    return region


def remove_region(ctx: Context, region: Region) -> None:
    """Raises NotAllowed while the region has endpoints or child regions."""
    used = select(Endpoint.id).where(Endpoint.region_id == region.id).limit(1)
    if ctx.session.scalars(used).first() is not None:
        raise NotAllowed(f"Unable to delete region {region.id}: it has endpoints.")
    below = select(Region.id).where(Region.parent_id == region.id).limit(1)
    if ctx.session.scalars(below).first() is not None:
        raise NotAllowed(
            f"Unable to delete region {region.id} because it or its child regions have "
            "associated endpoints."
        )
    ctx.session.delete(region)
    epoch.touch(ctx)


def _set_parent(ctx: Context, region: Region, values: Values) -> None:
    if "parent_region_id" not in values:
        return
    parent_id = values["parent_region_id"]
    above = parent_id
    while above is not None:
        if above == region.id:
            raise BadRequest("parent_region_id: a region cannot be below itself.")
        above = get_region(ctx, above).parent_id
    region.parent_id = parent_id


# -- services ------------------------------------------------------------------------------------


def get_service(ctx: Context, service_id: str) -> CatalogService:
    """Raises ResourceNotFound."""
    service = ctx.session.get(CatalogService, service_id)
    if service is None:
        raise ResourceNotFound(kind="service", id=service_id)
    return service


def create_service(ctx: Context, values: Values) -> CatalogService:
    service = CatalogService(
        type=values["type"],
        name=values.get("name", ""),
        enabled=as_bool(values.get("enabled", True)),
        extra=extra_of(values, _SERVICE),
    )
    ctx.session.add(service)
    ctx.session.flush()
    epoch.touch(ctx)
    return service


def update_service(ctx: Context, service: CatalogService, values: Values) -> CatalogService:
    for name in ("type", "name"):
        if name in values:
            setattr(service, name, values[name])
    if "enabled" in values:
        service.enabled = as_bool(values["enabled"])
    service.extra = merge_extra(service.extra, values, _SERVICE)
    ctx.session.flush()
    epoch.touch(ctx)
    return service


def remove_service(ctx: Context, service: CatalogService) -> None:
    """Delete the service and its endpoints."""
    ctx.session.execute(delete(Endpoint).where(Endpoint.service_id == service.id))
    ctx.session.delete(service)
    epoch.touch(ctx)


# -- endpoints -----------------------------------------------------------------------------------


def get_endpoint(ctx: Context, endpoint_id: str) -> Endpoint:
    """Raises ResourceNotFound."""
    endpoint = ctx.session.get(Endpoint, endpoint_id)
    if endpoint is None:
        raise ResourceNotFound(kind="endpoint", id=endpoint_id)
    return endpoint


def create_endpoint(ctx: Context, values: Values) -> Endpoint:
    """Raises BadRequest for an unknown service or region."""
    endpoint = Endpoint(
        interface=values["interface"],
        service_id=_service_id(ctx, values["service_id"]),
        region_id=_region_id(ctx, values),
        url=values["url"],
        enabled=as_bool(values.get("enabled", True)),
        extra=extra_of(values, _ENDPOINT),
    )
    ctx.session.add(endpoint)
    ctx.session.flush()
    epoch.touch(ctx)
    return endpoint


def update_endpoint(ctx: Context, endpoint: Endpoint, values: Values) -> Endpoint:
    """Raises BadRequest."""
    if "service_id" in values:
        endpoint.service_id = _service_id(ctx, values["service_id"])
    if "region_id" in values or "region" in values:
        endpoint.region_id = _region_id(ctx, values)
    for name in ("interface", "url"):
        if name in values:
            setattr(endpoint, name, values[name])
    if "enabled" in values:
        endpoint.enabled = as_bool(values["enabled"])
    endpoint.extra = merge_extra(endpoint.extra, values, _ENDPOINT)
    ctx.session.flush()
    epoch.touch(ctx)
    return endpoint


def remove_endpoint(ctx: Context, endpoint: Endpoint) -> None:
    ctx.session.delete(endpoint)
    epoch.touch(ctx)


def _service_id(ctx: Context, service_id: str) -> str:
    if ctx.session.get(CatalogService, service_id) is None:
        raise BadRequest(f"Could not find service: {service_id}.")
    return service_id


def _region_id(ctx: Context, values: Values) -> str | None:
    """``region_id`` must exist; a region named by the older ``region`` is created if missing."""
    region_id: str | None = values.get("region_id")
    if region_id is not None:
        if ctx.session.get(Region, region_id) is None:
            raise BadRequest(f"Could not find region: {region_id}.")
        return region_id
    region: str | None = values.get("region")
    if region is not None and ctx.session.get(Region, region) is None:
        create_region(ctx, {"id": region})
    return region
