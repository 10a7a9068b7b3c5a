"""The segment that realises a network: VXLAN for tenants, flat or local on request.

Types that no host can realise, such as VLAN, are refused when the network is created.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import (
    FlatNetworkInUse,
    NoNetworkAvailable,
    SegmentInUse,
)
from stratolith.network.models import Network
from stratolith.network.settings import NetworkSettings

TYPES = ("flat", "vxlan", "local")


@dataclass(frozen=True)
class Segment:
    network_type: str
    physical_network: str = ""
    segmentation_id: int | None = None


def choose(ctx: Context, values: Mapping[str, Any], *, external: bool) -> Segment:
    """The segment requested by provider attributes, else the next free VXLAN identifier.

    Raises InvalidInput, FlatNetworkInUse, SegmentInUse and NoNetworkAvailable.
    """
    settings = ctx.env.settings.of(NetworkSettings)
    kind = values.get("provider:network_type")
    physical = values.get("provider:physical_network") or ""
    number = values.get("provider:segmentation_id")
    if kind is None:
        if physical or number is not None:
            raise InvalidInput(error_message="network_type required")
        return Segment("vxlan", "", _free_vni(ctx, settings))
    if kind not in TYPES:
        raise InvalidInput(error_message=f"network_type value '{kind}' not supported")
    if kind == "flat":
        if not physical:
            raise InvalidInput(error_message="physical_network required for flat network")
        if physical != settings.physical_network:
            raise InvalidInput(
                error_message=f"physical_network '{physical}' unknown for flat provider network"
            )
    elif physical:
        raise InvalidInput(error_message=f"provider:physical_network specified for {kind} network")
    return _checked(ctx, settings, kind, physical, number)


def _checked(
    ctx: Context, settings: NetworkSettings, kind: str, physical: str, number: int | None
) -> Segment:
    if kind in ("flat", "local"):
        if number is not None:
            raise InvalidInput(error_message=f"segmentation_id prohibited for {kind} network")
        if kind == "flat" and _is_taken(ctx, kind, physical, None):
            raise FlatNetworkInUse(physical_network=physical)
        return Segment(kind, physical, None)
    last = 16777215
    if number is None:
        return Segment(kind, physical, _free_vni(ctx, settings))
    if not 1 <= number <= last:
        raise InvalidInput(error_message=f"segmentation_id out of range (1 through {last})")
    if _is_taken(ctx, kind, physical, number):
        raise SegmentInUse(
            network_type=kind, segmentation_id=number, physical_network=physical or None
        )
    return Segment(kind, physical, number)


def _is_taken(ctx: Context, kind: str, physical: str, number: int | None) -> bool:
    statement = select(Network.id).where(
        Network.network_type == kind, Network.physical_network == physical
    )
    if number is not None:
        statement = statement.where(Network.segmentation_id == number)
    return ctx.session.scalar(statement.limit(1)) is not None


def _free_vni(ctx: Context, settings: NetworkSettings) -> int:
    """One above the highest used number, or the lowest gap when the range is used to its end."""
    low, high = settings.vni_min, settings.vni_max
    taken = (Network.network_type == "vxlan", Network.segmentation_id.between(low, high))
    top = ctx.session.scalar(select(func.max(Network.segmentation_id)).where(*taken))
    if top is None:
        return low
    if top < high:
        return int(top) + 1
    if _is_free(ctx, low):
        return low
    next_network = aliased(Network)
    gap = (
        select(Network.segmentation_id + 1)
        .where(*taken, Network.segmentation_id < high)
        .where(
            ~select(next_network.id)
            .where(
                next_network.network_type == "vxlan",
                next_network.segmentation_id == Network.segmentation_id + 1,
            )
            .exists()
        )
        .order_by(Network.segmentation_id)
    )
    number = ctx.session.scalar(gap.limit(1))
    if number is None:
        raise NoNetworkAvailable
    return int(number)


def _is_free(ctx: Context, number: int) -> bool:
    return not _is_taken(ctx, "vxlan", "", number)
