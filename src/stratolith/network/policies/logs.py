"""Rules of the logging API."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import MANAGER, PROJECT

RULES = [
    Rule("get_loggable_resource", MANAGER, PROJECT),
    Rule("create_log", MANAGER, PROJECT),
    Rule("get_log", MANAGER, PROJECT),
    Rule("update_log", MANAGER, PROJECT),
    Rule("delete_log", MANAGER, PROJECT),
]
