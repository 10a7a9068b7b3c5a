"""Flavors: sizes of servers, their extra specs and their access lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, or_, select

from stratolith.compute.exceptions import (
    ExtraSpecNotFound,
    FlavorAccessExists,
    FlavorAccessNotFound,
    FlavorExists,
    FlavorIdExists,
    FlavorNotFound,
)
from stratolith.compute.models import Flavor, FlavorAccess
from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid


@dataclass(frozen=True)
class FlavorSpec:
    """A flavor to create; ram and swap in MiB, disk and ephemeral in GiB."""

    name: str
    vcpus: int
    ram: int
    disk: int
    flavor_id: str | None = None
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    description: str | None = None
    extra_specs: dict[str, str] = field(default_factory=dict)


def visible(ctx: Context) -> ColumnElement[bool]:
    """Flavors that a caller without admin rights may see: public ones and its project's."""
    accessible = select(FlavorAccess.flavor_pk).where(ctx.own(FlavorAccess.project_id))
    return or_(Flavor.is_public, Flavor.id.in_(accessible))


def get(ctx: Context, flavor_id: str) -> Flavor:
    """A flavor that the caller may use; raises FlavorNotFound."""
    statement = select(Flavor).where(Flavor.flavor_id == flavor_id)
    if not ctx.is_admin:
        statement = statement.where(visible(ctx))
    flavor = ctx.session.scalars(statement).first()
    if flavor is None:
        raise FlavorNotFound(flavor_id=flavor_id)
    return flavor


def create(ctx: Context, spec: FlavorSpec) -> Flavor:
    """Raises FlavorExists or FlavorIdExists."""
    flavor_id = spec.flavor_id or new_uuid()
    taken = ctx.session.execute(
        select(Flavor.flavor_id, Flavor.name).where(
            or_(Flavor.flavor_id == flavor_id, Flavor.name == spec.name)
        )
    ).all()
    if any(row.name == spec.name for row in taken):
        raise FlavorExists(name=spec.name)
    if taken:
        raise FlavorIdExists(flavor_id=flavor_id)
    flavor = Flavor(
        flavor_id=flavor_id,
        name=spec.name,
        vcpus=spec.vcpus,
        ram=spec.ram,
        disk=spec.disk,
        ephemeral=spec.ephemeral,
        swap=spec.swap,
        rxtx_factor=spec.rxtx_factor,
        is_public=spec.is_public,
        description=spec.description,
        extra_specs=spec.extra_specs,
    )
    ctx.session.add(flavor)
    ctx.session.flush()
    return flavor


def remove(ctx: Context, flavor: Flavor) -> None:
    """Delete a flavor, even if it is in use: servers keep a copy of their flavor."""
    ctx.session.execute(delete(FlavorAccess).where(FlavorAccess.flavor_pk == flavor.id))
    ctx.session.delete(flavor)


def describe(ctx: Context, flavor: Flavor, description: str | None) -> None:
    flavor.description = description


def embedded(flavor: Flavor) -> dict[str, Any]:
    """The copy of a flavor that a server keeps."""
    return {
        "id": flavor.flavor_id,
        "name": flavor.name,
        "vcpus": flavor.vcpus,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "ephemeral": flavor.ephemeral,
        "swap": flavor.swap,
        "extra_specs": flavor.extra_specs,
    }


# -- extra specs ---------------------------------------------------------------------------------


def set_extra_specs(ctx: Context, flavor: Flavor, specs: dict[str, Any]) -> dict[str, str]:
    """Add or replace extra specs; returns the given ones as text."""
    text = {key: _text(value) for key, value in specs.items()}
    flavor.extra_specs = {**flavor.extra_specs, **text}
    return text


def get_extra_spec(ctx: Context, flavor: Flavor, key: str) -> str:
    """Raises ExtraSpecNotFound."""
    if key not in flavor.extra_specs:
        raise ExtraSpecNotFound(flavor_id=flavor.flavor_id, key=key)
    return flavor.extra_specs[key]


def remove_extra_spec(ctx: Context, flavor: Flavor, key: str) -> None:
    get_extra_spec(ctx, flavor, key)
    flavor.extra_specs = {k: v for k, v in flavor.extra_specs.items() if k != key}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


# -- access --------------------------------------------------------------------------------------


def access(ctx: Context, flavor: Flavor) -> list[str]:
    """Ids of the projects with access to a flavor; a public flavor may have some, too."""
    return list(
        ctx.session.scalars(
            select(FlavorAccess.project_id)
            .where(FlavorAccess.flavor_pk == flavor.id)
            .order_by(FlavorAccess.project_id)
        )
    )


def grant(ctx: Context, flavor: Flavor, project_id: str) -> None:
    if ctx.session.get(FlavorAccess, (flavor.id, project_id)) is not None:
        raise FlavorAccessExists(flavor_id=flavor.flavor_id, project_id=project_id)
    ctx.session.add(FlavorAccess(flavor_pk=flavor.id, project_id=project_id))
    ctx.session.flush()


def revoke(ctx: Context, flavor: Flavor, project_id: str) -> None:
    result = ctx.session.execute(
        delete(FlavorAccess).where(
            FlavorAccess.flavor_pk == flavor.id, FlavorAccess.project_id == project_id
        )
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        raise FlavorAccessNotFound(flavor_id=flavor.flavor_id, project_id=project_id)
