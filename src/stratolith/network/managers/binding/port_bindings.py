"""The bindings of a port: the active one, which is in the port itself, and inactive ones.

A host with an inactive binding prepares the port: its tap and filters are ready, and no frame
passes. A move to another host makes such a binding, activates it when the guest is there, and
deletes that of the former host, which is inactive then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.network.exceptions.ports import (
    BadPortRequest,
    PortBindingAlreadyActive,
    PortBindingAlreadyExists,
    PortBindingError,
    PortBindingNotFound,
)
from stratolith.network.managers import host_hints, ports
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.events import VIEW
from stratolith.network.managers.segments import hosts
from stratolith.network.managers.trunk import trunks
from stratolith.network.models import Port, PortBinding, Segment

ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
# Whose ports may have several bindings: those of guests that move.
OWNERS = ("compute:", "manila:")


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """``port``: the port itself."""

    port: Port
    host: str
    status: str
    vnic_type: str
    profile: dict[str, Any]

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE

    def policy_target(self) -> dict[str, Any]:
        return self.port.policy_target()


def of_port(ctx: Context, port: Port) -> list[Binding]:
    """All bindings of a port, by host. Raises BadPortRequest for ports that have none."""
    _check_owner(port)
    rows = ctx.session.scalars(select(PortBinding).where(PortBinding.port_id == port.id))
    bindings = [_active(port), *(_inactive(port, row) for row in rows)]
    return sorted(bindings, key=lambda binding: binding.host)


def get(ctx: Context, port_id: str, host: str) -> Binding:
    """Raises PortNotFound, BadPortRequest, PortBindingNotFound."""
    port = ports.get(ctx, port_id)
    for binding in of_port(ctx, port):
        if binding.host == host:
            return binding
    raise PortBindingNotFound(port_id=port_id, host=host)


def create(ctx: Context, port: Port, values: Mapping[str, Any]) -> Binding:
    """Prepare the port on a further host.

    Raises BadPortRequest, PortBindingAlreadyExists, PortBindingError.
    """
    host = values["host"]
    if any(binding.host == host for binding in of_port(ctx, port)):
        raise PortBindingAlreadyExists(port_id=port.id, host=host)
    binding = Binding(
        port=port,
        host=host,
        status=INACTIVE,
        vnic_type=values.get("vnic_type") or "normal",
        profile=values.get("profile") or {},
    )
    _check_possible(ctx, binding)
    _add(ctx, binding)
    _changed(ctx, port)
    return binding


def update(ctx: Context, binding: Binding, values: Mapping[str, Any]) -> Binding:
    """Change a binding, also its host. Raises the errors of create."""
    port, host = binding.port, values.get("host") or binding.host
    wanted = msgspec.structs.replace(
        binding,
        host=host,
        vnic_type=values.get("vnic_type", binding.vnic_type),
        profile=values["profile"] or {} if "profile" in values else binding.profile,
    )
    if host != binding.host and any(other.host == host for other in of_port(ctx, port)):
        raise PortBindingAlreadyExists(port_id=port.id, host=host)
    _check_possible(ctx, wanted)
    if binding.is_active:
        named = {"host_id": host, "vnic_type": wanted.vnic_type, "profile": wanted.profile}
        ports.update(ctx, port, {f"binding:{name}": value for name, value in named.items()})
        return wanted
    host_hints.touched(ctx, port)
    inactive.forget(ctx, port, binding.host)
    _add(ctx, wanted)
    _changed(ctx, port)
    return wanted


def delete(ctx: Context, binding: Binding) -> None:
    """Without its active binding a port is on no host."""
    if binding.is_active:
        ports.update(ctx, binding.port, {"binding:host_id": ""})
        return
    host_hints.touched(ctx, binding.port)
    inactive.forget(ctx, binding.port, binding.host)
    _changed(ctx, binding.port)


def activate(ctx: Context, binding: Binding) -> Binding:
    """Realise the port on the binding's host from now on; its former host keeps it prepared.

    Raises PortBindingAlreadyActive, PortBindingError.
    """
    port, former = binding.port, _active(binding.port)
    if binding.is_active:
        raise PortBindingAlreadyActive(port_id=port.id, host=binding.host)
    _check_possible(ctx, binding)
    host_hints.touched(ctx, port)
    inactive.forget(ctx, port, binding.host)
    ctx.session.flush()
    if former.host:
        _add(ctx, former)
    port.binding_host, port.vnic_type = binding.host, binding.vnic_type
    port.binding_profile, port.status = binding.profile, "DOWN"
    ports.settle_host(ctx, port)
    _changed(ctx, port)
    trunks.follow(ctx, [port])
    return _active(port)


# -- parts ---------------------------------------------------------------------------------------


def _active(port: Port) -> Binding:
    return Binding(
        port=port,
        host=port.binding_host,
        status=ACTIVE,
        vnic_type=port.vnic_type,
        profile=port.binding_profile,
    )


def _inactive(port: Port, row: PortBinding) -> Binding:
    return Binding(
        port=port, host=row.host, status=INACTIVE, vnic_type=row.vnic_type, profile=row.profile
    )


def _add(ctx: Context, binding: Binding) -> None:
    row = PortBinding(
        port_id=binding.port.id,
        host=binding.host,
        network_id=binding.port.network_id,
        vnic_type=binding.vnic_type,
        profile=binding.profile,
    )
    ctx.session.add(row)


def _changed(ctx: Context, port: Port) -> None:
    port.revision_number += 1
    ctx.session.flush()
    host_hints.touched(ctx, port)


def _check_owner(port: Port) -> None:
    if not port.device_owner.startswith(OWNERS):
        raise BadPortRequest(
            msg=f"Invalid port {port.id}. Operation only valid on compute and shared filesystem "
            "ports"
        )


def _check_possible(ctx: Context, binding: Binding) -> None:
    """Raise PortBindingError when the host cannot realise the port."""
    reason = _obstacle(ctx, binding)
    if reason:
        raise PortBindingError(port_id=binding.port.id, host=binding.host, reason=reason)


def _obstacle(ctx: Context, binding: Binding) -> str:
    port, host = binding.port, binding.host
    records = host_records.records(ctx.session, [host])
    if not any(VIEW in record.views for record in records):
        return "no such host realises networks"
    if binding.vnic_type != "normal":
        return f"no host can bind a port of vnic type {binding.vnic_type!r}"
    segments = ctx.session.scalars(select(Segment).where(Segment.network_id == port.network_id))
    if not hosts.reachable(ctx, host, segments):
        return "it is not connected to a segment of the network"
    return ""
