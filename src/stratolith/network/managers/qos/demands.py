"""What ports with minimum rules need of a host, for its scheduler and as ``resource_request``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.managers.qos import bindings, rules
from stratolith.network.models import QosRule
from stratolith.placement.managers import traits

BANDWIDTHS = {
    "egress": "NET_BW_EGR_KILOBIT_PER_SEC",
    "ingress": "NET_BW_IGR_KILOBIT_PER_SEC",
}
PACKET_RATES = {
    "any": "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "egress": "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "ingress": "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
}
CLASSES = {rules.MINIMUM: BANDWIDTHS, rules.MINIMUM_RATE: PACKET_RATES}
TUNNELS = "CUSTOM_NETWORK_TUNNEL_PROVIDER"


@dataclass(frozen=True)
class Demand:
    """The resources of one provider that a port needs for its rules of one type."""

    kind: str
    required: tuple[str, ...]  # traits
    resources: Mapping[str, int]
    rule_ids: tuple[str, ...]

    def group_id(self, port_id: str) -> str:
        """The name of this demand in ``resource_request`` and in the port's allocation."""
        return str(uuid.uuid5(uuid.UUID(port_id), ":".join(self.rule_ids)))


def physical_trait(physical_network: str) -> str:
    return traits.custom(f"PHYSNET_{physical_network}")


def vnic_trait(vnic_type: str) -> str:
    return traits.custom(f"VNIC_TYPE_{vnic_type}")


def of(policy_rules: Iterable[QosRule], network: Any, vnic_type: str) -> list[Demand]:
    """The demands of a port with these rules. ``network``: of the port, a row or a Network."""
    place = physical_trait(network.physical_network) if network.physical_network else TUNNELS
    required = {
        rules.MINIMUM: (place, vnic_trait(vnic_type)),
        rules.MINIMUM_RATE: (vnic_trait(vnic_type),),
    }
    demands = []
    for kind, classes in CLASSES.items():
        of_kind = [rule for rule in policy_rules if rule.type == kind]
        if of_kind:
            resources = {classes[rule.direction]: rule.amount for rule in of_kind}
            ids = tuple(rule.id for rule in of_kind)
            demands.append(Demand(kind, required[kind], resources, ids))
    return demands


def of_ports(ctx: Context, ports: Sequence[Any]) -> dict[str, list[Demand]]:
    """Port id -> its demands, for ports that have any. ``ports``: rows with their networks."""
    policies = {port.id: bindings.effective(port, port.network) for port in ports}
    used = {policy_id for policy_id in policies.values() if policy_id}
    known = rules.of(ctx, used) if used else {}
    demands = {
        port.id: of(known[policies[port.id] or ""], port.network, port.vnic_type)
        for port in ports
        if policies[port.id] in known
    }
    return {port_id: of_port for port_id, of_port in demands.items() if of_port}


def shown(port_id: str, demands: Sequence[Demand]) -> dict[str, Any] | None:
    """The attribute ``resource_request`` of a port."""
    if not demands:
        return None
    groups = [
        {
            "id": demand.group_id(port_id),
            "required": list(demand.required),
            "resources": dict(demand.resources),
        }
        for demand in demands
    ]
    return {"request_groups": groups, "same_subtree": [group["id"] for group in groups]}
