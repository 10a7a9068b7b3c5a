"""The declaration of the network service."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.routing import EarlyChecks
from stratolith.kernel.service import AgentView, HostDuties, Service
from stratolith.network import policies, quotas
from stratolith.network.api import (
    address_scopes,
    agent_places,
    agents,
    auto_allocated_topology,
    availability_zones,
    bindings,
    extensions,
    floatingip_pools,
    floatingips,
    network_ip_availabilities,
    network_map,
    networks,
    ports,
    rbac_policies,
    routers,
    security_group_rules,
    security_groups,
    service_providers,
    southbound,
    subnetpools,
    subnets,
    versions,
)
from stratolith.network.api import quotas as quota_api
from stratolith.network.api.flavors import flavors, service_profiles
from stratolith.network.api.metering import metering_label_rules, metering_labels
from stratolith.network.api.qos import policies as qos_policies
from stratolith.network.api.qos import rule_types as qos_rule_types
from stratolith.network.api.qos import rules as qos_rules
from stratolith.network.api.routing import (
    conntrack_helpers,
    external_gateways,
    local_ips,
    ndp_proxies,
    port_forwardings,
)
from stratolith.network.api.security import (
    address_groups,
    default_security_group_rules,
    logs,
    security_groups_default_statefulness,
)
from stratolith.network.api.segments import network_segment_ranges, segments
from stratolith.network.api.trunk import trunks
from stratolith.network.managers import host_hints, premade
from stratolith.network.managers.events import VIEW
from stratolith.network.reconcilers import view_parts
from stratolith.network.reconcilers.gateway_watch import GatewayWatch
from stratolith.network.reconcilers.host_report import take_report
from stratolith.network.reconcilers.northbound import NorthboundWriter
from stratolith.network.reconcilers.places import DhcpPlacer, Placer
from stratolith.network.reconcilers.southbound import SouthboundDoor
from stratolith.network.settings import NetworkSettings

SERVICE = Service(
    type="network",
    name="neutron",
    port=9696,
    mount="/networking",
    prefix="/v2.0",
    token_first=("/v2.0",),
    json_suffix=True,
    doubled_slash="ignored below",
    early_checks=EarlyChecks.SCHEMA,
    errors=ErrorDialect.NETWORK,
    routes=[
        *versions.ROUTES,
        *extensions.ROUTES,
        *networks.ROUTES,
        *subnets.ROUTES,
        *ports.ROUTES,
        *bindings.ROUTES,
        *routers.ROUTES,
        *external_gateways.ROUTES,
        *floatingips.ROUTES,
        *floatingip_pools.ROUTES,
        *port_forwardings.ROUTES,
        *conntrack_helpers.ROUTES,
        *ndp_proxies.ROUTES,
        *local_ips.ROUTES,
        *security_groups.ROUTES,
        *security_group_rules.ROUTES,
        *segments.ROUTES,
        *network_segment_ranges.ROUTES,
        *address_groups.ROUTES,
        *default_security_group_rules.ROUTES,
        *security_groups_default_statefulness.ROUTES,
        *logs.ROUTES,
        *subnetpools.ROUTES,
        *address_scopes.ROUTES,
        *rbac_policies.ROUTES,
        *quota_api.ROUTES,
        *agents.ROUTES,
        *agent_places.ROUTES,
        *availability_zones.ROUTES,
        *network_ip_availabilities.ROUTES,
        *service_providers.ROUTES,
        *auto_allocated_topology.ROUTES,
        *flavors.ROUTES,
        *service_profiles.ROUTES,
        *qos_policies.ROUTES,
        *qos_rules.ROUTES,
        *qos_rule_types.ROUTES,
        *metering_labels.ROUTES,
        *metering_label_rules.ROUTES,
        *trunks.ROUTES,
    ],
    policies=policies.RULES,
    admin_rule="context_is_admin",
    quotas=quotas.RESOURCES,
    reconcilers=[Placer, DhcpPlacer, NorthboundWriter, SouthboundDoor, GatewayWatch],
    host_duties=HostDuties(left=host_hints.host_left),
    agent_routes=[*network_map.AGENT_ROUTES, *southbound.AGENT_ROUTES],
    agent_views=[AgentView(VIEW, view_parts.answer, take_report)],
    settings=NetworkSettings,
    migrations=Path(__file__).with_name("migrations"),
    bootstrap=premade.bootstrap,
)
