"""RBAC policies."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import RbacPolicy
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import one_of, text, uuid

SHAREABLE = (
    "network", "qos_policy", "security_group", "subnetpool", "address_scope", "address_group",
)  # fmt: skip

RBAC_POLICY = attributes(
    "rbac_policy",
    "rbac_policies",
    {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "object_type": Attribute(one_of(*SHAREABLE), update=False, required=True),
        "object_id": Attribute(uuid, update=False, required=True),
        "target_tenant": Attribute(text(64), required=True),
        "action": Attribute(text(32), update=False, required=True),
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
