"""Policy documents stored for other services; this cloud does not use them."""

from __future__ import annotations

from typing import Any

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers.attributes import extra_of, merge_extra
from stratolith.identity.models import PolicyBlob
from stratolith.kernel.context import Context

Values = dict[str, Any]
KNOWN = ("type", "blob")


def get(ctx: Context, policy_id: str) -> PolicyBlob:
    """Raises ResourceNotFound."""
    policy = ctx.session.get(PolicyBlob, policy_id)
    if policy is None:
        raise ResourceNotFound(kind="policy", id=policy_id)
    return policy


def create(ctx: Context, values: Values) -> PolicyBlob:
    policy = PolicyBlob(type=values["type"], blob=values["blob"], extra=extra_of(values, KNOWN))
    ctx.session.add(policy)
    ctx.session.flush()
    return policy


def update(ctx: Context, policy: PolicyBlob, values: Values) -> PolicyBlob:
    for name in KNOWN:
        if name in values:
            setattr(policy, name, values[name])
    policy.extra = merge_extra(policy.extra, values, KNOWN)
    ctx.session.flush()
    return policy


def remove(ctx: Context, policy: PolicyBlob) -> None:
    ctx.session.delete(policy)
