"""/rbac-policies"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid, Resource, Verb, exact
from stratolith.network import models as m
from stratolith.network.api.filters import bare, checked, listing_of, owned
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.sharing import RbacPolicyNotFound
from stratolith.network.managers import rbac_policies
from stratolith.network.schemas.rbac_policies import RBAC_POLICY, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


# The object types that Neutron's API defines, also those that this service does not have
OBJECT_TYPES = (
    "address_group", "address_scope", "network", "qos_policy", "security_group", "subnetpool",
)  # fmt: skip


def _object_type(text: str) -> str:
    if text not in OBJECT_TYPES:
        raise Invalid(f"'{text}' is not a valid RBAC object type.")
    return text


RBAC_POLICIES = Resource(
    RBAC_POLICY.name,
    STYLE,
    plural=RBAC_POLICY.collection,
    load=rbac_policies.get,
    rendered=rendered,
    attributes=RBAC_POLICY,
    listing=listing_of(
        m.RbacPolicy,
        ("object_type", "object_id", "action"),
        bare(
            m.RbacPolicy,
            "object_id",
            "action",
            object_type=checked(exact(m.RbacPolicy.object_type), _object_type),
            target_tenant=exact(m.RbacPolicy.target_project),
        ),
        visible=owned(m.RbacPolicy),
        missing=lambda marker: RbacPolicyNotFound(object_type="network", id=marker),
    ),
    create=Verb(rbac_policies.create),
    update=Verb(rbac_policies.update),
    delete=Verb(rbac_policies.delete),
)
ROUTES = RBAC_POLICIES.routes
