"""The sub-ports of trunks: what a request may name, and their place with the parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, union_all

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.ports import PortInUse, PortNotFound
from stratolith.network.exceptions.trunks import (
    DuplicateSubPort,
    ParentPortInUse,
    PortInUseAsSubPort,
    PortInUseAsTrunkParent,
    SubPortMtuGreaterThanTrunkPortMtu,
    TrunkPortInUse,
)
from stratolith.network.managers import host_hints
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.trunk import states
from stratolith.network.models import Network, Port, SubPort, Trunk

OWNER = "trunk:subport"
VLAN, INHERIT = "vlan", "inherit"
FIRST_TAG, LAST_TAG = 1, 4094


class Carried(msgspec.Struct, array_like=True, gc=False):
    """A sub-port, with the MAC address of its port."""

    trunk_id: str
    port_id: str
    segmentation_type: str
    segmentation_id: int
    mac_address: str


_CARRIED = KeyedReader(
    RowReader(
        Carried,
        (
            SubPort.trunk_id,
            SubPort.port_id,
            SubPort.segmentation_type,
            SubPort.segmentation_id,
            Port.mac_address,
        ),
    ),
    SubPort.trunk_id,
    select(SubPort)
    .join(Port, Port.id == SubPort.port_id)
    .order_by(SubPort.trunk_id, SubPort.position, SubPort.port_id),
)
_PARENTS = KeyedReader(
    RowReader(tuple[str, str], (Trunk.id, Trunk.port_id)), Trunk.port_id, select(Trunk)
)


class Wanted(msgspec.Struct, frozen=True):
    port: Port
    segmentation_type: str
    segmentation_id: int


def of_trunks(ctx: Context, trunk_ids: Iterable[str]) -> dict[str, list[Carried]]:
    """Trunk -> its sub-ports in the order in which they came; one statement."""
    by_trunk: dict[str, list[Carried]] = {}
    for carried in _CARRIED(ctx.session, trunk_ids):
        by_trunk.setdefault(carried.trunk_id, []).append(carried)
    return by_trunk


def details(ctx: Context, port_ids: Iterable[str]) -> dict[str, tuple[str, list[Carried]]]:
    """Parent port -> (its trunk, the sub-ports); other ports are left out."""
    parents = _PARENTS(ctx.session, port_ids)
    carried = of_trunks(ctx, [trunk_id for trunk_id, _ in parents])
    return {port_id: (trunk_id, carried.get(trunk_id, [])) for trunk_id, port_id in parents}


def check_deletable(ctx: Context, port_id: str) -> None:
    """Raise PortInUseAsSubPort or PortInUseAsTrunkParent for a port of a trunk."""
    uses = union_all(
        select(SubPort.trunk_id, SubPort.port_id.label("sub_port")).where(
            SubPort.port_id == port_id
        ),
        select(Trunk.id, func.nullif("", "").label("sub_port")).where(Trunk.port_id == port_id),
    )
    for trunk_id, sub_port in ctx.session.execute(uses):
        refused = PortInUseAsSubPort if sub_port else PortInUseAsTrunkParent
        raise refused(port_id=port_id, trunk_id=trunk_id)


def checked(ctx: Context, parent: Port, items: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """The sub-ports that a request names.

    Raises ParentPortInUse, SubPortMtuGreaterThanTrunkPortMtu, InvalidInput, TrunkPortInUse,
    PortNotFound and PortInUse, checked port by port in this order.
    """
    ids = [item["port_id"] for item in items]
    ports = {port.id: port for port in ctx.session.scalars(select(Port).where(Port.id.in_(ids)))}
    ports = {key: p for key, p in ports.items() if ctx.is_admin or ctx.owns(p.project_id)}
    network_ids = {port.network_id for port in (parent, *ports.values())}
    rows = ctx.session.scalars(select(Network).where(Network.id.in_(network_ids)))
    networks = {network.id: network for network in rows}
    mtu = networks[parent.network_id].mtu
    wanted = []
    for item in items:
        port = ports.get(item["port_id"])
        network = networks[port.network_id] if port is not None else None
        if item["port_id"] == parent.id:
            raise ParentPortInUse(port_id=parent.id)
        if network is not None and network.mtu > mtu:
            raise SubPortMtuGreaterThanTrunkPortMtu(
                port_id=item["port_id"], port_mtu=network.mtu, trunk_id=parent.id, trunk_mtu=mtu
            )
        kind, number = _segment(item, network)
        _check_free(ctx, item["port_id"])
        if port is None:
            raise PortNotFound(port_id=item["port_id"])
        if port.device_id or port.holder:
            raise PortInUse(net_id=port.network_id, port_id=port.id, device_id=port.device_id)
        wanted.append(Wanted(port, kind, number))
    return wanted


def attach(ctx: Context, trunk: Trunk, parent: Port, wanted: Sequence[Wanted]) -> None:
    """Give these ports to the trunk. Raises DuplicateSubPort."""
    present = ctx.session.execute(
        select(SubPort.segmentation_type, SubPort.segmentation_id, SubPort.position).where(
            SubPort.trunk_id == trunk.id
        )
    ).all()
    taken = {(row.segmentation_type, row.segmentation_id) for row in present}
    position = max((row.position for row in present), default=0)
    for item in wanted:
        segment = (item.segmentation_type, item.segmentation_id)
        if segment in taken:
            raise DuplicateSubPort(
                segmentation_type=segment[0], segmentation_id=segment[1], trunk_id=trunk.id
            )
        taken.add(segment)
        position += 1
        ctx.session.add(
            SubPort(
                port_id=item.port.id,
                trunk_id=trunk.id,
                segmentation_type=segment[0],
                segmentation_id=segment[1],
                position=position,
            )
        )
    ctx.session.flush()
    for item in wanted:
        bind(ctx, item.port, parent.binding_host, is_new=True)
    states.refresh(ctx, [trunk.id])


def bind(ctx: Context, port: Port, host: str, *, is_new: bool = False) -> None:
    """Put a sub-port on the host of its parent; "": the parent is on no host.

    ``is_new``: the trunk has it only now. A user may have bound the port to this host before, and
    the host must connect it to the parent.
    """
    if port.binding_host == host and not (is_new and host):
        return
    host_hints.touched(ctx, port)
    port.binding_host = host
    if host:
        inactive.forget(ctx, port)
        port.device_owner = OWNER
    port.status = "DOWN"
    port.revision_number += 1
    ctx.session.flush()
    host_hints.touched(ctx, port)


def detach(ctx: Context, port_ids: Sequence[str]) -> None:
    """Take these ports from their trunks: they are ordinary ports on no host again."""
    for port in ctx.session.scalars(select(Port).where(Port.id.in_(port_ids))).all():
        host_hints.touched(ctx, port)
        port.revision_number += bool(port.binding_host)
        if port.device_owner == OWNER:
            port.device_owner = ""
        port.binding_host, port.status = "", "DOWN"
    ctx.session.execute(delete_rows(SubPort).where(SubPort.port_id.in_(port_ids)))
    ctx.session.flush()


def _segment(item: Mapping[str, Any], network: Network | None) -> tuple[str, int]:
    if item.get("segmentation_type") == INHERIT and network is not None:
        item = {
            "port_id": item["port_id"],
            "segmentation_id": network.segmentation_id,
            "segmentation_type": network.network_type,
        }
    if "segmentation_type" not in item or "segmentation_id" not in item:
        raise InvalidInput(
            error_message=f"Invalid subport details '{dict(item)}': missing segmentation "
            "information. Must specify both segmentation_id and segmentation_type"
        )
    kind, given = item["segmentation_type"], item["segmentation_id"]
    try:
        number = int(given)
    except (ValueError, TypeError, OverflowError):
        raise InvalidInput(
            error_message=f"Invalid subport details: segmentation_id '{given}' is not an integer"
        ) from None
    if kind != VLAN:
        raise InvalidInput(error_message=f"Unknown segmentation_type '{kind}'")
    if not FIRST_TAG <= number <= LAST_TAG:
        raise InvalidInput(error_message=f"Segmentation ID '{number}' is not in range")
    return VLAN, number


def _check_free(ctx: Context, port_id: str) -> None:
    if ctx.session.get(SubPort, port_id) is not None:
        raise TrunkPortInUse(port_id=port_id)
    taken = select(func.count()).select_from(Trunk).where(Trunk.port_id == port_id)
    if ctx.session.scalar(taken):
        raise ParentPortInUse(port_id=port_id)
