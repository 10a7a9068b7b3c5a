"""Filters and sort keys that the lists of the network API have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import or_, true

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.resource import (
    AnyFilter,
    ByCaller,
    Condition,
    Converter,
    Filter,
    Invalid,
    Listing,
    exact,
    integer,
    moment,
    named,
    parse_bools,
    tag_filters,
)
from stratolith.network import models as m
from stratolith.network.exceptions import InvalidInput
from stratolith.network.managers import visibility

Visible = Callable[[Context], Condition]


def listing_of(
    model: Any,
    sort: Sequence[str],
    filters: dict[str, AnyFilter],
    *,
    visible: Visible,
    missing: Callable[[str], NotFound],
) -> Listing:
    """Sorted by id unless asked otherwise; ``sort`` names further columns to sort by."""
    keys = {name: getattr(model, name) for name in ("id", *sort)}
    keys["project_id"] = keys["tenant_id"] = model.project_id
    keys["created_at"], keys["updated_at"] = model.created_at, model.updated_at
    return Listing(
        model,
        visible=visible,
        filters=filters,
        sort_keys=keys,
        default_sort=[("id", "asc")],
        missing=missing,
    )


# -- who sees a row ------------------------------------------------------------------------------


def owned(model: Any) -> Visible:
    return lambda ctx: visibility.of_owned(ctx, model)


def owned_or_shared(model: Any) -> Visible:
    return lambda ctx: or_(visibility.of_owned(ctx, model), model.shared.is_(True))


def or_all(visible: Visible) -> Visible:
    """Administrators see every row, others those of ``visible``."""
    return lambda ctx: true() if ctx.is_admin else visible(ctx)


# -- filters -------------------------------------------------------------------------------------


def shared(condition: Visible) -> ByCaller:
    """Shared with the caller, or not, as ``condition`` says."""

    def build(ctx: Context, values: Sequence[str]) -> Condition:
        found = condition(ctx)
        return or_(*(found if wanted else ~found for wanted in parse_bools(values)))

    return ByCaller(build)


def nullable(column: Any) -> Filter:
    """Equal to any of the values; an empty value also finds rows without one."""

    def build(values: Sequence[str]) -> Condition:
        found: Condition = column.in_(list(values))
        if "" in values:
            found = or_(found, column.is_(None))
        return found

    return build


def checked(found: Filter, convert: Converter) -> Filter:
    """The same filter for values that ``convert`` takes, in its spelling; others are refused."""

    def build(values: Sequence[str]) -> Condition:
        try:
            return found([str(convert(value)) for value in values])
        except Invalid as error:
            raise InvalidInput(error_message=str(error).rstrip(".")) from None

    return build


def _changed_since(model: Any) -> Filter:
    def build(values: Sequence[str]) -> Condition:
        since = moment(values[-1])
        return or_(model.updated_at >= since, model.created_at >= since)

    return build


def tagged(model: Any, *names: str, **others: AnyFilter) -> dict[str, AnyFilter]:
    """The filters of resources that can have tags; names and others as in ``bare``."""
    tags = tag_filters(model.id, m.Tag.resource_id, m.Tag.tag, blanks=False)
    return {**standard(model, *names, **others), **tags}


def standard(model: Any, *names: str, **others: AnyFilter) -> dict[str, AnyFilter]:
    """The filters of resources with a description and revisions; the rest as in ``bare``."""
    return {
        **bare(model, *names, **others),
        "description": named(model.description),
        "revision_number": integer(model.revision_number),
        "changed_since": _changed_since(model),
    }


def bare(model: Any, *names: str, **others: AnyFilter) -> dict[str, AnyFilter]:
    """The filters every resource has, those of the columns in ``names``, and ``others``."""
    found: dict[str, AnyFilter] = {
        "id": exact(model.id),
        "project_id": exact(model.project_id),
        "tenant_id": exact(model.project_id),
    }
    for name in names:
        column = getattr(model, name)
        found[name] = named(column) if name == "name" else nullable(column)
    return {**found, **others}
