"""Rules of address groups."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MEMBER, PROJECT

RULES = [
    Rule("shared_address_groups", "field:address_groups:shared=True"),
    Rule("create_address_group", MEMBER, PROJECT),
    Rule(
        "get_address_group",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared_address_groups"
        ),
        PROJECT,
    ),
    Rule("update_address_group", MEMBER, PROJECT),
    Rule("delete_address_group", MEMBER, PROJECT),
    Rule("add_addresses", MEMBER, PROJECT),
    Rule("remove_addresses", MEMBER, PROJECT),
]
