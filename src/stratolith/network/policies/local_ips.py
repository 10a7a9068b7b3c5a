"""Rules of local IPs."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MEMBER, PARENT_MEMBER, PARENT_READER, PROJECT, READER

RULES = [
    Rule("create_local_ip", MEMBER, PROJECT),
    Rule("get_local_ip", READER, PROJECT),
    Rule("update_local_ip", MEMBER, PROJECT),
    Rule("delete_local_ip", MEMBER, PROJECT),
    Rule("create_local_ip_port_association", PARENT_MEMBER, PROJECT),
    Rule("get_local_ip_port_association", PARENT_READER, PROJECT),
    Rule("delete_local_ip_port_association", PARENT_MEMBER, PROJECT),
]
