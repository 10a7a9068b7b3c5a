"""Policy rules of the network service, with OpenStack's names and defaults.

Source of names and defaults: neutron's policy reference (2026.2).
"""

from __future__ import annotations

from stratolith.kernel.policy import Rule

PROJECT = ("project",)
ADMIN = "rule:admin_only"
MEMBER = "(rule:admin_only) or (role:member and project_id:%(project_id)s)"
READER = "(rule:admin_only) or (role:reader and project_id:%(project_id)s)"
# Of the resource, or of the network it is on.
MEMBER_OR_NETWORK_OWNER = (
    "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member "
    "and rule:network_owner)"
)
NETWORK_USER = (
    "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared"
)
NO_NETWORK_DEVICE = (
    "not rule:network_device or (rule:admin_only) or (rule:service_api) or "
    "role:member and rule:network_owner"
)

BASE = [
    Rule("context_is_admin", "role:admin"),
    Rule("context_with_global_access", "!"),
    Rule("service_api", "role:service"),
    Rule("owner", "project_id:%(project_id)s"),
    Rule("admin_or_owner", "rule:context_is_admin or rule:owner"),
    Rule("context_is_advsvc", "role:advsvc"),
    Rule("admin_or_network_owner", "rule:context_is_admin or project_id:%(network:project_id)s"),
    Rule("admin_owner_or_network_owner", "rule:owner or rule:admin_or_network_owner"),
    Rule("network_owner", "project_id:%(network:project_id)s"),
    Rule("admin_only", "rule:context_is_admin"),
    Rule("regular_user", ""),
    Rule("shared", "field:networks:shared=True"),
    Rule("default", "rule:admin_or_owner"),
    Rule("sg_owner", "project_id:%(security_group:project_id)s"),
]

