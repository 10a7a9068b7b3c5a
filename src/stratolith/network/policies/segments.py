"""Rules of segments and of ranges of their numbers."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, PROJECT

SEGMENT = [
    Rule("create_segment", ADMIN, PROJECT),
    Rule("get_segment", ADMIN, PROJECT),
    Rule("update_segment", ADMIN, PROJECT),
    Rule("delete_segment", ADMIN, PROJECT),
]

NETWORK_SEGMENT_RANGE = [
    Rule("create_network_segment_range", ADMIN, PROJECT),
    Rule("create_network_segment_range:tags", ADMIN, PROJECT),
    Rule("get_network_segment_range", ADMIN, PROJECT),
    Rule("get_network_segment_range:tags", ADMIN, PROJECT),
    Rule("update_network_segment_range", ADMIN, PROJECT),
    Rule("update_network_segment_range:tags", ADMIN, PROJECT),
    Rule("delete_network_segment_range", ADMIN, PROJECT),
    Rule("delete_network_segment_range:tags", ADMIN, PROJECT),
]

RULES = [*SEGMENT, *NETWORK_SEGMENT_RANGE]
