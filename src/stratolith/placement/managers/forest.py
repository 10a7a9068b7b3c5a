"""All provider trees with inventories, traits and aggregates, read in four statements."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import BigInteger, cast, func, select

from stratolith.kernel.context import Context
from stratolith.placement.managers.candidates import Stock
from stratolith.placement.managers.traits import SHARES
from stratolith.placement.models import (
    Allocation,
    Inventory,
    ProviderAggregate,
    ProviderTrait,
    ResourceProvider,
)


class Node(msgspec.Struct):
    """A provider in its tree."""

    uuid: str
    name: str
    parent: str | None
    root: str
    stocks: dict[str, Stock] = {}
    traits: set[str] = set()
    aggregates: set[str] = set()


class Forest:
    """``nodes``: uuid -> provider; ``trees``: root uuid -> providers; ``sharing``: providers that
    share their inventory with the providers of their aggregates.
    """

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes
        self.trees: dict[str, list[Node]] = {}
        for node in nodes.values():
            self.trees.setdefault(node.root, []).append(node)
        self.sharing = [node for node in nodes.values() if SHARES in node.traits]

    def ancestors(self, uuid: str) -> set[str]:
        """The uuids of the provider and its ancestors."""
        uuids, parent = {uuid}, self.nodes[uuid].parent
        while parent is not None:
            uuids.add(parent)
            parent = self.nodes[parent].parent
        return uuids

    def with_trees_of(self, uuids: Iterable[str]) -> list[Node]:
        """All providers of the trees that contain these providers."""
        roots = dict.fromkeys(self.nodes[uuid].root for uuid in uuids)
        return [node for root in roots for node in self.trees[root]]


def load(ctx: Context) -> Forest:
    session = ctx.session
    nodes = {
        row[0]: Node(row[0], row[1], row[2], row[3])
        for row in session.execute(
            select(
                ResourceProvider.uuid,
                ResourceProvider.name,
                ResourceProvider.parent_uuid,
                ResourceProvider.root_uuid,
            ).order_by(ResourceProvider.name)
        )
    }
    used = {
        (row[0], row[1]): row[2]
        for row in session.execute(
            select(
                Allocation.provider_uuid,
                Allocation.resource_class,
                cast(func.sum(Allocation.used), BigInteger),
            ).group_by(Allocation.provider_uuid, Allocation.resource_class)
        )
    }
    for uuid, name, total, reserved, least, most, step, ratio in session.execute(_INVENTORIES):
        taken = used.get((uuid, name), 0)
        nodes[uuid].stocks[name] = Stock(total, reserved, least, most, step, ratio, taken)
    for uuid, trait in session.execute(select(ProviderTrait.provider_uuid, ProviderTrait.trait)):
        nodes[uuid].traits.add(trait)
    members = select(ProviderAggregate.provider_uuid, ProviderAggregate.aggregate_uuid)
    for uuid, aggregate in session.execute(members):
        nodes[uuid].aggregates.add(aggregate)
    return Forest(nodes)


_INVENTORIES = select(
    Inventory.provider_uuid,
    Inventory.resource_class,
    Inventory.total,
    Inventory.reserved,
    Inventory.min_unit,
    Inventory.max_unit,
    Inventory.step_size,
    Inventory.allocation_ratio,
)
