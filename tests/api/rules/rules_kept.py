"""Rules that no request of tests/api/rules/test_rules.py asks, and why they are there.

docs/explanation/security.md names those without effect.
"""

from __future__ import annotations

FOR_FILES = "upstream offers it to the rules of a policy.yaml; none of the defaults uses it"
NOT_THERE = "what it guards upstream is not there; a policy.yaml that names it still loads"
OF_TOKENS = "tests/api/identity/tokens/test_rules_of_tokens.py"
OTHERWISE = "asked, but not by a request that a test of routes can make: see the test named"

KEPT: dict[tuple[str, str], str] = {
    **{
        ("network", name): FOR_FILES
        for name in (
            "context_with_global_access", "owner", "admin_or_owner", "admin_or_network_owner",
            "admin_owner_or_network_owner", "regular_user", "default", "admin_or_sg_owner",
            "admin_owner_or_sg_owner", "rule_default_sg", "restrict_wildcard",
            "admin_or_ext_parent_owner",
        )
    },
    **{
        ("network", name): NOT_THERE
        for name in (
            "create_default_security_group",
            "create_floatingip:router_id", "update_floatingip:router_id",
            "create_rbac_policy:target_project", "update_rbac_policy:target_project",
        )
    },
    **{
        ("compute", name): FOR_FILES
        for name in (
            "admin_or_owner", "admin_api", "project_manager_api", "service_api",
            "project_manager_or_admin", "service_or_admin",
        )
    },
    ("compute", "os_compute_api:servers:show:host_status:unknown-only"): (
        "asked where servers:show:host_status is denied, which takes two overrides"
    ),
    **{
        ("identity", name): FOR_FILES
        for name in ("token_subject", "admin_or_token_subject", "service_admin_or_token_subject")
    },
    ("identity", "identity:revocation_list"): NOT_THERE,
    **{
        ("identity", f"identity:{name}"): f"{OTHERWISE}: {OF_TOKENS}"
        for name in (
            "get_security_compliance_domain_config", "check_token", "validate_token",
            "revoke_token",
        )
    },
    **{("image", name): NOT_THERE for name in ("metadef_default", "modify_task")},
    ("image", "get_image_location"): NOT_THERE,
    **{
        ("image", name): f"{OTHERWISE}: tests/api/image/test_rules_asked_here.py"
        for name in (
            "download_from_store", "delete_image_location", "set_image_location", "copy_image",
            "get_task",
        )
    },
}  # fmt: skip
