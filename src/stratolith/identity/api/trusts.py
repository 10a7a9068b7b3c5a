"""Trusts over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api import roles as roles_api
from stratolith.identity.api.application_credentials import moment_of
from stratolith.identity.api.delegation import refuse_trusts
from stratolith.identity.api.filters import text_filters
from stratolith.identity.api.style import collection, page_of
from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import application_credentials, trusts
from stratolith.identity.models import Role, Trust
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.clock import zulu_micro
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.resource import Listing
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]

LISTING = Listing(
    Trust,
    filters={
        **text_filters("trustor_user_id", Trust.trustor_user_id),
        **text_filters("trustee_user_id", Trust.trustee_user_id),
    },
    default_sort=[("id", "asc")],
)


def _brief(ctx: Context, trust: Trust) -> Body:
    return {
        "id": trust.id,
        "trustor_user_id": trust.trustor_user_id,
        "trustee_user_id": trust.trustee_user_id,
        "project_id": trust.project_id,
        "impersonation": trust.impersonation,
        "expires_at": zulu_micro(trust.expires_at),
        "remaining_uses": trust.remaining_uses,
        "deleted_at": None,
        "redelegated_trust_id": trust.redelegated_trust_id,
        "redelegation_count": trust.redelegation_count,
        "links": {"self": f"{ctx.base_url}/v3/OS-TRUST/trusts/{trust.id}"},
    }


def _roles(ctx: Context, trust: Trust) -> list[Role]:
    return application_credentials.roles_of(ctx, trust.role_ids)


def render(ctx: Context, trust: Trust) -> Body:
    roles_url = f"{ctx.base_url}/v3/OS-TRUST/trusts/{trust.id}/roles"
    return {
        **_brief(ctx, trust),
        "roles": [roles_api.render(ctx, role) for role in _roles(ctx, trust)],
        "roles_links": {"self": roles_url, "next": None, "previous": None},
    }


def _policy_target(trust: Trust | None) -> dict[str, Any]:
    if trust is None:
        return {}
    return {
        "target.trust.trustor_user_id": trust.trustor_user_id,
        "target.trust.trustee_user_id": trust.trustee_user_id,
    }


def _admitted(ctx: Context, rule: str, trust_id: str) -> Trust:
    """The trust, if the caller may access it; raises Forbidden before NotFound."""
    refuse_trusts(ctx)
    try:
        trust = trusts.get(ctx, trust_id)
    except NotFound:
        # only trustor and trustee may learn that a trust existed
        if ctx.can("identity:list_trusts", {}) or ctx.session.get(Trust, trust_id) is None:
            raise
        ctx.authorize(rule, _policy_target(ctx.session.get(Trust, trust_id)))
        raise
    ctx.authorize(rule, _policy_target(trust))
    return trust


def index(ctx: Context) -> Body:
    """All trusts, or with ``trustor_user_id`` or ``trustee_user_id`` those of one party; includes
    expired trusts.
    """
    refuse_trusts(ctx)
    parties = [p for p in ("trustor", "trustee") if ctx.query.get(f"{p}_user_id")]
    if not parties:
        ctx.authorize("identity:list_trusts", {})
    for party in parties:
        user_id = ctx.query[f"{party}_user_id"]
        ctx.authorize(
            f"identity:list_trusts_for_{party}", {f"target.trust.{party}_user_id": user_id}
        )
    page = page_of(ctx, LISTING, select(Trust))
    return collection(ctx, "trusts", [_brief(ctx, trust) for trust in page.rows], page)


def show(ctx: Context, trust_id: str) -> Body:
    return {"trust": render(ctx, _admitted(ctx, "identity:get_trust", trust_id))}


def _of_trustor(ctx: Context, asked: Asked) -> Body:
    return {"target.trust.trustor_user_id": asked.body["trust"]["trustor_user_id"]}


def create(ctx: Context, body: Body) -> Body:
    values = body["trust"]
    refuse_trusts(ctx)
    expires_at = moment_of(ctx, values.get("expires_at"))
    return {"trust": render(ctx, trusts.create(ctx, values, expires_at))}


def remove(ctx: Context, trust_id: str) -> None:
    trusts.remove(ctx, _admitted(ctx, "identity:delete_trust", trust_id))


def list_roles(ctx: Context, trust_id: str) -> Body:
    trust = _admitted(ctx, "identity:list_roles_for_trust", trust_id)
    roles = [roles_api.render(ctx, role) for role in _roles(ctx, trust)]
    return collection(ctx, "roles", roles)


def show_role(ctx: Context, trust_id: str, role_id: str) -> Body:
    trust = _admitted(ctx, "identity:get_role_for_trust", trust_id)
    for role in _roles(ctx, trust):
        if role.id == role_id:
            return {"role": roles_api.render(ctx, role)}
    raise ResourceNotFound(kind="role", id=role_id)


_ALL = "/OS-TRUST/trusts"

ROUTES = [
    Route.get(_ALL, index, listing=LISTING),
    Route.post(
        _ALL,
        create,
        rule="identity:create_trust",
        target=_of_trustor,
        body=schemas.CREATE_TRUST,
        status=201,
    ),
    Route.get(_ALL + "/{trust_id}", show),
    Route.delete(_ALL + "/{trust_id}", remove),
    Route.get(_ALL + "/{trust_id}/roles", list_roles),
    Route.get(_ALL + "/{trust_id}/roles/{role_id}", show_role),
]
