"""Resource providers and their trees."""

from __future__ import annotations

from sqlalchemy import select, update

from stratolith.kernel.context import Context
from stratolith.placement.exceptions import (
    ConcurrentUpdate,
    DuplicateName,
    InvalidParent,
    ProviderHasChildren,
    ProviderInUse,
    ProviderNotFound,
)
from stratolith.placement.models import Allocation, ResourceProvider


def get(ctx: Context, uuid: str) -> ResourceProvider:
    """Raises ProviderNotFound."""
    provider = ctx.session.get(ResourceProvider, uuid)
    if provider is None:
        raise ProviderNotFound(uuid=uuid)
    return provider


def find_by_name(ctx: Context, name: str) -> ResourceProvider | None:
    return ctx.session.scalars(
        select(ResourceProvider).where(ResourceProvider.name == name)
    ).first()


def ensure(ctx: Context, uuid: str, name: str, *, parent: str | None = None) -> ResourceProvider:
    """The provider of this uuid; created if it is new, renamed if its name differs.

    ``parent`` is the uuid of the parent of a new provider; an existing provider keeps its parent.
    Raises DuplicateName, InvalidParent.
    """
    provider = ctx.session.get(ResourceProvider, uuid)
    if provider is None:
        return create(ctx, uuid, name, parent=parent)
    if provider.name != name:
        _check_name(ctx, name)
        provider.name = name
        ctx.session.flush()
    return provider


def create(ctx: Context, uuid: str, name: str, *, parent: str | None = None) -> ResourceProvider:
    """Raises DuplicateName, InvalidParent."""
    if ctx.session.get(ResourceProvider, uuid) is not None:
        raise DuplicateName(what="resource provider", field="uuid", value=uuid)
    _check_name(ctx, name)
    root = uuid
    if parent is not None:
        root = _parent(ctx, uuid, parent).root_uuid
    provider = ResourceProvider(
        uuid=uuid, name=name, generation=0, parent_uuid=parent, root_uuid=root
    )
    ctx.session.add(provider)
    ctx.session.flush()
    return provider


def rename(ctx: Context, provider: ResourceProvider, name: str) -> None:
    """Raises DuplicateName."""
    if provider.name != name:
        _check_name(ctx, name)
        provider.name = name
        ctx.session.flush()


def set_parent(
    ctx: Context, provider: ResourceProvider, parent: str | None, *, movable: bool
) -> None:
    """Set the parent of a provider and its subtree; ``movable`` allows changing a parent.

    Raises InvalidParent: unknown parent, own descendant, or a move that is not allowed.
    """
    if parent == provider.parent_uuid:
        return
    if provider.parent_uuid is not None and not movable:
        verb = "un-parenting" if parent is None else "re-parenting"
        raise InvalidParent(uuid=provider.uuid, reason=f"{verb} a provider is not allowed")
    below = subtree(ctx, provider)
    root = provider.uuid
    if parent is not None:
        root = _parent(ctx, provider.uuid, parent).root_uuid
        if parent in below:
            raise InvalidParent(
                uuid=provider.uuid, reason="creating loop in the provider tree is not allowed"
            )
    provider.parent_uuid = parent
    ctx.session.flush()
    ctx.session.execute(
        update(ResourceProvider).where(ResourceProvider.uuid.in_(below)).values(root_uuid=root)
    )
    provider.root_uuid = root


def exists(ctx: Context, uuid: str) -> bool:
    return ctx.session.get(ResourceProvider, uuid) is not None


def children(ctx: Context, uuid: str) -> set[str]:
    """uuids of the providers right below this one."""
    below = select(ResourceProvider.uuid).where(ResourceProvider.parent_uuid == uuid)
    return set(ctx.session.scalars(below))


def subtree(ctx: Context, provider: ResourceProvider) -> set[str]:
    """uuids of the provider and all its descendants."""
    pairs = ctx.session.execute(
        select(ResourceProvider.uuid, ResourceProvider.parent_uuid).where(
            ResourceProvider.root_uuid == provider.root_uuid
        )
    ).all()
    uuids, grew = {provider.uuid}, True
    while grew:
        children = {uuid for uuid, parent in pairs if parent in uuids} - uuids
        uuids |= children
        grew = bool(children)
    return uuids


def delete(ctx: Context, uuid: str) -> None:
    """Raises ProviderNotFound, ProviderHasChildren, ProviderInUse."""
    provider = get(ctx, uuid)
    child = select(ResourceProvider.uuid).where(ResourceProvider.parent_uuid == uuid).limit(1)
    if ctx.session.scalars(child).first():
        raise ProviderHasChildren(uuid=uuid)
    use = select(Allocation.used).where(Allocation.provider_uuid == uuid).limit(1)
    if ctx.session.scalars(use).first() is not None:
        raise ProviderInUse(uuid=uuid)
    ctx.session.delete(provider)
    ctx.session.flush()


def check_generation(provider: ResourceProvider, generation: int | None) -> None:
    """Raise ConcurrentUpdate unless ``generation`` is the current one; None skips the check."""
    if generation is not None and generation != provider.generation:
        raise ConcurrentUpdate(
            detail=f"resource provider {provider.uuid} is at generation {provider.generation}, "
            f"the request says {generation}"
        )


def bump(ctx: Context, provider: ResourceProvider) -> None:
    """Raise the generation after a change of the provider's data."""
    provider.generation += 1
    ctx.session.flush()


def _check_name(ctx: Context, name: str) -> None:
    if find_by_name(ctx, name) is not None:
        raise DuplicateName(what="resource provider", field="name", value=name)


def _parent(ctx: Context, uuid: str, parent: str) -> ResourceProvider:
    if parent == uuid:
        raise InvalidParent(
            uuid=uuid, reason="parent provider UUID cannot be the same as the provider's own"
        )
    provider = ctx.session.get(ResourceProvider, parent)
    if provider is None:
        raise InvalidParent(uuid=uuid, reason=f"parent provider {parent} does not exist")
    return provider
