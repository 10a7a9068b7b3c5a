"""NDP proxies of a router: what reaches IPv6 addresses behind it from its external network."""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.network.drivers.linux.objects import VethSpec
from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import RouterView


def sysctls(devices: Iterable[VethSpec]) -> tuple[tuple[str, str], ...]:
    """Devices that are gateways answer for others while they have proxies, and else do not."""
    return tuple(
        (f"net/ipv6/conf/{device.inner_name}/proxy_ndp", "1" if device.proxied else "0")
        for device in devices
        if device.inner_name.startswith("qg-")
    )


def guard(router: RouterView, devices: Iterable[VethSpec]) -> str:
    """The chain that lets connections from outside in to addresses with a proxy only.

    Without ``enable_ndp_proxy`` the outside reaches all addresses for which it has a route.
    """
    if not router.enable_ndp_proxy or router.gateway is None:
        return ""
    rules = []
    for device in devices:
        if device.inner_name.startswith("qg-"):
            kept = f"ip6 daddr != {{ {', '.join(device.proxied)} }} " if device.proxied else ""
            rules.append(
                f'iifname "{device.inner_name}" meta nfproto ipv6 ct direction original {kept}drop'
            )
    hook = "type filter hook forward priority 1; policy accept;"
    return chain("proxied", [hook, *rules]) if rules else ""
