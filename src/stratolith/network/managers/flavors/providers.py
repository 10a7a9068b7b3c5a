"""The implementations of network services in this cloud."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """One implementation; ``driver``: the name that service profiles use for it.

    ha: whether its routers are on several hosts.
    """

    service_type: str
    name: str
    driver: str
    default: bool = False
    ha: bool = False


_L3 = "neutron.services.l3_router.service_providers"
# drivers have the names that upstream's have, so that scripts with service profiles work here
PROVIDERS = [
    Provider("L3_ROUTER_NAT", "single_node", f"{_L3}.single_node.SingleNodeDriver", default=True),
    Provider("L3_ROUTER_NAT", "ha", f"{_L3}.ha.HaDriver", ha=True),
]


def by_driver(driver: str) -> Provider | None:
    return next((provider for provider in PROVIDERS if provider.driver == driver), None)
