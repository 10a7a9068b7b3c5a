"""Policy documents over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.collections import text_filters
from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import policy_blobs
from stratolith.identity.models import PolicyBlob
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context


def render(ctx: Context, policy: PolicyBlob) -> dict[str, Any]:
    return {**policy.extra, "id": policy.id, "type": policy.type, "blob": policy.blob}


POLICIES = Plain(
    "policy",
    PolicyBlob,
    render,
    Rules(policy_blobs.get, policy_blobs.create, policy_blobs.update, policy_blobs.remove),
    schemas.CREATE_POLICY,
    schemas.UPDATE_POLICY,
    filters=text_filters("type", PolicyBlob.type),
    plural="policies",
    policy_first=("POST", "PATCH"),
)

ROUTES = POLICIES.routes()
