"""Address scopes on a router: addresses of two scopes may be the same, so nothing is routed between
them; inside the scope of the external network nothing is translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import RouterPortView

Ends = Sequence[tuple[RouterPortView, str]]  # a router's ports with their devices


def separation(
    inside: Ends,
    gateways: Ends,
    floating: Sequence[str],
    *,
    snat: bool,
) -> str:
    """The chain that drops packets from one scope to another, "" where there is one scope only.

    Allowed are replies, and connections that a floating IP or forwarded port leads in. IPv4 may
    leave by the gateway where sources are translated: from all addresses with ``snat``, else from
    those in ``floating``.
    """
    ends = [*inside, *gateways]
    lines = []
    for family, scope in (("ipv4", "scope_v4"), ("ipv6", "scope_v6")):
        devices: dict[str, list[str]] = {}
        for port, device in ends:
            devices.setdefault(getattr(port, scope), []).append(device)
        if len(devices) < 2:
            continue
        for names in devices.values():
            reachable = list(names)
            if family == "ipv4" and snat:
                reachable += [device for _, device in gateways if device not in reachable]
            lines.append(
                f"meta nfproto {family} iifname {_listed(names)} oifname != {_listed(reachable)} "
                "drop"
            )
    if not lines:
        return ""
    allowed = ["ct direction reply accept", "ct status dnat accept"]
    if floating and not snat:
        allowed += [
            f'oifname "{device}" ip saddr {{ {", ".join(floating)} }} accept'
            for _, device in gateways
        ]
    hook = "type filter hook forward priority 0; policy accept;"
    return chain("scopes", [hook, *allowed, *lines])


def untranslated(inside: Ends, gateway: tuple[RouterPortView, str]) -> list[str]:
    """Rules before the translation of sources: packets that stay in the gateway's scope."""
    scope, device = gateway[0].scope_v4, gateway[1]
    names = [name for port, name in inside if port.scope_v4 == scope]
    if not scope or not names:
        return []
    return [f'oifname "{device}" iifname {_listed(names)} accept']


def _listed(names: Iterable[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in sorted(names)) + " }"
