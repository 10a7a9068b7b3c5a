"""Rules of trunks."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MEMBER, PROJECT, READER

RULES = [
    Rule("create_trunk", MEMBER, PROJECT),
    Rule("create_trunk:tags", MEMBER, PROJECT),
    Rule("get_trunk", READER, PROJECT),
    Rule("get_trunk:tags", READER, PROJECT),
    Rule("update_trunk", MEMBER, PROJECT),
    Rule("update_trunk:tags", MEMBER, PROJECT),
    Rule("delete_trunk", MEMBER, PROJECT),
    Rule("delete_trunk:tags", MEMBER, PROJECT),
    Rule("get_subports", READER, PROJECT),
    Rule("add_subports", MEMBER, PROJECT),
    Rule("remove_subports", MEMBER, PROJECT),
]
