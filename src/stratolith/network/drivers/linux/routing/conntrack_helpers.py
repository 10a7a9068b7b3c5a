"""Conntrack helpers in a router's namespace.

The kernel names them otherwise than Neutron. Which of them it has, is asked once for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from stratolith.network.drivers.checks import HELPERS
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import ConntrackHelperView, RouterView


def _object(name: str, kind: str, protocol: str) -> str:
    lines = (f'type "{kind}" protocol {protocol};', "l3proto ip;")
    return f"  ct helper {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


@lru_cache(maxsize=64)
def in_kernel(kind: str, protocol: str) -> bool:
    """Raises ``NetworkDriverError`` when nft does not run."""
    probe = _object("probe", kind, protocol)
    return nft.complaint(f"table ip stratolith_probe {{\n{probe}}}\n") is None


def known(router: RouterView, lacking: dict[str, str]) -> RouterView:
    """The router without helpers that the kernel lacks; the reasons are added to ``lacking``.

    Raises ``ValueError`` for a helper that cannot be, ``NetworkDriverError`` as ``in_kernel``.
    """
    kept = []
    for view in router.conntrack_helpers:
        kind = HELPERS.get((view.helper, view.protocol))
        if kind is None or not 1 <= view.port <= 65535:
            raise ValueError(
                f"no conntrack helper {view.helper!r} for {view.protocol!r} port {view.port}"
            )
        if in_kernel(kind, view.protocol):
            kept.append(view)
        else:
            lacking[view.id] = f"this kernel has no conntrack helper {view.helper}/{view.protocol}"
    return msgspec.structs.replace(router, conntrack_helpers=kept)


def rules(views: Iterable[ConntrackHelperView]) -> str:
    """The helpers and the chain that sets them, "" for none.

    After connection tracking and before translation of addresses. A port has the first of its
    helpers, by name.
    """
    objects: dict[str, str] = {}
    ports: dict[str, dict[int, str]] = {}
    for view in sorted(views, key=lambda view: (view.protocol, view.port, view.helper)):
        kind = HELPERS[view.helper, view.protocol]
        name = f"{view.helper}-{view.protocol}"
        objects[name] = _object(name, kind, view.protocol)
        ports.setdefault(view.protocol, {}).setdefault(view.port, name)
    lines = []
    for protocol, helper_of in ports.items():
        elements = ", ".join(f'{port} : "{name}"' for port, name in helper_of.items())
        lines.append(f"ct helper set {protocol} dport map {{ {elements} }}")
    if not lines:
        return ""
    hook = "type filter hook prerouting priority -150; policy accept;"
    return "".join(objects.values()) + chain("helpers", [hook, *lines])
