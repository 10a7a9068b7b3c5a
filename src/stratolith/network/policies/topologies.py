"""Rules of auto-allocated topologies."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MEMBER, PROJECT, READER

RULES = [
    Rule("get_auto_allocated_topology", READER, PROJECT),
    Rule("delete_auto_allocated_topology", MEMBER, PROJECT),
]
