"""What a host promises to ports, as its agent reports it."""

from __future__ import annotations

from typing import Annotated

import msgspec

Amount = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Unit = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Device = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$")]


class InventoryOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a total may be promised, and in which portions."""

    allocation_ratio: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 1.0
    min_unit: Unit = 1
    max_unit: Unit = 2**31 - 1
    reserved: Amount = 0
    step_size: Unit = 1


class Capacity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """bandwidths: device -> direction -> kbit/s; packet_rates: direction -> thousand packets/s."""

    bandwidths: Annotated[
        dict[Device, dict[Annotated[str, msgspec.Meta(pattern="^(egress|ingress)$")], Amount]],
        msgspec.Meta(max_length=256),
    ] = {}
    packet_rates: dict[Annotated[str, msgspec.Meta(pattern="^(egress|ingress|any)$")], Amount] = {}
    bandwidth_options: InventoryOptions = InventoryOptions()
    packet_rate_options: InventoryOptions = InventoryOptions()
