"""Conditions on providers in SQL, for lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from stratolith.kernel.db.text import same_text
from stratolith.placement.managers.search import Wishes
from stratolith.placement.models import ProviderAggregate, ProviderTrait, ResourceProvider


def providers_where(
    statement: Select[Any],
    *,
    wishes: Wishes,
    name: str | None = None,
    uuid: str | None = None,
    in_tree: str | None = None,
) -> Select[Any]:
    """``statement`` over providers with these conditions."""
    if name is not None:
        statement = statement.where(same_text(ResourceProvider.name, [name]))
    if uuid is not None:
        statement = statement.where(ResourceProvider.uuid == uuid)
    if in_tree is not None:
        root = select(ResourceProvider.root_uuid).where(ResourceProvider.uuid == in_tree)
        statement = statement.where(ResourceProvider.root_uuid.in_(root))
    for any_of in wishes.required:
        statement = statement.where(ResourceProvider.uuid.in_(_with_trait(any_of)))
    if wishes.forbidden:
        statement = statement.where(ResourceProvider.uuid.not_in(_with_trait(wishes.forbidden)))
    for any_of in wishes.member_of:
        statement = statement.where(ResourceProvider.uuid.in_(_in_aggregate(any_of)))
    if wishes.forbidden_aggregates:
        outside = _in_aggregate(wishes.forbidden_aggregates)
        statement = statement.where(ResourceProvider.uuid.not_in(outside))
    return statement


def _with_trait(names: frozenset[str]) -> Any:
    return select(ProviderTrait.provider_uuid).where(ProviderTrait.trait.in_(sorted(names)))


def _in_aggregate(uuids: frozenset[str]) -> Any:
    return select(ProviderAggregate.provider_uuid).where(
        ProviderAggregate.aggregate_uuid.in_(sorted(uuids))
    )
