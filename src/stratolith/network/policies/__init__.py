"""Policy rules of the network service, with OpenStack's names and defaults.

Source of names and defaults: neutron's policy reference (2026.2).
"""

from __future__ import annotations

from stratolith.network.policies import (
    address_groups,
    base,
    flavors,
    local_ips,
    logs,
    metering,
    networks,
    operation,
    ports,
    qos,
    routers,
    security_groups,
    segments,
    sharing,
    subnetpools,
    topologies,
    trunks,
)

RULES = [
    *base.BASE,
    *flavors.RULES,
    *metering.RULES,
    *address_groups.RULES,
    *local_ips.RULES,
    *logs.RULES,
    *networks.RULES,
    *operation.RULES,
    *ports.RULES,
    *qos.RULES,
    *routers.RULES,
    *security_groups.RULES,
    *segments.RULES,
    *sharing.RULES,
    *subnetpools.RULES,
    *topologies.RULES,
    *trunks.RULES,
]
