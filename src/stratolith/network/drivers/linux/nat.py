"""Address translation in the host's own namespace, and what its IP hooks see of other packets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from stratolith.network.drivers.base import ExternalNetworkView
from stratolith.network.drivers.linux import outside
from stratolith.network.drivers.linux.tables import Table


def compile_table(
    instance: str,
    externals: Iterable[ExternalNetworkView],
    tenants: Collection[str],
    to_tunnels: Sequence[str],
) -> Table:
    """The table. ``externals``: those that this host has; ``tenants``: bridges whose packets the IP
    hooks see, too; ``to_tunnels``: lines of a chain at the host's input.
    """
    chains = _keep_addresses(tenants) | outside.chains(externals)
    if to_tunnels:
        head = "type filter hook input priority -10; policy accept;"
        chains["tunnels"] = [head, *to_tunnels]
    return Table(name=f"ip {instance}_nat", sets={}, chains=chains)


def _keep_addresses(tenants: Collection[str]) -> dict[str, list[str]]:
    """Protect tenants' bridged packets from every later NAT rule of the host.

    br_netfilter also passes them to the NAT hooks. A rule such as "masquerade packets from this
    range", ours or a container runtime's, would rewrite a tenant's own traffic. Translating an
    address to itself makes the kernel skip such later rules.
    """
    if not tenants:
        return {}
    bridges = ", ".join(f'"{name}"' for name in sorted(tenants))
    return {
        "keep_destination": [
            "type nat hook prerouting priority -101;",
            f"iifname {{ {bridges} }} dnat to ip daddr",
        ],
        "keep_source": [
            "type nat hook postrouting priority 99;",
            f"oifname {{ {bridges} }} snat to ip saddr",
        ],
    }
