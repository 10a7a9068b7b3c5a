"""Rules of metering labels."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import PROJECT, READER

_MANAGER = "(rule:admin_only) or (role:manager and project_id:%(project_id)s)"
RULES = [
    Rule("create_metering_label", _MANAGER, PROJECT),
    Rule("get_metering_label", READER, PROJECT),
    Rule("delete_metering_label", _MANAGER, PROJECT),
    Rule("create_metering_label_rule", _MANAGER, PROJECT),
    Rule("get_metering_label_rule", READER, PROJECT),
    Rule("delete_metering_label_rule", _MANAGER, PROJECT),
]
