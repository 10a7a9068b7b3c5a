"""The rules that other rules name, and roles that many rules ask for."""

from __future__ import annotations

from stratolith.kernel.policy import Rule

PROJECT = ("project",)
ADMIN = "rule:admin_only"
MEMBER = "(rule:admin_only) or (role:member and project_id:%(project_id)s)"
MANAGER = "(rule:admin_only) or (role:manager and project_id:%(project_id)s)"
READER = "(rule:admin_only) or (role:reader and project_id:%(project_id)s)"
# Of the resource in whose path it is.
PARENT_MEMBER = "(rule:admin_only) or (role:member and rule:ext_parent_owner)"
PARENT_READER = "(rule:admin_only) or (role:reader and rule:ext_parent_owner)"
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
    Rule(
        "admin_or_ext_parent_owner",
        "rule:context_is_admin or project_id:%(ext_parent:project_id)s",
    ),
    Rule("ext_parent_owner", "project_id:%(ext_parent:project_id)s"),
    Rule("admin_only", "rule:context_is_admin"),
    Rule("regular_user", ""),
    Rule("shared", "field:networks:shared=True"),
    Rule("default", "rule:admin_or_owner"),
    Rule("sg_owner", "project_id:%(security_group:project_id)s"),
]
