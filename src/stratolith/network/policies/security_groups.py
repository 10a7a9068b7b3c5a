"""Rules of security groups."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, MANAGER, MEMBER, PROJECT, READER

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

DEFAULTS = [
    Rule("create_default_security_group_rule", ADMIN, PROJECT),
    Rule("get_default_security_group_rule", "role:reader", PROJECT),
    Rule("delete_default_security_group_rule", ADMIN, PROJECT),
    Rule("create_security_groups_default_statefulness", MANAGER, PROJECT),
    Rule("get_security_groups_default_statefulness", READER, PROJECT),
    Rule("update_security_groups_default_statefulness", MANAGER, PROJECT),
    Rule("delete_security_groups_default_statefulness", MANAGER, PROJECT),
]

RULES = [*SECURITY_GROUP, *DEFAULTS]
