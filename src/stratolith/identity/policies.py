"""The policy of identity: upstream's rule names and default checks.

The personas: ``admin`` may do everything; ``reader`` with system scope reads everything;
``manager`` and ``reader`` with domain scope manage and read their domain.
Source of names and checks: Keystone's policy reference.
"""

from __future__ import annotations

from stratolith.kernel.policy import Rule

ANY_SCOPE = ("system", "domain", "project")
SYSTEM_OR_PROJECT = ("system", "project")
PROJECT_ONLY = ("project",)

ADMIN = "rule:admin_required"
ADMIN_OR_SYSTEM_READER = "rule:admin_required or (role:reader and system_scope:all)"
ANYBODY = ""

_BASE = {
    "admin_required": "role:admin or is_admin:1",
    "service_role": "role:service",
    "service_or_admin": "rule:admin_required or rule:service_role",
    "owner": "user_id:%(user_id)s",
    "admin_or_owner": "rule:admin_required or rule:owner",
    "token_subject": "user_id:%(target.token.user_id)s",
    "admin_or_token_subject": "rule:admin_required or rule:token_subject",
    "service_admin_or_token_subject": "rule:service_or_admin or rule:token_subject",
    "domain_managed_target_role": (
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s"
        " or 'reader':%(target.role.name)s"
    ),
}

