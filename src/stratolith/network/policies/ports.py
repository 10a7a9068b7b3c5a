"""Rules of ports."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import NETWORK_USER, NO_NETWORK_DEVICE, PROJECT

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
    Rule("get_port:resource_request", "rule:admin_only", PROJECT),
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
    Rule("update_port:data_plane_status", "rule:admin_only or role:data_plane_integrator", PROJECT),
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

BINDING = [
    Rule("get_port_binding", "(rule:admin_only) or (rule:service_api)", PROJECT),
    Rule("create_port_binding", "rule:service_api", PROJECT),
    Rule("delete_port_binding", "rule:service_api", PROJECT),
    Rule("activate", "rule:service_api", PROJECT),
]

RULES = [*PORT, *BINDING]
