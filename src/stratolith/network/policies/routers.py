"""Rules of routers and floating IPs."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import (
    ADMIN,
    MEMBER,
    PARENT_MEMBER,
    PARENT_READER,
    PROJECT,
    READER,
)

ROUTER = [
    Rule("create_router", MEMBER, PROJECT),
    Rule("create_router:distributed", ADMIN, PROJECT),
    Rule("create_router:ha", ADMIN, PROJECT),
    Rule("create_router:external_gateway_info", MEMBER, PROJECT),
    Rule("create_router:external_gateway_info:network_id", MEMBER, PROJECT),
    Rule("create_router:external_gateway_info:enable_snat", ADMIN, PROJECT),
    Rule("create_router:external_gateway_info:external_fixed_ips", ADMIN, PROJECT),
    Rule("create_router:tags", MEMBER, PROJECT),
    Rule("get_router", READER, PROJECT),
    Rule("get_router:distributed", ADMIN, PROJECT),
    Rule("get_router:ha", ADMIN, PROJECT),
    Rule("get_router:tags", READER, PROJECT),
    Rule("update_router", MEMBER, PROJECT),
    Rule("update_router:distributed", ADMIN, PROJECT),
    Rule("update_router:ha", ADMIN, PROJECT),
    Rule("update_router:external_gateway_info", MEMBER, PROJECT),
    Rule("update_router:external_gateway_info:network_id", MEMBER, PROJECT),
    Rule("update_router:external_gateway_info:enable_snat", ADMIN, PROJECT),
    Rule("update_router:external_gateway_info:external_fixed_ips", ADMIN, PROJECT),
    Rule("update_router:tags", MEMBER, PROJECT),
    Rule("delete_router", MEMBER, PROJECT),
    Rule("delete_router:tags", MEMBER, PROJECT),
    Rule("add_router_interface", MEMBER, PROJECT),
    Rule("remove_router_interface", MEMBER, PROJECT),
    Rule("add_extraroutes", MEMBER, PROJECT),
    Rule("remove_extraroutes", MEMBER, PROJECT),
    *(
        rule
        for action in ("add_external_gateways", "update_external_gateways")
        for rule in (
            Rule(action, MEMBER, PROJECT),
            Rule(f"{action}:external_gateways", MEMBER, PROJECT),
            Rule(f"{action}:external_gateways:network_id", MEMBER, PROJECT),
            Rule(f"{action}:external_gateways:enable_snat", ADMIN, PROJECT),
            Rule(f"{action}:external_gateways:external_fixed_ips", ADMIN, PROJECT),
        )
    ),
    Rule("remove_external_gateways", MEMBER, PROJECT),
    Rule("remove_external_gateways:external_gateways", MEMBER, PROJECT),
]

FLOATINGIP = [
    Rule("create_floatingip", MEMBER, PROJECT),
    Rule(
        "create_floatingip:floating_ip_address",
        "(rule:admin_only) or (role:manager and project_id:%(project_id)s)",
        PROJECT,
    ),
    Rule("create_floatingip:router_id", MEMBER, PROJECT),
    Rule("create_floatingip:tags", MEMBER, PROJECT),
    Rule("get_floatingip", READER, PROJECT),
    Rule("get_floatingip:tags", READER, PROJECT),
    Rule("update_floatingip", MEMBER, PROJECT),
    Rule("update_floatingip:router_id", MEMBER, PROJECT),
    Rule("update_floatingip:tags", MEMBER, PROJECT),
    Rule("delete_floatingip", MEMBER, PROJECT),
    Rule("delete_floatingip:tags", MEMBER, PROJECT),
]

PORT_FORWARDING = [
    Rule("create_floatingip_port_forwarding", PARENT_MEMBER, PROJECT),
    Rule("get_floatingip_port_forwarding", PARENT_READER, PROJECT),
    Rule("update_floatingip_port_forwarding", PARENT_MEMBER, PROJECT),
    Rule("delete_floatingip_port_forwarding", PARENT_MEMBER, PROJECT),
]

FLOATINGIP_POOL = [Rule("get_floatingip_pool", READER, PROJECT)]

CONNTRACK_HELPER = [
    Rule("create_router_conntrack_helper", PARENT_MEMBER, PROJECT),
    Rule("get_router_conntrack_helper", PARENT_READER, PROJECT),
    Rule("update_router_conntrack_helper", PARENT_MEMBER, PROJECT),
    Rule("delete_router_conntrack_helper", PARENT_MEMBER, PROJECT),
]

NDP_PROXY = [
    Rule("create_ndp_proxy", MEMBER, PROJECT),
    Rule("get_ndp_proxy", READER, PROJECT),
    Rule("update_ndp_proxy", MEMBER, PROJECT),
    Rule("delete_ndp_proxy", MEMBER, PROJECT),
]

RULES = [
    *FLOATINGIP_POOL,
    *ROUTER,
    *FLOATINGIP,
    *PORT_FORWARDING,
    *CONNTRACK_HELPER,
    *NDP_PROXY,
]
