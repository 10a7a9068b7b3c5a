"""Names of the kernel objects we make: devices, namespaces, tables, marks.

Inside namespaces the names are those that users know from Neutron (``qr-``, ``qg-``, ``tap``).
The host ends of the same veth pairs have other prefixes, because a guest's tap and a DHCP device
of the same name could otherwise be in one namespace.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

METADATA_ADDRESS = "169.254.169.254"
ROUTER_METADATA_PORT = 9697  # where the router's namespace redirects metadata requests
DHCP_METADATA_PORT = 80
TUNNEL = "sv-"  # prefix of tunnel devices
DHCP_END = "sd-"  # prefix of the host ends of DHCP devices
UPLINK = "su-"  # prefix of the ends on the bridges of networks of a physical network

_TAIL = 11  # characters of an id in a device name: 15 are allowed, prefixes take up to 4
_DEVICE = re.compile(r"[A-Za-z0-9_.-]{1,15}\Z")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def router_namespace(router_id: str) -> str:
    return f"qrouter-{checked_id(router_id)}"


def dhcp_namespace(network_id: str) -> str:
    return f"qdhcp-{checked_id(network_id)}"


def inner_interface(port_id: str) -> str:
    """A router's interface inside its namespace."""
    return f"qr-{checked_id(port_id)[:_TAIL]}"


def inner_gateway(port_id: str) -> str:
    return f"qg-{checked_id(port_id)[:_TAIL]}"


def inner_dhcp(port_id: str) -> str:
    return f"tap{checked_id(port_id)[:_TAIL]}"


def host_interface(port_id: str) -> str:
    """The host end of a router interface."""
    return f"sr-{checked_id(port_id)[:_TAIL]}"


def host_gateway(port_id: str) -> str:
    return f"sg-{checked_id(port_id)[:_TAIL]}"


def host_dhcp(port_id: str) -> str:
    return f"{DHCP_END}{checked_id(port_id)[:_TAIL]}"


def inner_election(port_id: str) -> str:
    """The device on which a router's hosts choose the active one."""
    return f"ha-{checked_id(port_id)[:_TAIL]}"


def host_election(port_id: str) -> str:
    return f"sh-{checked_id(port_id)[:_TAIL]}"


def tunnel(network_id: str) -> str:
    return f"{TUNNEL}{checked_id(network_id)[:_TAIL]}"


def uplink(network_id: str) -> str:
    """The end on the bridge of the pair to a physical network."""
    return f"{UPLINK}{checked_id(network_id)[:_TAIL]}"


def branch_end(owner_id: str) -> str:
    """The free end of the branch of a port or network."""
    return f"sb-{checked_id(owner_id)[:_TAIL]}"


def patch_end(network_id: str) -> str:
    """The end on the machine's bridge of the pair to a physical network."""
    return f"sp-{checked_id(network_id)[:_TAIL]}"


def is_device(name: str) -> bool:
    """Whether kernel and nft read the text as the name of one device."""
    return _DEVICE.match(name) is not None and name not in {".", ".."}


def checked_device(name: str) -> str:
    """The device name itself; ``ValueError`` when the kernel or nft could misread it."""
    if not is_device(name):
        raise ValueError(f"{name!r} is not a usable device name")
    return name


def checked_id(value: str) -> str:
    """The id itself; ``ValueError`` when it cannot be part of a file or device name."""
    if not _IDENTIFIER.match(value):
        raise ValueError(f"{value!r} is not a usable id")
    return value


def digest(value: object) -> str:
    """12 hex characters that identify any struct, tuple or text: for names of shared chains."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:12]


def bridge_mac(bridge: str) -> str:
    """A stable, locally administered address, so that neighbours' caches survive a rebuild."""
    raw = hashlib.sha256(bridge.encode()).digest()
    return "02:" + ":".join(f"{byte:02x}" for byte in raw[:5])


def highest_mac(owner: str) -> str:
    """A stable address above those of cards: a bridge takes the lowest one of its ports."""
    raw = hashlib.sha256(owner.encode()).digest()
    return "fe:" + ":".join(f"{byte:02x}" for byte in raw[:5])


def packet_marks(port_ids: Iterable[str]) -> dict[str, int]:
    """A non-zero packet mark per port, stable over time.

    Stable because a packet may meet the old table on the bridge and the new one in the IP
    hooks; a mark that was reassigned in between would apply another port's rules to it.
    """
    marks: dict[str, int] = {}
    taken: set[int] = {0}
    for port_id in sorted(port_ids):
        mark = int.from_bytes(hashlib.sha256(port_id.encode()).digest()[:4], "big")
        while mark in taken:
            mark = (mark + 1) & 0xFFFFFFFF
        taken.add(mark)
        marks[port_id] = mark
    return marks


def group_number(instance: str) -> int:
    """The link group that marks a link as ours from the moment of its creation."""
    return int.from_bytes(hashlib.sha256(instance.encode()).digest()[:4], "big") & 0x7FFFFFFF
