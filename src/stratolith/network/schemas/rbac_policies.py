"""RBAC policies."""

from __future__ import annotations

from typing import Any

from stratolith.network.models import RbacPolicy
from stratolith.network.schemas.fields import one_of, text, uuid
from stratolith.network.schemas.resource import READ_ONLY, Attr, Resource

RBAC_POLICY = Resource(
    "rbac_policy",
    "rbac_policies",
    {
        "id": READ_ONLY,
        "project_id": Attr(text(64), update=False),
        "tenant_id": Attr(text(64), update=False),
        "object_type": Attr(one_of("network", "security_group"), update=False, required=True),
        "object_id": Attr(uuid, update=False, required=True),
        "target_tenant": Attr(text(64), required=True),
        "action": Attr(text(32), update=False, required=True),
    },
)


def render(policy: RbacPolicy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "object_type": policy.object_type,
        "object_id": policy.object_id,
        "target_tenant": policy.target_project,
        "action": policy.action,
        "project_id": policy.project_id,
        "tenant_id": policy.project_id,
    }
