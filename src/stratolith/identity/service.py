"""The service definition of identity."""

from __future__ import annotations

from pathlib import Path

from stratolith.identity import policies
from stratolith.identity.api import (
    application_credentials,
    auth,
    consumers,
    credentials,
    domain_config,
    domains,
    ec2_credentials,
    grants,
    groups,
    limits,
    memberships,
    oauth1,
    oauth2,
    projects,
    registered_limits,
    removed,
    revocations,
    role_assignments,
    roles,
    signatures,
    trusts,
    users,
    versions,
)
from stratolith.identity.api.service_catalog import (
    endpoint_filter,
    endpoint_groups,
    endpoints,
    policy_associations,
    regions,
    services,
)
from stratolith.identity.api.service_catalog import policies as policies_api
from stratolith.identity.managers import premade, tokens
from stratolith.identity.reconcilers.key_rotation import KeyRotation
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.routing import EarlyChecks
from stratolith.kernel.service import Service

SERVICE = Service(
    type="identity",
    name="keystone",
    port=5000,
    mount="/identity",
    prefix="/v3",
    garbled_query=True,
    token_first=(),
    max_body=112 << 10,  # as upstream; a login needs no token, so all clients can send a body
    doubled_slash="redirected",
    endpoint="/v3",
    vary="X-Auth-Token",
    early_checks=EarlyChecks.SCHEMA,
    errors=ErrorDialect.IDENTITY,
    routes=[
        *versions.ROUTES,
        *application_credentials.ROUTES,
        *auth.ROUTES,
        *domains.ROUTES,
        *domain_config.ROUTES,
        *projects.ROUTES,
        *users.ROUTES,
        *groups.ROUTES,
        *memberships.ROUTES,
        *roles.ROUTES,
        *grants.ROUTES,
        *role_assignments.ROUTES,
        *regions.ROUTES,
        *services.ROUTES,
        *endpoints.ROUTES,
        *endpoint_groups.ROUTES,
        *endpoint_filter.ROUTES,
        *registered_limits.ROUTES,
        *limits.ROUTES,
        *consumers.ROUTES,
        *oauth1.ROUTES,
        *oauth2.ROUTES,
        *removed.ROUTES,
        *credentials.ROUTES,
        *ec2_credentials.ROUTES,
        *policies_api.ROUTES,
        *policy_associations.ROUTES,
        *trusts.ROUTES,
        *signatures.ROUTES,
        *revocations.ROUTES,
    ],
    policies=policies.RULES,
    admin_rule="admin_required",
    reconcilers=[KeyRotation],
    settings=IdentitySettings,
    migrations=Path(__file__).with_name("migrations"),
    bootstrap=premade.bootstrap,
    authenticator=tokens.authenticator,
)
