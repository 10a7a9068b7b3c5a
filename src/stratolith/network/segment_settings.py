"""The settings of physical networks and segments: what their texts mean, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from stratolith.kernel.config import values

# type -> (first, last) number of its segments
LIMITS = {
    "vlan": (1, 4094),
    "vxlan": (1, 2**24 - 1),
    "gre": (1, 2**32 - 1),
    "geneve": (1, 2**24 - 1),
}
TUNNELS = ("vxlan", "gre", "geneve")
TYPES = ("local", "flat", *LIMITS)
Range = tuple[str, str, int, int]  # type, physical network ("" for none), first, last


class SegmentSettings(Protocol):
    """The part of the settings that this module reads."""

    @property
    def vni_min(self) -> int: ...
    @property
    def vni_max(self) -> int: ...
    @property
    def tunnel_ranges(self) -> list[str]: ...
    @property
    def vlan_ranges(self) -> list[str]: ...
    @property
    def physical_network(self) -> str: ...
    @property
    def physical_network_mtus(self) -> list[str]: ...
    @property
    def tenant_network_types(self) -> list[str]: ...
    @property
    def bridge_mappings(self) -> list[str]: ...
    @property
    def flat_networks(self) -> list[str]: ...


def check(settings: SegmentSettings) -> None:
    """Raise ``ValueError`` with the setting's name for a text that has no meaning."""
    types = [kind for kind in TYPES if kind != "flat"]
    values.some_of("tenant_network_types", settings.tenant_network_types, types)
    for name in settings.flat_networks:
        if name != "*":
            values.name("flat_networks", name)
    if settings.vni_min > settings.vni_max:
        raise ValueError(f"vni_min: {settings.vni_min} is more than vni_max, {settings.vni_max}")
    for kind, physical, first, last in default_ranges(settings):
        key = "vlan_ranges" if physical else "tunnel_ranges"
        low, high = LIMITS[kind]
        if not low <= first <= last <= high:
            raise ValueError(f"{key}: {first} to {last} is no range of {low} to {high}")
    mtus(settings)
    for physical, name in mappings(settings).items():
        values.name("bridge_mappings", physical)
        device("bridge_mappings", name)


def default_ranges(settings: SegmentSettings) -> list[Range]:
    """The ranges of the settings."""
    tunnels = list(_tunnel_ranges(settings.tunnel_ranges))
    chosen = {kind for kind, *_ in tunnels}
    plain: list[Range] = [
        (kind, "", settings.vni_min, settings.vni_max) for kind in TUNNELS if kind not in chosen
    ]
    return [*_vlan_ranges(settings.vlan_ranges or [settings.physical_network]), *plain, *tunnels]


def _tunnel_ranges(texts: Iterable[str]) -> Iterator[Range]:
    for text in texts:
        kind, _, rest = text.partition(":")
        if kind not in TUNNELS:
            raise ValueError(f"tunnel_ranges: '{text}' begins with no type of {', '.join(TUNNELS)}")
        yield (kind, "", *_first_and_last("tunnel_ranges", text, rest))


def _vlan_ranges(texts: Iterable[str]) -> Iterator[Range]:
    for text in texts:
        physical, _, rest = text.partition(":")
        values.name("vlan_ranges", physical)
        first, last = _first_and_last("vlan_ranges", text, rest) if rest else LIMITS["vlan"]
        yield ("vlan", physical, first, last)


def _first_and_last(key: str, text: str, rest: str) -> tuple[int, int]:
    first, _, last = rest.partition(":")
    if not (first.isdecimal() and last.isdecimal()):
        raise ValueError(f"{key}: '{text}' does not end with FIRST:LAST")
    return int(first), int(last)


def mtus(settings: SegmentSettings) -> dict[str, int]:
    """Physical network -> its MTU, where it differs."""
    result = {}
    for text in settings.physical_network_mtus:
        physical, _, mtu = text.rpartition(":")
        if not physical or not mtu.isdecimal() or not 68 <= int(mtu) <= 9216:
            raise ValueError(f"physical_network_mtus: '{text}' is not PHYSICAL_NETWORK:MTU")
        result[physical] = int(mtu)
    return result


def mappings(settings: SegmentSettings) -> dict[str, str]:
    """Physical network -> device of this host, without the external bridge."""
    result = {}
    for text in settings.bridge_mappings:
        physical, _, name = text.partition(":")
        if not physical or not name or physical in result:
            raise ValueError(f"bridge_mappings: '{text}' is not one more PHYSICAL_NETWORK:DEVICE")
        result[physical] = name
    return result


def device(key: str, name: str) -> None:
    """Raise ``ValueError`` for what is no name of a network device."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", name) is None:
        raise ValueError(
            f"{key}: '{name}' is not a device name: 1 to 15 letters, digits, '_', '-' or '.'"
        )
