"""Type drivers: which values a segment of a type may have, and its MTU."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.segment_settings import LIMITS, TUNNELS, mtus
from stratolith.network.settings import NetworkSettings

# bytes that a tunnel adds to each packet, with an IPv4 header
_OVERHEAD = {"vxlan": 50, "gre": 42, "geneve": 58}


@dataclass(frozen=True)
class Wanted:
    """A segment that is asked for; ``segmentation_id`` None: any."""

    network_type: str
    physical_network: str = ""
    segmentation_id: int | None = None


class TypeDriver:
    """Networks of one host each: no number and no physical network."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, wanted: Wanted, physical_networks: Collection[str]) -> None:
        """Raise InvalidInput for values that the type does not have.

        physical_networks: those that segments of this type may use.
        """
        self._prohibit("physical_network", wanted.physical_network)
        self._prohibit("segmentation_id", wanted.segmentation_id)

    def has_numbers(self) -> bool:
        return self.name in LIMITS

    def claim(self, physical: str, number: int | None) -> str | None:
        """What a segment takes for itself, as one text; None: nothing."""
        return f"{self.name}/{physical}/{number}" if number is not None else None

    def mtu(self, settings: NetworkSettings, physical: str) -> int | None:
        """The largest MTU; None: any."""
        return None

    def _prohibit(self, name: str, value: str | int | None) -> None:
        if value:
            raise InvalidInput(error_message=f"{name} prohibited for {self.name} provider network")


class FlatType(TypeDriver):
    """The whole of a physical network, without VLANs."""

    def check(self, wanted: Wanted, physical_networks: Collection[str]) -> None:
        physical = wanted.physical_network
        if not physical:
            raise InvalidInput(error_message="physical_network required for flat provider network")
        if physical not in physical_networks:
            raise InvalidInput(
                error_message=f"physical_network '{physical}' unknown for flat provider network"
            )
        self._prohibit("segmentation_id", wanted.segmentation_id)

    def claim(self, physical: str, number: int | None) -> str | None:
        return f"flat/{physical}/"

    def mtu(self, settings: NetworkSettings, physical: str) -> int | None:
        return min(settings.global_physnet_mtu, mtus(settings).get(physical, 65535))


class VlanType(FlatType):
    """One VLAN of a physical network."""

    def check(self, wanted: Wanted, physical_networks: Collection[str]) -> None:
        physical, number = wanted.physical_network, wanted.segmentation_id
        if not physical:
            if number is not None:
                raise InvalidInput(
                    error_message="segmentation_id requires physical_network for VLAN provider "
                    "network"
                )
            return
        if physical not in physical_networks:
            raise InvalidInput(
                error_message=f"physical_network '{physical}' unknown for VLAN provider network"
            )
        check_number(self.name, number)

    def claim(self, physical: str, number: int | None) -> str | None:
        return TypeDriver.claim(self, physical, number)


class TunnelType(TypeDriver):
    """An identifier in tunnels between hosts."""

    def check(self, wanted: Wanted, physical_networks: Collection[str]) -> None:
        if wanted.physical_network:
            raise InvalidInput(
                error_message=f"provider:physical_network specified for {self.name} network"
            )
        check_number(self.name, wanted.segmentation_id)

    def mtu(self, settings: NetworkSettings, physical: str) -> int | None:
        path = settings.path_mtu or 65535
        # OVN carries networks of all these types in GENEVE
        overhead = _OVERHEAD["geneve" if settings.driver == "ovn" else self.name]
        return min(settings.global_physnet_mtu, path) - overhead


def check_number(kind: str, number: int | None) -> None:
    """Raise InvalidInput for a number that no segment of the type can have."""
    low, high = LIMITS[kind]
    if number is not None and not low <= number <= high:
        raise InvalidInput(error_message=f"segmentation_id out of range ({low} through {high})")


DRIVERS: Mapping[str, TypeDriver] = {
    "local": TypeDriver("local"),
    "flat": FlatType("flat"),
    "vlan": VlanType("vlan"),
    **{name: TunnelType(name) for name in TUNNELS},
}


def driver(name: str) -> TypeDriver:
    """Raises InvalidInput for an unknown type."""
    known = DRIVERS.get(name)
    if known is None:
        raise InvalidInput(error_message=f"network_type value '{name}' not supported")
    return known


def largest_mtu(settings: NetworkSettings, segments: Collection[Wanted]) -> int:
    """The MTU that all these segments can carry."""
    limits = [
        DRIVERS[segment.network_type].mtu(settings, segment.physical_network)
        for segment in segments
        if segment.network_type in DRIVERS
    ]
    known = [limit for limit in limits if limit is not None]
    return min(known, default=settings.global_physnet_mtu)
