"""What the kernel makes itself for an address or a device, and does not make again.

Others may delete it without the address: then the network behind the device cannot be reached.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from stratolith.network.drivers.linux.host_kernel import netlink, sysctl
from stratolith.network.drivers.linux.host_kernel.netlink import Link

_KERNEL, _LINK_SCOPE = 2, 253  # as the kernel's own routes
_NO_DAD = 0x02


def settle(ip: Any, addresses: Mapping[int, Iterable[str]]) -> None:
    """Bring back the routes to the networks of addresses that devices have (index -> addresses).

    Raises ``NetlinkError``.
    """
    present = {
        (route.index, route.destination)
        for route in netlink.routes(with_connected=True)
        if not route.nexthop
    }
    for index, texts in addresses.items():
        for text in texts:
            interface = ipaddress.ip_interface(text)
            network = interface.network
            if network.num_addresses == 1 or (index, str(network)) in present:
                continue
            present.add((index, str(network)))
            source = {} if interface.version == 6 else {"prefsrc": str(interface.ip)}
            scope = {} if interface.version == 6 else {"scope": _LINK_SCOPE}
            ip.route("add", dst=str(network), oif=index, proto=_KERNEL, **source, **scope)


def settle_link_local(ip: Any, link: Link, current: Collection[str]) -> None:
    """Bring back the link-local address of a device whose kernel gives it one.

    Raises ``NetlinkError``.
    """
    settings = f"net/ipv6/conf/{link.name}"
    address = _link_local(link.mac)
    if f"{address}/64" in current or sysctl.read(f"{settings}/disable_ipv6") != "0":
        return
    if sysctl.read(f"{settings}/addr_gen_mode") == "0":
        ip.addr("add", index=link.index, address=address, prefixlen=64, flags=_NO_DAD)


def _link_local(mac: str) -> str:
    raw = netlink.packed(mac)
    host = bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + host))
