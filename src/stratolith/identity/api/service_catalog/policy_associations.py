"""Associations of policy documents with endpoints, over HTTP (OS-ENDPOINT-POLICY)."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.service_catalog.endpoints import ENDPOINTS
from stratolith.identity.api.service_catalog.policies import POLICIES
from stratolith.identity.api.style import collection
from stratolith.identity.managers import catalog_rows, policies, policy_associations
from stratolith.identity.managers.policy_associations import Place
from stratolith.identity.models import PolicyBlob
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def _pair(ctx: Context, policy_id: str, ids: dict[str, str]) -> tuple[PolicyBlob, Place]:
    """Both sides of an association; raises ResourceNotFound."""
    policy = policies.get(ctx, policy_id)
    if "endpoint_id" in ids:
        catalog_rows.get_endpoint(ctx, ids["endpoint_id"])
    if "service_id" in ids:
        catalog_rows.get_service(ctx, ids["service_id"])
    if "region_id" in ids:
        catalog_rows.get_region(ctx, ids["region_id"])
    return policy, Place(**ids)


def check(ctx: Context, policy_id: str, **ids: str) -> None:
    policy_associations.get(ctx, *_pair(ctx, policy_id, ids))


def associate(ctx: Context, policy_id: str, **ids: str) -> None:
    policy_associations.associate(ctx, *_pair(ctx, policy_id, ids))


def remove(ctx: Context, policy_id: str, **ids: str) -> None:
    policy_associations.remove(ctx, *_pair(ctx, policy_id, ids))


def show_of_endpoint(ctx: Context, endpoint_id: str) -> Body:
    endpoint = catalog_rows.get_endpoint(ctx, endpoint_id)
    return {"policy": POLICIES.document(ctx, policy_associations.of_endpoint(ctx, endpoint))}


def list_endpoints(ctx: Context, policy_id: str) -> Body:
    rows = policy_associations.endpoints_of(ctx, policies.get(ctx, policy_id))
    return collection(ctx, "endpoints", [ENDPOINTS.document(ctx, endpoint) for endpoint in rows])


_POLICY = "/policies/{policy_id}/OS-ENDPOINT-POLICY"
_PLACES = {
    "endpoint": "/endpoints/{endpoint_id}",
    "service": "/services/{service_id}",
    "region_and_service": "/services/{service_id}/regions/{region_id}",
}


def _routes(kind: str, path: str) -> list[Route]:
    rule = f"policy_association_for_{kind}"
    return [
        Route.get(_POLICY + path, check, rule=f"identity:check_{rule}", status=204),
        Route.put(_POLICY + path, associate, rule=f"identity:create_{rule}", status=204),
        Route.delete(_POLICY + path, remove, rule=f"identity:delete_{rule}"),
    ]


ROUTES = [
    *(route for kind, path in _PLACES.items() for route in _routes(kind, path)),
    Route.get(_POLICY + "/endpoints", list_endpoints, rule="identity:list_endpoints_for_policy"),
    Route.get(
        "/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy",
        show_of_endpoint,
        rule="identity:get_policy_for_endpoint",
    ),
]
