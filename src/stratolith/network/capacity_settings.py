"""The settings of what a host promises to ports: bandwidths and packet rates, and how much of them
is given away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from stratolith.network.drivers.capacity import Capacity, InventoryOptions
from stratolith.network.segment_settings import SegmentSettings, mappings

TUNNELLED = "rp_tunnelled"  # stands for all networks in tunnels
_DIRECTIONS = ("egress", "ingress")
_MOST = 2**31 - 1


class CapacitySettings(SegmentSettings, Protocol):
    """The part of the settings that this module reads."""

    @property
    def external_bridge(self) -> str: ...
    @property
    def resource_provider_bandwidths(self) -> list[str]: ...
    @property
    def resource_provider_packet_processing_without_direction(self) -> int: ...
    @property
    def resource_provider_packet_processing_with_direction(self) -> str: ...
    @property
    def resource_provider_inventory_defaults(self) -> dict[str, float]: ...
    @property
    def resource_provider_packet_processing_inventory_defaults(self) -> dict[str, float]: ...


def of(settings: CapacitySettings) -> Capacity:
    """What this host promises; raises ``ValueError`` with the setting's name for a wrong text."""
    return Capacity(
        bandwidths=_bandwidths(settings),
        packet_rates=_packet_rates(settings),
        bandwidth_options=_options(
            "resource_provider_inventory_defaults", settings.resource_provider_inventory_defaults
        ),
        packet_rate_options=_options(
            "resource_provider_packet_processing_inventory_defaults",
            settings.resource_provider_packet_processing_inventory_defaults,
        ),
    )


def _bandwidths(settings: CapacitySettings) -> dict[str, dict[str, int]]:
    key = "resource_provider_bandwidths"
    known = {settings.external_bridge, *mappings(settings).values(), TUNNELLED}
    bandwidths: dict[str, dict[str, int]] = {}
    for text in settings.resource_provider_bandwidths:
        device, _, rates = text.partition(":")
        if device not in known or device in bandwidths:
            raise ValueError(
                f"{key}: '{text}' does not begin with a device of `bridge_mappings` that has no "
                f"bandwidth yet, `external_bridge` or {TUNNELLED}"
            )
        bandwidths[device] = _both(key, text, rates)
    return bandwidths


def _packet_rates(settings: CapacitySettings) -> dict[str, int]:
    key = "resource_provider_packet_processing_with_direction"
    text = settings.resource_provider_packet_processing_with_direction
    together = settings.resource_provider_packet_processing_without_direction
    if text and together:
        raise ValueError(f"{key}: a host has packet rates with directions or without, not both")
    if text:
        return _both(key, text, text)
    return {"any": together} if together else {}


def _both(key: str, text: str, rates: str) -> dict[str, int]:
    """{"egress", "ingress"} of EGRESS:INGRESS, without those that are left out."""
    parts = rates.split(":")
    if len(parts) != 2 or not all(_is_rate(part) for part in parts):
        raise ValueError(f"{key}: '{text}' does not end with EGRESS:INGRESS, two whole numbers")
    return {way: int(rate) for way, rate in zip(_DIRECTIONS, parts, strict=True) if rate}


def _is_rate(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and int(text) <= _MOST)


def _options(key: str, given: Mapping[str, float]) -> InventoryOptions:
    _check_names(key, given)
    whole = {n: int(v) if float(v).is_integer() else v for n, v in given.items()}
    try:
        return msgspec.convert(whole, InventoryOptions, strict=True)
    except msgspec.ValidationError as error:
        raise ValueError(f"{key}: {error}") from None


def _check_names(key: str, names: Iterable[str]) -> None:
    known = InventoryOptions.__struct_fields__
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: {name} is none of {', '.join(known)}")