# (check, scopes, the rules with this check)
_GROUPS: list[tuple[str, tuple[str, ...], str]] = [
    (
        "(role:reader and system_scope:all) or user_id:%(target.user.id)s",
        SYSTEM_OR_PROJECT,
        """
        get_access_rule list_access_rules
        """,
    ),
    (
        "(role:admin and system_scope:all) or user_id:%(target.user.id)s",
        SYSTEM_OR_PROJECT,
        """
        delete_access_rule
        """,
    ),
    (
        "rule:admin_required or (role:reader and system_scope:all) or rule:owner",
        SYSTEM_OR_PROJECT,
        """
        get_application_credential list_application_credentials ec2_list_credentials
        """,
    ),
    (
        "user_id:%(user_id)s",
        PROJECT_ONLY,
        """
        create_application_credential
        """,
    ),
    (
        "rule:admin_or_owner",
        SYSTEM_OR_PROJECT,
        """
        delete_application_credential
        """,
    ),
    (
        ANYBODY,
        (),
        """
        get_auth_catalog get_auth_projects get_auth_domains get_auth_system
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or "
            "user_id:%(target.credential.user_id)s"
        ),
        ANY_SCOPE,
        """
        get_credential list_credentials
        """,
    ),
    (
        "rule:admin_required or user_id:%(target.credential.user_id)s",
        ANY_SCOPE,
        """
        create_credential update_credential delete_credential
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or "
            "token.domain.id:%(target.domain.id)s or "
            "token.project.domain.id:%(target.domain.id)s"
        ),
        ANY_SCOPE,
        """
        get_domain
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.domain.id)s)"
        ),
        ANY_SCOPE,
        """
        list_domains
        """,
    ),
    (
        ADMIN,
        SYSTEM_OR_PROJECT,
        """
        create_domain update_domain delete_domain create_domain_config update_domain_config
        delete_domain_config create_endpoint update_endpoint delete_endpoint create_endpoint_group
        update_endpoint_group delete_endpoint_group add_endpoint_group_to_project
        remove_endpoint_group_from_project create_system_grant_for_user
        revoke_system_grant_for_user create_system_grant_for_group revoke_system_grant_for_group
        create_implied_role delete_implied_role create_limits update_limit delete_limit
        create_policy update_policy delete_policy create_policy_association_for_endpoint
        delete_policy_association_for_endpoint create_policy_association_for_service
        delete_policy_association_for_service create_policy_association_for_region_and_service
        delete_policy_association_for_region_and_service add_endpoint_to_project
        remove_endpoint_from_project create_region update_region delete_region
        create_registered_limits update_registered_limit delete_registered_limit create_role
        update_role delete_role create_domain_role update_domain_role delete_domain_role
        create_service update_service delete_service create_consumer update_consumer
        delete_consumer
        """,
    ),
    (
        ADMIN_OR_SYSTEM_READER,
        SYSTEM_OR_PROJECT,
        """
        get_domain_config get_domain_config_default get_endpoint list_endpoints
        list_endpoint_groups get_endpoint_group list_projects_associated_with_endpoint_group
        list_endpoints_associated_with_endpoint_group get_endpoint_group_in_project
        list_endpoint_groups_for_project list_system_grants_for_user check_system_grant_for_user
        list_system_grants_for_group check_system_grant_for_group get_implied_role
        list_implied_roles list_role_inference_rules check_implied_role get_policy list_policies
        check_policy_association_for_endpoint check_policy_association_for_service
        check_policy_association_for_region_and_service get_policy_for_endpoint
        list_endpoints_for_policy list_projects_for_endpoint check_endpoint_in_project
        list_endpoints_for_project get_domain_role list_domain_roles get_service list_services
        list_trusts get_consumer list_consumers
        """,
    ),
    (
        ANYBODY,
        ANY_SCOPE,
        """
        get_security_compliance_domain_config get_limit_model list_limits get_region list_regions
        get_registered_limit list_registered_limits
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or "
            "user_id:%(target.credential.user_id)s"
        ),
        SYSTEM_OR_PROJECT,
        """
        ec2_get_credential
        """,
    ),
    (
        "rule:admin_required or (role:member and user_id:%(target.credential.user_id)s)",
        SYSTEM_OR_PROJECT,
        """
        ec2_create_credential ec2_delete_credential
        """,
    ),
    (
        (
            "rule:admin_required or ((role:reader and system_scope:all) or ((role:reader and "
            "domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or "
            "(role:reader and domain_id:%(target.user.domain_id)s and "
            "domain_id:%(target.domain.id)s) or (role:reader and "
            "domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or "
            "(role:reader and domain_id:%(target.group.domain_id)s and "
            "domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or "
            "None:%(target.role.domain_id)s))"
        ),
        ANY_SCOPE,
        """
        check_grant
        """,
    ),
    (
        (
            "rule:admin_required or ((role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or "
            "(role:reader and domain_id:%(target.user.domain_id)s and "
            "domain_id:%(target.domain.id)s) or (role:reader and "
            "domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or "
            "(role:reader and domain_id:%(target.group.domain_id)s and "
            "domain_id:%(target.domain.id)s))"
        ),
        ANY_SCOPE,
        """
        list_grants
        """,
    ),
    (
        (
            "rule:admin_required or ((role:admin and domain_id:%(target.user.domain_id)s and "
            "domain_id:%(target.project.domain_id)s) or (role:admin and "
            "domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or "
            "(role:admin and domain_id:%(target.group.domain_id)s and "
            "domain_id:%(target.project.domain_id)s) or (role:admin and "
            "domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and "
            "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s) or "
            "((role:manager and domain_id:%(target.user.domain_id)s and "
            "domain_id:%(target.project.domain_id)s) or (role:manager and "
            "domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or "
            "(role:manager and domain_id:%(target.group.domain_id)s and "
            "domain_id:%(target.project.domain_id)s) or (role:manager and "
            "domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and "
            "rule:domain_managed_target_role"
        ),
        ANY_SCOPE,
        """
        create_grant revoke_grant
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.group.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        get_group list_groups list_users_in_group
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s"
        ),
        ANY_SCOPE,
        """
        list_groups_for_user
        """,
    ),
    (
        "rule:admin_required or (role:manager and domain_id:%(target.group.domain_id)s)",
        ANY_SCOPE,
        """
        create_group update_group delete_group
        """,
    ),
    (
        (
            "rule:admin_required or (role:manager and domain_id:%(target.group.domain_id)s and "
            "domain_id:%(target.user.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        remove_user_from_group add_user_to_group
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        check_user_in_group
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or "
            "(domain_id:%(target.limit.domain.id)s or "
            "domain_id:%(target.limit.project.domain_id)s) or "
            "(project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)"
        ),
        ANY_SCOPE,
        """
        get_limit
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or "
            "project_id:%(target.project.id)s"
        ),
        ANY_SCOPE,
        """
        get_project list_project_tags get_project_tag
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        list_projects list_users
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
        ),
        ANY_SCOPE,
        """
        list_user_projects
        """,
    ),
    (
        (
            "rule:admin_required or (role:manager and domain_id:%(target.project.domain_id)s and "
            "not None:%(target.project.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        create_project update_project delete_project update_project_tags create_project_tag
        delete_project_tags delete_project_tag
        """,
    ),
    (
        "rule:service_or_admin",
        SYSTEM_OR_PROJECT,
        """
        list_revoke_events revocation_list
        """,
    ),
    (
        (
            "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and "
            "rule:domain_managed_target_role)"
        ),
        ANY_SCOPE,
        """
        get_role
        """,
    ),
    (
        (
            "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and not "
            "domain_id:None)"
        ),
        ANY_SCOPE,
        """
        list_roles
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)"
        ),
        ANY_SCOPE,
        """
        list_role_assignments list_role_assignments_for_tree
        """,
    ),
    (
        "rule:service_or_admin",
        ANY_SCOPE,
        """
        s3tokens_validate ec2tokens_validate
        """,
    ),
    (
        "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject",
        ANY_SCOPE,
        """
        check_token
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or "
            "rule:token_subject"
        ),
        ANY_SCOPE,
        """
        validate_token
        """,
    ),
    (
        "rule:admin_required or rule:token_subject",
        ANY_SCOPE,
        """
        revoke_token
        """,
    ),
    (
        "user_id:%(target.trust.trustor_user_id)s",
        PROJECT_ONLY,
        """
        create_trust
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all or "
            "user_id:%(target.trust.trustor_user_id)s)"
        ),
        SYSTEM_OR_PROJECT,
        """
        list_trusts_for_trustor
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all or "
            "user_id:%(target.trust.trustee_user_id)s)"
        ),
        SYSTEM_OR_PROJECT,
        """
        list_trusts_for_trustee
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all or "
            "user_id:%(target.trust.trustor_user_id)s or "
            "user_id:%(target.trust.trustee_user_id)s)"
        ),
        SYSTEM_OR_PROJECT,
        """
        list_roles_for_trust get_role_for_trust get_trust
        """,
    ),
    (
        "rule:admin_required or user_id:%(target.trust.trustor_user_id)s",
        SYSTEM_OR_PROJECT,
        """
        delete_trust
        """,
    ),
    (
        (
            "rule:admin_required or (role:reader and system_scope:all) or (role:reader and "
            "token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
        ),
        ANY_SCOPE,
        """
        get_user
        """,
    ),
    (
        "rule:admin_required or (role:manager and token.domain.id:%(target.user.domain_id)s)",
        ANY_SCOPE,
        """
        create_user update_user delete_user
        """,
    ),
    (
        ADMIN,
        PROJECT_ONLY,
        """
        authorize_request_token list_access_tokens get_access_token delete_access_token
        list_access_token_roles get_access_token_role
        """,
    ),
    (
        "rule:admin_or_owner",
        ANY_SCOPE,
        """
        revoke_tokens_for_user
        """,
    ),
]

RULES: list[Rule] = [Rule(name, check) for name, check in _BASE.items()]
RULES += [
    Rule(f"identity:{name}", check, scope)
    for check, scope, names in _GROUPS
    for name in names.split()
]
