"""Rules of subnet pools and address scopes."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, MEMBER, PROJECT

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
    Rule("onboard_network_subnets", MEMBER, PROJECT),
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

RULES = [*SUBNETPOOL, *ADDRESS_SCOPE]
