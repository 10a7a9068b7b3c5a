"""Address groups: lists of CIDRs that security group rules refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy import delete as delete_rows

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.network.exceptions.address_groups import (
    AddressesAlreadyExist,
    AddressesNotFound,
    AddressGroupInUse,
    AddressGroupNotFound,
    AddrFormatError,
)
from stratolith.network.managers import host_hints, visibility
from stratolith.network.models import AddressGroup, GroupAddress, RbacPolicy, SecurityGroupRule

KIND = "address_group"  # in RBAC policies
_ADDRESSES = KeyedReader(
    RowReader(tuple[str, str], (GroupAddress.address_group_id, GroupAddress.address)),
    GroupAddress.address_group_id,
    select(GroupAddress).order_by(GroupAddress.address),
)


def get(ctx: Context, address_group_id: str) -> AddressGroup:
    """A group that the caller may see; raises AddressGroupNotFound."""
    group = ctx.session.get(AddressGroup, address_group_id)
    if group is not None and not (ctx.is_admin or ctx.owns(group.project_id)):
        note_granted(ctx, [group])
        group = group if group.granted else None
    if group is None:
        raise AddressGroupNotFound(address_group_id=address_group_id)
    return group


def note_granted(ctx: Context, groups: Sequence[AddressGroup]) -> None:
    """Set ``granted`` of the groups that an RBAC policy shares with the caller; one statement."""
    shared = visibility.shared_ids(ctx, KIND, [group.id for group in groups])
    for group in groups:
        group.granted = group.id in shared


def check_usable(ctx: Context, project_id: str, address_group_id: str) -> None:
    """Raise AddressGroupNotFound unless rules of the project may refer to the group."""
    group = ctx.session.get(AddressGroup, address_group_id)
    if group is None:
        raise AddressGroupNotFound(address_group_id=address_group_id)
    if ctx.is_admin or group.project_id == project_id:
        return
    policy = visibility.granted(project_id, KIND).where(RbacPolicy.object_id == group.id)
    if ctx.session.execute(policy.limit(1)).first() is None:
        raise AddressGroupNotFound(address_group_id=address_group_id)


def visible(ctx: Context) -> ColumnElement[bool]:
    """The groups that the caller may see."""
    if ctx.is_admin:
        return true()
    return or_(
        ctx.own(AddressGroup.project_id),
        AddressGroup.id.in_(visibility.granted(ctx.project_id, KIND)),
    )


def addresses_of(ctx: Context, group_ids: Iterable[str]) -> dict[str, list[str]]:
    """Group id -> its addresses, sorted; one statement."""
    by_group: dict[str, list[str]] = {group_id: [] for group_id in group_ids}
    for group_id, address in _ADDRESSES(ctx.session, by_group):
        by_group[group_id].append(address)
    return by_group


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> AddressGroup:
    group = AddressGroup(
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
    )
    ctx.session.add(group)
    ctx.session.flush()
    if values.get("addresses"):
        add_addresses(ctx, group, values["addresses"])
    return group


def update(ctx: Context, group: AddressGroup, values: Mapping[str, Any]) -> AddressGroup:
    for name in ("name", "description"):
        if name in values:
            setattr(group, name, values[name])
    group.revision_number += 1
    ctx.session.flush()
    return group


def delete(ctx: Context, group: AddressGroup) -> None:
    """Delete the group, its addresses and the policies that share it; raises AddressGroupInUse."""
    rules = select(SecurityGroupRule.id).where(
        SecurityGroupRule.remote_address_group_id == group.id
    )
    if ctx.session.scalar(rules.limit(1)) is not None:
        raise AddressGroupInUse(address_group_id=group.id)
    ctx.session.execute(delete_rows(RbacPolicy).where(RbacPolicy.object_id == group.id))
    ctx.session.execute(delete_rows(GroupAddress).where(GroupAddress.address_group_id == group.id))
    ctx.session.delete(group)
    ctx.session.flush()


def add_addresses(ctx: Context, group: AddressGroup, given: Sequence[Any]) -> AddressGroup:
    """Raises AddressesAlreadyExist when the group has one of them, AddrFormatError."""
    wanted = normalised(given)
    present = _among(ctx, group, wanted)
    if present:
        raise AddressesAlreadyExist(addresses=present, address_group_id=group.id)
    ctx.session.add_all(
        GroupAddress(address_group_id=group.id, address=address) for address in wanted
    )
    return _changed(ctx, group, wanted)


def remove_addresses(ctx: Context, group: AddressGroup, given: Sequence[Any]) -> AddressGroup:
    """Raises AddressesNotFound when the group lacks one of them, AddrFormatError."""
    wanted = normalised(given)
    present = set(_among(ctx, group, wanted))
    missing = [address for address in wanted if address not in present]
    if missing:
        raise AddressesNotFound(addresses=missing, address_group_id=group.id)
    ctx.session.execute(
        delete_rows(GroupAddress).where(
            GroupAddress.address_group_id == group.id, GroupAddress.address.in_(wanted)
        )
    )
    return _changed(ctx, group, wanted)


def normalised(given: Sequence[Any]) -> list[str]:
    """CIDRs without host bits, each once; an address alone is a CIDR of one address.

    Raises AddrFormatError.
    """
    networks: dict[str, None] = {}
    for value in given:
        try:
            if isinstance(value, str) and "/" in value:
                networks[str(addresses.prefix(value).network)] = None
            else:
                address = addresses.address(value)
                networks[f"{address}/{address.max_prefixlen}"] = None
        except ValueError:
            raise AddrFormatError(address=value) from None
    return list(networks)


def _among(ctx: Context, group: AddressGroup, wanted: Sequence[str]) -> list[str]:
    """Those of the addresses that the group has."""
    rows = select(GroupAddress.address).where(
        GroupAddress.address_group_id == group.id, GroupAddress.address.in_(wanted)
    )
    present = set(ctx.session.scalars(rows))
    return [address for address in wanted if address in present]


def _changed(ctx: Context, group: AddressGroup, changed: Sequence[str]) -> AddressGroup:
    if changed:
        group.revision_number += 1
        ctx.session.flush()
        host_hints.group_addresses(ctx, group.id, changed)
    return group
