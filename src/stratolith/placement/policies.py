"""Policy of the placement service, with OpenStack's names and defaults."""

from __future__ import annotations

from stratolith.kernel.policy import Rule

SCOPE = ("project",)
ADMIN_OR_SERVICE = "rule:admin_or_service_api"


def _rule(name: str, *operations: str, check: str = ADMIN_OR_SERVICE) -> Rule:
    return Rule(f"placement:{name}", check, scope=SCOPE, operations=operations)


PROVIDER = "/resource_providers/{uuid}"
RULES = [
    Rule("admin_api", "role:admin", scope=SCOPE),
    Rule("service_api", "role:service", scope=SCOPE),
    Rule("admin_or_service_api", "role:admin or role:service", scope=SCOPE),
    Rule("project_reader_api", "role:reader and project_id:%(project_id)s"),
    Rule(
        "admin_or_project_reader_or_service_api",
        "rule:admin_api or rule:project_reader_api or rule:service_api",
    ),
    _rule("resource_providers:list", "GET /resource_providers"),
    _rule("resource_providers:create", "POST /resource_providers"),
    _rule("resource_providers:show", f"GET {PROVIDER}"),
    _rule("resource_providers:update", f"PUT {PROVIDER}"),
    _rule("resource_providers:delete", f"DELETE {PROVIDER}"),
    _rule("resource_providers:inventories:list", f"GET {PROVIDER}/inventories"),
    _rule("resource_providers:inventories:create", f"POST {PROVIDER}/inventories"),
    _rule("resource_providers:inventories:show", f"GET {PROVIDER}/inventories/{{class}}"),
    _rule("resource_providers:inventories:update", f"PUT {PROVIDER}/inventories"),
    _rule("resource_providers:inventories:delete", f"DELETE {PROVIDER}/inventories"),
    _rule("resource_providers:aggregates:list", f"GET {PROVIDER}/aggregates"),
    _rule("resource_providers:aggregates:update", f"PUT {PROVIDER}/aggregates"),
    _rule("resource_providers:traits:list", f"GET {PROVIDER}/traits"),
    _rule("resource_providers:traits:update", f"PUT {PROVIDER}/traits"),
    _rule("resource_providers:traits:delete", f"DELETE {PROVIDER}/traits"),
    _rule("resource_providers:allocations:list", f"GET {PROVIDER}/allocations"),
    _rule("resource_providers:usages", f"GET {PROVIDER}/usages"),
    _rule("resource_classes:list", "GET /resource_classes"),
    _rule("resource_classes:create", "POST /resource_classes"),
    _rule("resource_classes:show", "GET /resource_classes/{name}"),
    _rule("resource_classes:update", "PUT /resource_classes/{name}"),
    _rule("resource_classes:delete", "DELETE /resource_classes/{name}"),
    _rule("traits:list", "GET /traits"),
    _rule("traits:show", "GET /traits/{name}"),
    _rule("traits:update", "PUT /traits/{name}"),
    _rule("traits:delete", "DELETE /traits/{name}"),
    _rule("allocations:manage", "POST /allocations"),
    _rule("allocations:list", "GET /allocations/{consumer_uuid}"),
    _rule("allocations:update", "PUT /allocations/{consumer_uuid}"),
    _rule("allocations:delete", "DELETE /allocations/{consumer_uuid}"),
    _rule("allocation_candidates:list", "GET /allocation_candidates"),
    _rule("usages", "GET /usages", check="rule:admin_or_project_reader_or_service_api"),
    _rule("reshaper:reshape", "POST /reshaper", check="rule:service_api"),
]
