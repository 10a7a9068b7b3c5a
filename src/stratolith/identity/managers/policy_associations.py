"""Which policy document is meant for which endpoints (OS-ENDPOINT-POLICY).

A document is associated with an endpoint, with a service in a region, or with a service. For an
endpoint the nearest counts: its own, that of its service in its region or in a region above,
that of its service.
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
    """An endpoint, or a service, in one region or in all."""

    endpoint_id: str | None = None
    service_id: str | None = None
    region_id: str | None = None

    @property
    def id(self) -> str:
        return "/".join(part or "" for part in (self.endpoint_id, self.service_id, self.region_id))


def associate(ctx: Context, policy: PolicyBlob, place: Place) -> None:
    """In place of the document that was associated with the place before."""
    found = ctx.session.get(PolicyAssociation, place.id)
    if found is None:
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
        found.policy_id = policy.id
    ctx.session.flush()


def get(ctx: Context, policy: PolicyBlob, place: Place) -> PolicyAssociation:
    """Raises ResourceNotFound."""
    found = ctx.session.get(PolicyAssociation, place.id)
    if found is None or found.policy_id != policy.id:
        raise ResourceNotFound(f"Policy {policy.id} is not associated with this place.")
    return found


def remove(ctx: Context, policy: PolicyBlob, place: Place) -> None:
    """Afterwards there is none, whether there was one or not (as upstream has it)."""
    found = ctx.session.get(PolicyAssociation, place.id)
    if found is not None and found.policy_id == policy.id:
        ctx.session.delete(found)


def of_endpoint(ctx: Context, endpoint: Endpoint) -> PolicyBlob:
    """The document in force for an endpoint; raises ResourceNotFound."""
    known = _all(ctx)
    for place in _places(endpoint, _parents(ctx)):
        if place.id in known:
            found = ctx.session.get(PolicyBlob, known[place.id])
            assert found is not None  # associations go with their document
            return found
    raise ResourceNotFound(f"No policy is associated with endpoint {endpoint.id}.")


def endpoints_of(ctx: Context, policy: PolicyBlob) -> list[Endpoint]:
    """The endpoints that a document is in force for."""
    known, parents = _all(ctx), _parents(ctx)
    found = []
    for endpoint in ctx.session.scalars(select(Endpoint).order_by(Endpoint.id)):
        ids = (place.id for place in _places(endpoint, parents))
        nearest = next((known[id_] for id_ in ids if id_ in known), None)
        if nearest == policy.id:
            found.append(endpoint)
    return found


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
