"""Policy documents over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import text_filters
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import policies
from stratolith.identity.models import PolicyBlob
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import EarlyChecks


def render(ctx: Context, policy: PolicyBlob) -> dict[str, Any]:
    return {**policy.extra, "id": policy.id, "type": policy.type, "blob": policy.blob}


POLICIES = Resource(
    "policy",
    STYLE,
    plural="policies",
    load=policies.get,
    rendered=linked("policies", render),
    listing=Listing(
        PolicyBlob,
        filters=text_filters("type", PolicyBlob.type),
        default_sort=[("id", "asc")],
    ),
    create=Verb(policies.create, body=schemas.CREATE_POLICY, early_checks=EarlyChecks.GRAMMAR),
    update=Verb(policies.update, body=schemas.UPDATE_POLICY, early_checks=EarlyChecks.GRAMMAR),
    delete=Verb(policies.remove),
)

ROUTES = POLICIES.routes
