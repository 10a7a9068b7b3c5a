"""/networks"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, or_, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import (
    Condition,
    Filter,
    Resource,
    Verb,
    boolean,
    exact,
    integer,
)
from stratolith.kernel.http.resource.rights import hidden as hidden_by
from stratolith.kernel.http.resource.rights import without
from stratolith.network import models as m
from stratolith.network.api.filters import checked, listing_of, shared, tagged
from stratolith.network.api.style import STYLE, own_target
from stratolith.network.exceptions.networks import NetworkNotFound
from stratolith.network.managers import address_scopes, networks, tags, visibility
from stratolith.network.managers.routing import zones
from stratolith.network.managers.segments import segments
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.networks import NETWORK, render

Body = dict[str, Any]
PROVIDER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
DEFAULTS = {"shared": False, "router:external": False}


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, rows)


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    shared = visibility.shared_ids(ctx, "network", ids) if ids else set()
    subnets, routed = networks.subnet_ids(ctx, ids)
    tagged = tags.of(ctx, ids)
    of_zones = zones.of_networks(ctx, ids) if ids else {}
    scopes = address_scopes.of_networks(ctx, ids) if ids else {}
    hidden = hidden_by(ctx, "get_network", (*PROVIDER, "segments"), own_target(ctx))
    several = [row.id for row in rows if row.several_segments]
    of_several = segments.shown(ctx, several) if several else {}
    bodies = [
        render(
            row,
            subnets[row.id],
            tagged.get(row.id, []),
            shared=row.shared or row.id in shared,
            l2_adjacent=row.id not in routed,
            provider=not hidden.issuperset(PROVIDER),
            segments=of_several.get(row.id),
            zones=of_zones.get(row.id, []),
            scopes=scopes.get(row.id, {}),
        )
        for row in rows
    ]
    return without(bodies, hidden)


def _fresh(ctx: Context, new_networks: Sequence[Any]) -> list[Body]:
    """Networks made in this transaction have no subnets and no hosts yet, and no policy but that
    for all projects: only tags, and several segments, are read from the database.
    """
    hidden = hidden_by(ctx, "get_network", (*PROVIDER, "segments"), own_target(ctx))
    tagged = tags.of(ctx, [network.id for network in new_networks])
    several = [network.id for network in new_networks if network.several_segments]
    of_several = segments.shown(ctx, several) if several else {}
    bodies = [
        render(
            network,
            [],
            tagged.get(network.id, []),
            shared=network.shared,
            l2_adjacent=True,
            provider=not hidden.issuperset(PROVIDER),
            segments=of_several.get(network.id),
            zones=[],
            scopes={},
        )
        for network in new_networks
    ]
    return without(bodies, hidden)


def _shared(ctx: Context) -> Condition:
    granted = visibility.granted(ctx.project_id, "network")
    return or_(m.Network.shared.is_(True), m.Network.id.in_(granted))


def _active(values: Sequence[str]) -> Condition:
    return true() if "ACTIVE" in values else false()


def _by_segment(filter_: Filter) -> Filter:
    """The networks with a segment that the filter matches."""
    return lambda values: m.Network.id.in_(select(m.Segment.network_id).where(filter_(values)))


NETWORKS = Resource(
    NETWORK.name,
    STYLE,
    plural=NETWORK.collection,
    load=networks.get,
    rendered=rendered,
    attributes=NETWORK,
    listing=listing_of(
        m.Network,
        ("name", "admin_state_up", "mtu"),
        tagged(
            m.Network,
            "name",
            admin_state_up=boolean(m.Network.admin_state_up),
            is_default=boolean(m.Network.is_default),
            mtu=checked(integer(m.Network.mtu), number()),
            port_security_enabled=boolean(m.Network.port_security_enabled),
            shared=shared(_shared),
            status=_active,
            subnets=lambda values: m.Network.id.in_(
                select(m.Subnet.network_id).where(m.Subnet.id.in_(list(values)))
            ),
            **{
                "router:external": boolean(m.Network.external),
                "provider:network_type": _by_segment(exact(m.Segment.network_type)),
                "provider:physical_network": _by_segment(exact(m.Segment.physical_network)),
                "provider:segmentation_id": _by_segment(
                    checked(integer(m.Segment.segmentation_id), number())
                ),
            },
        ),
        visible=visibility.of_networks,
        missing=lambda marker: NetworkNotFound(net_id=marker),
        constant=("status",),  # ACTIVE
    ),
    create=Verb(networks.create),
    update=Verb(networks.update),
    delete=Verb(networks.delete),
    defaults=DEFAULTS,
    fresh=_fresh,
    prepare=_prepare,
    tagged=True,
)
ROUTES = NETWORKS.routes
