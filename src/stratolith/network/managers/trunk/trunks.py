"""Trunks: a parent port that carries the frames of sub-ports with VLAN tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ports import PortNotFound
from stratolith.network.exceptions.trunks import (
    ParentPortInUse,
    SubPortNotFound,
    TrunkDisabled,
    TrunkInErrorState,
    TrunkInUse,
    TrunkNotFound,
    TrunkPortInUse,
)
from stratolith.network.managers import limits, tags
from stratolith.network.managers.trunk import states, sub_ports
from stratolith.network.models import Port, SubPort, Trunk


def get(ctx: Context, trunk_id: str) -> Trunk:
    """Raises TrunkNotFound."""
    trunk = ctx.session.get(Trunk, trunk_id)
    if trunk is None or not (ctx.is_admin or ctx.owns(trunk.project_id)):
        raise TrunkNotFound(trunk_id=trunk_id)
    return trunk


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Trunk:
    """Raises PortNotFound, TrunkPortInUse, ParentPortInUse and the errors of adding sub-ports."""
    limits.check(ctx, project_id, trunk=1)
    parent = _parent(ctx, values["port_id"])
    wanted = sub_ports.checked(ctx, parent, values.get("sub_ports") or [])
    trunk = Trunk(
        project_id=project_id,
        port_id=parent.id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        admin_state_up=values.get("admin_state_up", True),
    )
    ctx.session.add(trunk)
    ctx.session.flush()
    sub_ports.attach(ctx, trunk, parent, wanted)
    return trunk


def update(ctx: Context, trunk: Trunk, values: Mapping[str, Any]) -> Trunk:
    for name in ("name", "description", "admin_state_up"):
        if name in values:
            setattr(trunk, name, values[name])
    trunk.revision_number += 1
    ctx.session.flush()
    return trunk


def delete(ctx: Context, trunk: Trunk) -> None:
    """Free the sub-ports. Raises TrunkDisabled, and TrunkInUse while the parent is on a host."""
    _check_enabled(trunk)
    if _port(ctx, trunk.port_id).binding_host:
        raise TrunkInUse(trunk_id=trunk.id)
    _remove(ctx, trunk)


def add_sub_ports(ctx: Context, trunk: Trunk, items: Sequence[Mapping[str, Any]]) -> Trunk:
    """Raises TrunkDisabled, TrunkInErrorState and the errors of ``sub_ports.checked``."""
    parent = _port(ctx, trunk.port_id)
    wanted = sub_ports.checked(ctx, parent, items)
    _check_enabled(trunk)
    if trunk.status == "ERROR":
        raise TrunkInErrorState(trunk_id=trunk.id)
    sub_ports.attach(ctx, trunk, parent, wanted)
    return trunk


def remove_sub_ports(ctx: Context, trunk: Trunk, items: Sequence[Mapping[str, Any]]) -> Trunk:
    """Raises TrunkDisabled and SubPortNotFound."""
    _check_enabled(trunk)
    ids = [item["port_id"] for item in items]
    of_trunk = select(SubPort.port_id).where(SubPort.trunk_id == trunk.id)
    present = set(ctx.session.scalars(of_trunk))
    for port_id in ids:
        if port_id not in present:
            raise SubPortNotFound(trunk_id=trunk.id, port_id=port_id)
    sub_ports.detach(ctx, ids)
    states.refresh(ctx, [trunk.id])
    return trunk


def follow(ctx: Context, parents: Iterable[Port]) -> None:
    """The parents were bound to a host, or are bound no more: so are their sub-ports."""
    hosts = {port.id: port.binding_host for port in parents}
    if not hosts:
        return
    of_parents = select(Trunk.id, Trunk.port_id).where(Trunk.port_id.in_(list(hosts)))
    trunks = {row.id: row.port_id for row in ctx.session.execute(of_parents)}
    if not trunks:
        return
    carried = (
        select(Port, SubPort.trunk_id)
        .join(SubPort, SubPort.port_id == Port.id)
        .where(SubPort.trunk_id.in_(list(trunks)))
    )
    for port, trunk_id in ctx.session.execute(carried).all():
        sub_ports.bind(ctx, port, hosts[trunks[trunk_id]])
    states.refresh(ctx, list(trunks))


def abandon(ctx: Context, port_id: str) -> None:
    """Delete the trunk of a parent that is removed together with its server."""
    trunk = ctx.session.scalar(select(Trunk).where(Trunk.port_id == port_id))
    if trunk is not None:
        _remove(ctx, trunk)


# -- parts ---------------------------------------------------------------------------------------


def _parent(ctx: Context, port_id: str) -> Port:
    if ctx.session.get(SubPort, port_id) is not None:
        raise TrunkPortInUse(port_id=port_id)
    taken = select(func.count()).select_from(Trunk).where(Trunk.port_id == port_id)
    if ctx.session.scalar(taken):
        raise ParentPortInUse(port_id=port_id)
    port = ctx.session.get(Port, port_id)
    if port is None or not (ctx.is_admin or ctx.owns(port.project_id)):
        raise PortNotFound(port_id=port_id)
    if port.binding_host:
        raise ParentPortInUse(port_id=port_id)
    return port


def _port(ctx: Context, port_id: str) -> Port:
    port = ctx.session.get(Port, port_id)
    if port is None:
        raise PortNotFound(port_id=port_id)
    return port


def _check_enabled(trunk: Trunk) -> None:
    if not trunk.admin_state_up:
        raise TrunkDisabled(trunk_id=trunk.id)


def _remove(ctx: Context, trunk: Trunk) -> None:
    carried = select(SubPort.port_id).where(SubPort.trunk_id == trunk.id)
    sub_ports.detach(ctx, list(ctx.session.scalars(carried)))
    tags.forget(ctx, trunk.id)
    ctx.session.execute(delete_rows(SubPort).where(SubPort.trunk_id == trunk.id))
    ctx.session.delete(trunk)
    ctx.session.flush()
