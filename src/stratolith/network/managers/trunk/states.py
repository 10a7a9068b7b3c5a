"""The status of trunks, which follows from those of their ports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Select, or_, select

from stratolith.kernel.context import Context
from stratolith.network.models import Port, SubPort, Trunk


class PortState(msgspec.Struct, frozen=True):
    status: str
    admin_state_up: bool
    bound: bool


def status(parent: PortState, carried: Iterable[PortState]) -> str:
    """DOWN: on no host, or switched off.  ERROR: a host cannot realise the parent, or none of the
    sub-ports.  DEGRADED: it cannot realise some of them.  ACTIVE: all are.  BUILD: not yet.
    """
    if not parent.bound or not parent.admin_state_up:
        return "DOWN"
    states = [port.status for port in carried if port.admin_state_up]
    failed = states.count("ERROR")
    if parent.status == "ERROR" or (states and failed == len(states)):
        return "ERROR"
    if failed:
        return "DEGRADED"
    return "ACTIVE" if {parent.status, *states} == {"ACTIVE"} else "BUILD"


def refresh(ctx: Context, trunk_ids: Collection[str]) -> None:
    """Set the status of these trunks."""
    ids = list(trunk_ids)
    if not ids:
        return
    parents = _states(
        ctx, select(Trunk.id, *_STATE).join(Port, Port.id == Trunk.port_id).where(Trunk.id.in_(ids))
    )
    carried = _states(
        ctx,
        select(SubPort.trunk_id, *_STATE)
        .join(Port, Port.id == SubPort.port_id)
        .where(SubPort.trunk_id.in_(ids)),
    )
    for trunk in ctx.session.scalars(select(Trunk).where(Trunk.id.in_(ids))):
        trunk.status = status(parents[trunk.id][0], carried[trunk.id])
    ctx.session.flush()


def refresh_of_ports(ctx: Context, port_ids: Collection[str]) -> None:
    """Set the status of the trunks that these ports belong to."""
    ids = list(port_ids)
    if not ids:
        return
    of_sub_ports = select(SubPort.trunk_id).where(SubPort.port_id.in_(ids))
    wanted = select(Trunk.id).where(or_(Trunk.port_id.in_(ids), Trunk.id.in_(of_sub_ports)))
    refresh(ctx, list(ctx.session.scalars(wanted)))


_STATE = (Port.status, Port.admin_state_up, Port.binding_host)


def _states(ctx: Context, statement: Select[str, str, bool, str]) -> dict[str, list[PortState]]:
    by_trunk: dict[str, list[PortState]] = defaultdict(list)
    for trunk_id, port_status, up, host in ctx.session.execute(statement):
        by_trunk[trunk_id].append(PortState(port_status, up, bool(host)))
    return by_trunk