NETWORK = [
    Rule("external", "field:networks:router:external=True"),
    Rule("create_network", MEMBER, PROJECT),
    Rule("create_network:shared", ADMIN, PROJECT),
    Rule("create_network:router:external", ADMIN, PROJECT),
    Rule("create_network:is_default", ADMIN, PROJECT),
    Rule("create_network:port_security_enabled", MEMBER, PROJECT),
    Rule("create_network:provider:network_type", ADMIN, PROJECT),
    Rule("create_network:provider:physical_network", ADMIN, PROJECT),
    Rule("create_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule("create_network:tags", MEMBER, PROJECT),
    Rule(
        "get_network",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:service_api or rule:shared or rule:external or "
            "rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule("get_network:provider:network_type", ADMIN, PROJECT),
    Rule("get_network:provider:physical_network", ADMIN, PROJECT),
    Rule("get_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule(
        "get_network:tags",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared or rule:external or rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule("update_network", MEMBER, PROJECT),
    Rule("update_network:shared", ADMIN, PROJECT),
    Rule("update_network:provider:network_type", ADMIN, PROJECT),
    Rule("update_network:provider:physical_network", ADMIN, PROJECT),
    Rule("update_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule("update_network:router:external", ADMIN, PROJECT),
    Rule("update_network:is_default", ADMIN, PROJECT),
    Rule("update_network:port_security_enabled", MEMBER, PROJECT),
    Rule("update_network:tags", MEMBER, PROJECT),
    Rule("delete_network", MEMBER, PROJECT),
    Rule("delete_network:tags", MEMBER, PROJECT),
]

SUBNET = [
    Rule("external_network", "field:subnets:router:external=True"),
    Rule("create_subnet", "(rule:admin_only) or (role:member and rule:network_owner)", PROJECT),
    Rule("create_subnet:service_types", ADMIN, PROJECT),
    Rule(
        "create_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "get_subnet",
        (
            "role:reader and project_id:%(project_id)s or rule:shared or "
            "rule:external_network or (rule:admin_only) or (role:reader and "
            "rule:network_owner) or rule:service_api"
        ),
        PROJECT,
    ),
    Rule(
        "get_subnet:tags",
        (
            "role:reader and project_id:%(project_id)s or rule:shared or "
            "rule:external_network or (rule:admin_only) or (role:reader and "
            "rule:network_owner)"
        ),
        PROJECT,
    ),
    Rule(
        "update_subnet",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule("update_subnet:service_types", ADMIN, PROJECT),
    Rule(
        "update_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "delete_subnet",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "delete_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
]

SUBNETPOOL = [
    Rule("shared_subnetpools", "field:subnetpools:shared=True"),
    Rule("create_subnetpool", MEMBER, PROJECT),
    Rule("create_subnetpool:shared", ADMIN, PROJECT),
    Rule("create_subnetpool:is_default", ADMIN, PROJECT),
    Rule("create_subnetpool:tags", MEMBER, PROJECT),
    Rule(
        "get_subnetpool",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared_subnetpools"
        ),
        PROJECT,
    ),
    Rule(
        "get_subnetpool:tags",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared_subnetpools"
        ),
        PROJECT,
    ),
    Rule("update_subnetpool", MEMBER, PROJECT),
    Rule("update_subnetpool:is_default", ADMIN, PROJECT),
    Rule("update_subnetpool:tags", MEMBER, PROJECT),
    Rule("delete_subnetpool", MEMBER, PROJECT),
    Rule("delete_subnetpool:tags", MEMBER, PROJECT),
    Rule("add_prefixes", MEMBER, PROJECT),
    Rule("remove_prefixes", MEMBER, PROJECT),
]

PORT = [
    Rule("network_device", "field:port:device_owner=~^network:"),
    Rule("compute_device", "field:port:device_owner=~^compute:"),
    Rule("baremetal_device", "field:port:device_owner=~^baremetal:"),
    Rule("manila_device", "field:port:device_owner=~^manila:"),
    Rule(
        "create_port",
        NETWORK_USER,
        PROJECT,
    ),
    Rule(
        "create_port:device_id",
        ("(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "create_port:device_owner",
        NO_NETWORK_DEVICE,
        PROJECT,
    ),
    Rule(
        "create_port:mac_address",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule(
        "create_port:fixed_ips",
        NETWORK_USER,
        PROJECT,
    ),
    Rule(
        "create_port:fixed_ips:ip_address",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule(
        "create_port:fixed_ips:subnet_id",
        NETWORK_USER,
        PROJECT,
    ),
    Rule(
        "create_port:port_security_enabled",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule("create_port:binding:host_id", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("create_port:binding:profile", "rule:service_api", PROJECT),
    Rule(
        "create_port:binding:vnic_type",
        ("(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "create_port:allowed_address_pairs",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "create_port:allowed_address_pairs:mac_address",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "create_port:allowed_address_pairs:ip_address",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "create_port:tags",
        (
            "(rule:admin_only) or (role:member and project_id:%(project_id)s) or "
            "rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule(
        "get_port",
        (
            "(rule:admin_only) or (rule:service_api) or role:reader and "
            "rule:network_owner or role:reader and project_id:%(project_id)s"
        ),
        PROJECT,
    ),
    Rule("get_port:binding:vif_type", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("get_port:binding:vif_details", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("get_port:binding:host_id", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("get_port:binding:profile", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule(
        "get_port:tags",
        (
            "rule:context_is_advsvc or (rule:admin_only) or (role:reader and "
            "rule:network_owner) or role:reader and project_id:%(project_id)s"
        ),
        PROJECT,
    ),
    Rule(
        "update_port",
        ("(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s"),
        PROJECT,
    ),
    Rule(
        "update_port:device_id",
        ("(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "update_port:device_owner",
        NO_NETWORK_DEVICE,
        PROJECT,
    ),
    Rule(
        "update_port:mac_address",
        ("(rule:admin_only) or (rule:service_api) or role:manager and rule:network_owner"),
        PROJECT,
    ),
    Rule(
        "update_port:fixed_ips",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule(
        "update_port:fixed_ips:ip_address",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule(
        "update_port:fixed_ips:subnet_id",
        NETWORK_USER,
        PROJECT,
    ),
    Rule(
        "update_port:port_security_enabled",
        ("(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner"),
        PROJECT,
    ),
    Rule("update_port:binding:host_id", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("update_port:binding:profile", "rule:service_api", PROJECT),
    Rule(
        "update_port:binding:vnic_type",
        ("(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s"),
        PROJECT,
    ),
    Rule(
        "update_port:allowed_address_pairs",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "update_port:allowed_address_pairs:mac_address",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "update_port:allowed_address_pairs:ip_address",
        ("(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api"),
        PROJECT,
    ),
    Rule(
        "update_port:tags",
        (
            "(rule:admin_only) or (role:member and project_id:%(project_id)s) or "
            "rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule(
        "delete_port",
        (
            "(rule:admin_only) or (rule:service_api) or (service_roles:service and "
            "(role:member and rule:network_owner or role:member and "
            "project_id:%(project_id)s)) or (not rule:compute_device and not "
            "rule:baremetal_device and not rule:manila_device and (role:member and "
            "rule:network_owner or role:member and project_id:%(project_id)s))"
        ),
        PROJECT,
    ),
    Rule(
        "delete_port:tags",
        (
            "rule:context_is_advsvc or role:member and project_id:%(project_id)s "
            "or (rule:admin_only) or (role:member and rule:network_owner)"
        ),
        PROJECT,
    ),
]

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

SECURITY_GROUP = [
    Rule("admin_or_sg_owner", "rule:context_is_admin or project_id:%(security_group:project_id)s"),
    Rule("admin_owner_or_sg_owner", "rule:owner or rule:admin_or_sg_owner"),
    Rule("shared_security_group", "field:security_groups:shared=True"),
    Rule("rule_default_sg", "field:security_group_rules:belongs_to_default_sg=True"),
    Rule(
        "create_default_security_group",
        ("(rule:admin_only) or (rule:service_api) or role:reader and project_id:%(project_id)s"),
        PROJECT,
    ),
    Rule("create_security_group", MEMBER, PROJECT),
    Rule("create_security_group:tags", MEMBER, PROJECT),
    Rule(
        "get_security_group",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared_security_group"
        ),
        PROJECT,
    ),
    Rule(
        "get_security_group:tags",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared_security_group"
        ),
        PROJECT,
    ),
    Rule("update_security_group", MEMBER, PROJECT),
    Rule("update_security_group:tags", MEMBER, PROJECT),
    Rule("delete_security_group", MEMBER, PROJECT),
    Rule("delete_security_group:tags", MEMBER, PROJECT),
    Rule(
        "create_security_group_rule",
        "(rule:admin_only) or (role:member and rule:sg_owner)",
        PROJECT,
    ),
    Rule(
        "get_security_group_rule", "(rule:admin_only) or (role:reader and rule:sg_owner)", PROJECT
    ),
    Rule(
        "delete_security_group_rule",
        "(rule:admin_only) or (role:member and rule:sg_owner)",
        PROJECT,
    ),
]

QUOTAS = [
    Rule("get_quota", "(rule:admin_only) or (role:manager and project_id:%(project_id)s)", PROJECT),
    Rule("update_quota", ADMIN, PROJECT),
    Rule("delete_quota", ADMIN, PROJECT),
]

AGENT = [
    Rule("get_agent", ADMIN, PROJECT),
    Rule("update_agent", ADMIN, PROJECT),
    Rule("delete_agent", ADMIN, PROJECT),
    Rule("get_l3-routers", ADMIN, PROJECT),
    Rule("create_l3-router", ADMIN, PROJECT),
    Rule("delete_l3-router", ADMIN, PROJECT),
    Rule("get_l3-agents", ADMIN, PROJECT),
    Rule("get_dhcp-networks", ADMIN, PROJECT),
    Rule("create_dhcp-network", ADMIN, PROJECT),
    Rule("delete_dhcp-network", ADMIN, PROJECT),
    Rule("get_dhcp-agents", ADMIN, PROJECT),
]

NETWORK_IP_AVAILABILITY = [
    Rule("get_network_ip_availability", "(rule:admin_only) or (rule:service_api)", PROJECT),
]

RBAC = [
    Rule(
        "restrict_wildcard",
        (
            "(not field:rbac_policy:target_tenant=* and not "
            "field:rbac_policy:target_project=*) or rule:admin_only"
        ),
    ),
    Rule("create_rbac_policy", MEMBER, PROJECT),
    Rule(
        "create_rbac_policy:target_tenant",
        (
            "rule:admin_only or (not field:rbac_policy:target_tenant=* and not "
            "field:rbac_policy:target_project=*)"
        ),
        PROJECT,
    ),
    Rule(
        "create_rbac_policy:target_project",
        "rule:admin_only or not field:rbac_policy:target_project=*",
        PROJECT,
    ),
    Rule("update_rbac_policy", MEMBER, PROJECT),
    Rule(
        "update_rbac_policy:target_tenant",
        (
            "rule:admin_only or (not field:rbac_policy:target_tenant=* and not "
            "field:rbac_policy:target_project=*)"
        ),
        PROJECT,
    ),
    Rule(
        "update_rbac_policy:target_project",
        "rule:admin_only or not field:rbac_policy:target_project=*",
        PROJECT,
    ),
    Rule("get_rbac_policy", READER, PROJECT),
    Rule("delete_rbac_policy", MEMBER, PROJECT),
]

ADDRESS_SCOPE = [
    Rule("shared_address_scopes", "field:address_scopes:shared=True"),
    Rule("create_address_scope", MEMBER, PROJECT),
    Rule("create_address_scope:shared", ADMIN, PROJECT),
    Rule(
        "get_address_scope",
        (
            "rule:admin_only or role:reader and project_id:%(project_id)s or "
            "rule:shared_address_scopes"
        ),
        PROJECT,
    ),
    Rule("update_address_scope", MEMBER, PROJECT),
    Rule("update_address_scope:shared", ADMIN, PROJECT),
    Rule("delete_address_scope", MEMBER, PROJECT),
]

SERVICE_TYPE = [
    Rule("get_service_provider", "role:reader", PROJECT),
]

AVAILABILITY_ZONE = [
    Rule("get_availability_zone", "role:reader", PROJECT),
]

RULES = [
    *BASE,
    *NETWORK,
    *SUBNET,
    *SUBNETPOOL,
    *PORT,
    *ROUTER,
    *FLOATINGIP,
    *SECURITY_GROUP,
    *QUOTAS,
    *AGENT,
    *NETWORK_IP_AVAILABILITY,
    *RBAC,
    *ADDRESS_SCOPE,
    *SERVICE_TYPE,
    *AVAILABILITY_ZONE,
]
