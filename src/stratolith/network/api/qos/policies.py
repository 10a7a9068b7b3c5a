"""/qos/policies"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean
from stratolith.network import models as m
from stratolith.network.api.filters import shared, tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.qos import QosPolicyNotFound
from stratolith.network.managers import tags
from stratolith.network.managers.qos import policies, rules
from stratolith.network.schemas.qos.policies import POLICY, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    rules_of = rules.of(ctx, ids)
    tagged = tags.of(ctx, ids)
    policies.note_granted(ctx, rows)
    return [
        render(row, rules_of[row.id], tagged.get(row.id, []), shared=row.shared or row.granted)
        for row in rows
    ]


POLICIES = Resource(
    POLICY.name,
    STYLE,
    plural=POLICY.collection,
    path="/qos/policies",
    load=policies.get,
    rendered=rendered,
    attributes=POLICY,
    listing=Listing(
        m.QosPolicy,
        visible=policies.visible,
        filters=tagged(
            m.QosPolicy,
            "name",
            is_default=boolean(m.QosPolicy.is_default),
            shared=shared(policies.shared_with_caller),
        ),
        sort_keys={
            "id": m.QosPolicy.id,
            "name": m.QosPolicy.name,
            "project_id": m.QosPolicy.project_id,
            "tenant_id": m.QosPolicy.project_id,
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: QosPolicyNotFound(policy_id=marker),
        read=plain_reader(m.QosPolicy),
    ),
    create=Verb(policies.create),
    update=Verb(policies.update),
    delete=Verb(policies.delete),
    prepare=policies.note_granted,
    tagged=True,
)
ROUTES = POLICIES.routes
