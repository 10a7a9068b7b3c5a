"""Rules of QoS policies, their rules and the types of rules."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import PROJECT, READER

MANAGER = "(rule:admin_only) or (role:manager and project_id:%(project_id)s)"
SHARED_READER = f"{READER} or rule:shared_qos_policy"
OWNER_READER = "(rule:admin_only) or (role:reader and rule:ext_parent_owner)"
OWNER_MANAGER = "(rule:admin_only) or (role:manager and rule:ext_parent_owner)"

POLICY = [
    Rule("shared_qos_policy", "field:policies:shared=True"),
    Rule("get_policy", SHARED_READER, PROJECT),
    Rule("get_policy:tags", SHARED_READER, PROJECT),
    Rule("create_policy", MANAGER, PROJECT),
    Rule("create_policy:tags", MANAGER, PROJECT),
    Rule("update_policy", MANAGER, PROJECT),
    Rule("update_policy:tags", MANAGER, PROJECT),
    Rule("delete_policy", MANAGER, PROJECT),
    Rule("delete_policy:tags", MANAGER, PROJECT),
    Rule("get_rule_type", "role:reader", PROJECT),
]


def _of_type(name: str) -> list[Rule]:
    """The rules of the operations on the QoS rules of one type, below their policy."""
    of_policy = f"policy_{name}_rule"
    return [
        Rule(f"get_{of_policy}", OWNER_READER, PROJECT),
        *(Rule(f"{verb}_{of_policy}", OWNER_MANAGER, PROJECT) for verb in _CHANGES),
    ]


def _by_alias(name: str) -> list[Rule]:
    """The same by the rule's id alone."""
    alias = f"alias_{name}_rule"
    return [
        Rule(f"get_{alias}", OWNER_READER, PROJECT),
        Rule(f"update_{alias}", OWNER_MANAGER, PROJECT),
        Rule(f"delete_{alias}", OWNER_MANAGER, PROJECT),
    ]


_CHANGES = ("create", "update", "delete")
_ALIASED = ("bandwidth_limit", "dscp_marking", "minimum_bandwidth")
_PACKET_RATE = "minimum_packet_rate_rule"  # its aliases follow the rules below the policy

RULES = [
    *POLICY,
    *(
        rule
        for name in (*_ALIASED, "minimum_packet_rate", "packet_rate_limit")
        for rule in _of_type(name)
    ),
    *(rule for name in _ALIASED for rule in _by_alias(name)),
    *(
        Rule(f"{verb}_alias_{_PACKET_RATE}", f"rule:{verb}_policy_{_PACKET_RATE}", PROJECT)
        for verb in ("get", "update", "delete")
    ),
]
