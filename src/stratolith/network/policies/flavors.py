"""Rules of flavors and service profiles."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, PROJECT

RULES = [
    Rule("create_flavor", ADMIN, PROJECT),
    Rule("get_flavor", "role:reader", PROJECT),
    Rule("update_flavor", ADMIN, PROJECT),
    Rule("delete_flavor", ADMIN, PROJECT),
    Rule("create_service_profile", ADMIN, PROJECT),
    Rule("get_service_profile", ADMIN, PROJECT),
    Rule("update_service_profile", ADMIN, PROJECT),
    Rule("delete_service_profile", ADMIN, PROJECT),
    Rule("create_flavor_service_profile", ADMIN, PROJECT),
    Rule("delete_flavor_service_profile", ADMIN, PROJECT),
]
