"""Associations of policy documents with endpoints (OS-ENDPOINT-POLICY).

A document is associated with an endpoint, with a service in a region, or with a service. For an
endpoint the most specific association applies: its own, that of its service in its region or a
parent region, that of its service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.models import Endpoint, PolicyAssociation, PolicyBlob, Region
from stratolith.kernel.context import Context


@dataclass(frozen=True)
class Place:
    """An endpoint, a service in a region, or a service."""

    endpoint_id: str | None = None
    service_id: str | None = None
    region_id: str | None = None

    @property
    def id(self) -> str:
        return "/".join(part or "" for part in (self.endpoint_id, self.service_id, self.region_id))


def associate(ctx: Context, policy: PolicyBlob, place: Place) -> None:
    """Associate a document with a place; replaces an earlier association of the place."""
    association = ctx.session.get(PolicyAssociation, place.id)
    if association is None:
        ctx.session.add(
            PolicyAssociation(
                id=place.id,
                policy_id=policy.id,
                endpoint_id=place.endpoint_id,
                service_id=place.service_id,
                region_id=place.region_id,
            )
        )
    else:
        association.policy_id = policy.id
    ctx.session.flush()


def get(ctx: Context, policy: PolicyBlob, place: Place) -> PolicyAssociation:
    """Raises ResourceNotFound."""
    association = ctx.session.get(PolicyAssociation, place.id)
    if association is None or association.policy_id != policy.id:
        raise ResourceNotFound(f"Policy {policy.id} is not associated with this place.")
    return association


def remove(ctx: Context, policy: PolicyBlob, place: Place) -> None:
    """Remove the association if there is one, as upstream."""
    association = ctx.session.get(PolicyAssociation, place.id)
    if association is not None and association.policy_id == policy.id:
        ctx.session.delete(association)


def of_endpoint(ctx: Context, endpoint: Endpoint) -> PolicyBlob:
    """The document that applies to an endpoint; raises ResourceNotFound."""
    known = _all(ctx)
    for place in _places(endpoint, _parents(ctx)):
        if place.id in known:
            policy = ctx.session.get(PolicyBlob, known[place.id])
            assert policy is not None  # associations are deleted with their document
            return policy
    raise ResourceNotFound(f"No policy is associated with endpoint {endpoint.id}.")


def endpoints_of(ctx: Context, policy: PolicyBlob) -> list[Endpoint]:
    """The endpoints to which a document applies."""
    known, parents = _all(ctx), _parents(ctx)
    endpoints = []
    for endpoint in ctx.session.scalars(select(Endpoint).order_by(Endpoint.id)):
        ids = (place.id for place in _places(endpoint, parents))
        nearest = next((known[id_] for id_ in ids if id_ in known), None)
        if nearest == policy.id:
            endpoints.append(endpoint)
    return endpoints


def _all(ctx: Context) -> dict[str, str]:
    """Id of the place -> id of the document."""
    rows = ctx.session.execute(select(PolicyAssociation.id, PolicyAssociation.policy_id))
    return {row.id: row.policy_id for row in rows}


def _parents(ctx: Context) -> dict[str, str | None]:
    rows = ctx.session.execute(select(Region.id, Region.parent_id))
    return {row.id: row.parent_id for row in rows}


def _places(endpoint: Endpoint, parents: dict[str, str | None]) -> Iterator[Place]:
    """Where to look for the document of an endpoint, nearest first."""
    yield Place(endpoint_id=endpoint.id)
    region_id = endpoint.region_id
    while region_id is not None:
        yield Place(service_id=endpoint.service_id, region_id=region_id)
        region_id = parents.get(region_id)
    yield Place(service_id=endpoint.service_id)
