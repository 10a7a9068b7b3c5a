"""/subnets"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud, Target, project_target
from stratolith.network.managers import (
    kinds,
    networks,
    parents,
    subnetpools,
    subnets,
    tags,
    visibility,
)
from stratolith.network.models import Subnet
from stratolith.network.schemas.subnets import SUBNET, render

Body = dict[str, Any]
DEFAULTS: dict[str, Any] = {"service_types": []}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    outside = networks.external_ids(ctx, [row.network_id for row in rows])
    return [render(row, tagged.get(row.id, []), external=row.network_id in outside) for row in rows]


def _target(ctx: Context, values: Body) -> Target:
    network = networks.get(ctx, values["network_id"])
    return {**network.policy_target(), **project_target(ctx, values)}


def _create(ctx: Context, project_id: str, values: Body) -> Any:
    network = networks.get(ctx, values["network_id"])
    return subnets.create(ctx, project_id, network, subnetpools.complete(ctx, values))


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, parents.hold(ctx, rows, Subnet.network))


ROUTES = Crud(
    SUBNET,
    kinds.SUBNETS,
    subnets,
    rendered,
    create=_create,
    update=subnets.update,
    target=_target,
    defaults=DEFAULTS,
    prepare=_prepare,
).routes
