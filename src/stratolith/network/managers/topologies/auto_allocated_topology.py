"""The topology that a project gets on request: a network behind the default external network.

The whole topology is made in one transaction: it exists completely or not at all, and of several
requests at the same time one makes it and the others find it.
"""

from __future__ import annotations

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.network.exceptions.subnetpools import SubnetAllocationError
from stratolith.network.exceptions.topologies import AutoAllocationFailure
from stratolith.network.managers import (
    networks,
    router_interfaces,
    routers,
    subnetpools,
    subnets,
)
from stratolith.network.models import AutoAllocatedTopology, Network, Router, Subnet, SubnetPool

NAMES = {
    "network": "auto_allocated_network",
    "subnet": "auto_allocated_subnet_v{version}",
    "router": "auto_allocated_router",
}


def ensure(ctx: Context, project_id: str) -> str:
    """Id of the project's network, which is made if it is missing (ctx must write).

    Raises AutoAllocationFailure, OverQuota.
    """
    known = ctx.session.get(AutoAllocatedTopology, project_id)
    if known is not None:
        return known.network_id
    external_id = _external_network(ctx)
    network, made_subnets = _private_network(ctx, project_id)
    router = _router(ctx, project_id, external_id, made_subnets)
    topology = AutoAllocatedTopology(
        project_id=project_id, network_id=network.id, router_id=router.id
    )
    ctx.session.add(topology)
    ctx.session.flush()
    return network.id


def check(ctx: Context) -> None:
    """Raise AutoAllocationFailure when no topology could be made."""
    _external_network(ctx)
    if not _pools(ctx):
        raise AutoAllocationFailure(reason="No default subnetpools defined")


def delete(ctx: Context, project_id: str) -> None:
    """Delete network, router and subnets, if there are any; raises the errors of deleting them."""
    topology = ctx.session.get(AutoAllocatedTopology, project_id)
    if topology is None:
        return
    router = ctx.session.get(Router, topology.router_id)
    network = ctx.session.get_one(Network, topology.network_id)
    ctx.session.delete(topology)
    ctx.session.flush()
    if router is not None:
        joined = {subnet.id for _, subnet, _ in routers.interface_subnets(ctx, router.id)}
        for subnet_id in _subnet_ids(ctx, network.id):
            if subnet_id in joined:
                router_interfaces.remove(ctx, router, {"subnet_id": subnet_id})
        routers.delete(ctx, router)
    networks.delete(ctx, network)


# -- parts ---------------------------------------------------------------------------------------


def _subnet_ids(ctx: Context, network_id: str) -> list[str]:
    return list(ctx.session.scalars(select(Subnet.id).where(Subnet.network_id == network_id)))


def _external_network(ctx: Context) -> str:
    default = select(Network.id).where(Network.external.is_(True), Network.is_default.is_(True))
    network_id = ctx.session.scalar(default.limit(1))
    if network_id is None:
        raise AutoAllocationFailure(reason="No default router:external network")
    return network_id


def _pools(ctx: Context) -> list[SubnetPool]:
    """The default pools that the caller may use, IPv4 first."""
    rows = ctx.session.scalars(
        select(SubnetPool).where(SubnetPool.is_default.is_(True)).order_by(SubnetPool.ip_version)
    )
    return [pool for pool in rows if subnetpools.is_visible(ctx, pool)]


def _private_network(ctx: Context, project_id: str) -> tuple[Network, list[Subnet]]:
    network = networks.create(ctx, project_id, {"name": NAMES["network"]})
    made = []
    try:
        for pool in _pools(ctx):
            values = {
                "name": NAMES["subnet"].format(version=pool.ip_version),
                "network_id": network.id,
                "ip_version": pool.ip_version,
                "subnetpool_id": pool.id,
                "project_id": project_id,
            }
            completed = subnetpools.complete(ctx, values)
            made.append(subnets.create(ctx, project_id, network, completed))
    except (BadRequest, NotFound, SubnetAllocationError):
        made = []
    if not made:
        raise AutoAllocationFailure(reason="Unable to provide project private network")
    return network, made


def _router(ctx: Context, project_id: str, external_id: str, joined: list[Subnet]) -> Router:
    gateway = {"network_id": external_id}
    values = {"name": NAMES["router"], "external_gateway_info": gateway}
    try:
        router = routers.create(ctx, project_id, values)
        for subnet in joined:
            router_interfaces.add(ctx, router, {"subnet_id": subnet.id})
    except BadRequest:
        raise AutoAllocationFailure(reason="Unable to provide external connectivity") from None
    return router
