"""Filters and sort keys that the lists of the network API share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import or_, true

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
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
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.managers import visibility

Visible = Callable[[Context], Condition]


def listing_of(
    model: Any,
    sort: Sequence[str],
    filters: dict[str, AnyFilter],
    *,
    visible: Visible,
    missing: Callable[[str], NotFound],
    constant: Sequence[str] = (),
) -> Listing:
    """A list sorted by id by default; ``sort`` names more columns to sort by, and ``constant``
    attributes that have one value in all rows.
    """
    keys = {name: getattr(model, name) for name in ("id", *sort)}
    keys["project_id"] = keys["tenant_id"] = model.project_id
    keys |= dict.fromkeys(constant, model.id)
    keys["created_at"], keys["updated_at"] = model.created_at, model.updated_at
    return Listing(
        model,
        visible=visible,
        filters=filters,
        sort_keys=keys,
        default_sort=[("id", "asc")],
        missing=missing,
        read=plain_reader(model),
    )


# -- visible rows --------------------------------------------------------------------------------


def owned(model: Any) -> Visible:
    return lambda ctx: visibility.of_owned(ctx, model)


def owned_or_shared(model: Any, object_type: str) -> Visible:
    """Own rows, those shared with all, and those that RBAC policies of this type grant."""
    return lambda ctx: visibility.owned_or_shared(ctx, object_type, model)


def shared_or_granted(model: Any, object_type: str) -> ByCaller:
    """The filter ``shared``: whether a row is shared with all or granted to the caller."""
    return shared(
        lambda ctx: or_(
            model.shared.is_(True),
            model.id.in_(visibility.granted(ctx.project_id, object_type)),
        )
    )


def or_all(visible: Visible) -> Visible:
    """All rows for administrators, those of ``visible`` for other callers."""
    return lambda ctx: true() if ctx.is_admin else visible(ctx)


# -- filters -------------------------------------------------------------------------------------


def shared(condition: Visible) -> ByCaller:
    """Whether the row is shared with the caller, by ``condition``."""

    def build(ctx: Context, values: Sequence[str]) -> Condition:
        is_shared = condition(ctx)
        return or_(*(is_shared if wanted else ~is_shared for wanted in parse_bools(values)))

    return ByCaller(build)


def nullable(column: Any) -> Filter:
    """Equal to any of the values; an empty value also matches rows without a value."""

    def build(values: Sequence[str]) -> Condition:
        matching: Condition = column.in_(list(values))
        if "" in values:
            matching = or_(matching, column.is_(None))
        return matching

    return build


def checked(filter_: Filter, convert: Converter) -> Filter:
    """The same filter for the values that ``convert`` accepts, in its spelling."""

    def build(values: Sequence[str]) -> Condition:
        try:
            return filter_([str(convert(value)) for value in values])
        except Invalid as error:
            raise InvalidInput(error_message=str(error).rstrip(".")) from None

    return build


def changed_since(model: Any) -> Filter:
    def build(values: Sequence[str]) -> Condition:
        since = moment(values[-1])
        return or_(model.updated_at >= since, model.created_at >= since)

    return build


def tagged(model: Any, *names: str, **more: AnyFilter) -> dict[str, AnyFilter]:
    """The filters of resources that can have tags; ``names`` and ``more`` as in ``bare``."""
    tags = tag_filters(model.id, m.Tag.resource_id, m.Tag.tag, blanks=False)
    return {**standard(model, *names, **more), **tags}


def standard(model: Any, *names: str, **more: AnyFilter) -> dict[str, AnyFilter]:
    """The filters of resources with a description and revisions; the others as in ``bare``."""
    return {
        **bare(model, *names, **more),
        "description": named(model.description),
        "revision_number": integer(model.revision_number),
        "changed_since": changed_since(model),
    }


def bare(model: Any, *names: str, **more: AnyFilter) -> dict[str, AnyFilter]:
    """The filters of every resource, those of the columns in ``names``, and ``more``."""
    filters: dict[str, AnyFilter] = {
        "id": exact(model.id),
        "project_id": exact(model.project_id),
        "tenant_id": exact(model.project_id),
    }
    for name in names:
        column = getattr(model, name)
        filters[name] = named(column) if name == "name" else nullable(column)
    return {**filters, **more}
