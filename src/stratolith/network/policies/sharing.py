"""Rules of RBAC policies."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MEMBER, PROJECT, READER

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

RULES = [*RBAC]
