"""Metadata definitions: namespaces, their contents and visibility."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, or_, select

from stratolith.image.exceptions import (
    DefinitionNotFound,
    DefinitionProtected,
    DuplicateDefinition,
    DuplicateNamespace,
    NamespaceNotFound,
    NamespaceProtected,
)
from stratolith.image.managers import definitions
from stratolith.image.models import (
    MetadefAssociation,
    MetadefNamespace,
    MetadefObject,
    MetadefProperty,
    MetadefResourceType,
    MetadefTag,
)
from stratolith.kernel.context import Context

T = TypeVar("T", MetadefObject, MetadefProperty, MetadefTag, MetadefAssociation)
KINDS: dict[type[Any], str] = {
    MetadefObject: "object",
    MetadefProperty: "property",
    MetadefTag: "tag",
    MetadefAssociation: "resource type",
}
# The resource types for which dashboards offer metadata.
RESOURCE_TYPES = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
)


def bootstrap(ctx: Context, owner: str) -> None:
    """Create the standard resource types, and in a new cloud the standard definitions."""
    if not resource_types(ctx):
        for namespace in definitions.NAMESPACES:
            _premake(ctx, namespace, owner)
    for name in RESOURCE_TYPES:
        _know_type(ctx, name)
    ctx.session.flush()


def _premake(ctx: Context, premade: definitions.Namespace, owner: str) -> None:
    namespace = MetadefNamespace(
        name=premade.name,
        display_name=premade.display_name,
        description=premade.description,
        visibility="public",
        protected=True,
        owner=owner,
    )
    ctx.session.add(namespace)
    ctx.session.flush()
    rows: list[Any] = [
        MetadefAssociation(
            namespace_id=namespace.id,
            name=kind,
            prefix=prefix or None,
            properties_target=definitions.TARGETS.get(kind),
        )
        for kind, prefix in premade.prefixes.items()
    ]
    rows += [
        MetadefProperty(namespace_id=namespace.id, name=name, document=document)
        for name, document in premade.properties.items()
    ]
    rows += [
        MetadefObject(namespace_id=namespace.id, name=name, document=document)
        for name, document in premade.objects.items()
    ]
    ctx.session.add_all(rows)


# -- namespaces ----------------------------------------------------------------------------------


def visible(ctx: Context) -> ColumnElement[bool]:
    """The condition for namespaces that the caller may see."""
    if ctx.is_admin:
        return MetadefNamespace.id.is_not(None)
    return or_(ctx.own(MetadefNamespace.owner), MetadefNamespace.visibility == "public")


def get(ctx: Context, name: str, *_: str) -> MetadefNamespace:
    """Raises NamespaceNotFound, also for namespaces that the caller may not see."""
    statement = select(MetadefNamespace).where(MetadefNamespace.name == name, visible(ctx))
    namespace = ctx.session.scalars(statement).first()
    if namespace is None or not ctx.can("get_metadef_namespace", namespace.policy_target()):
        raise NamespaceNotFound(namespace=name)
    return namespace


def create(ctx: Context, values: Mapping[str, Any]) -> MetadefNamespace:
    """``values``: columns; owner defaults to the caller's project. Raises DuplicateNamespace."""
    known = {"owner": ctx.project_id, **values}
    _check_free(ctx, known["name"])
    namespace = MetadefNamespace(**known)
    ctx.session.add(namespace)
    ctx.session.flush()
    return namespace


def update(
    ctx: Context, namespace: MetadefNamespace, values: Mapping[str, Any]
) -> MetadefNamespace:
    """Set the columns given; raises DuplicateNamespace."""
    if values["name"] != namespace.name:
        _check_free(ctx, values["name"])
    for name, value in values.items():
        setattr(namespace, name, value)
    ctx.session.flush()
    return namespace


def remove(ctx: Context, namespace: MetadefNamespace) -> None:
    """Delete the namespace with its contents; raises NamespaceProtected."""
    if namespace.protected:
        raise NamespaceProtected(namespace=namespace.name)
    for kind in KINDS:
        ctx.session.execute(delete(kind).where(kind.namespace_id == namespace.id))
    ctx.session.delete(namespace)
    ctx.session.flush()


def _check_free(ctx: Context, name: str) -> None:
    statement = select(MetadefNamespace.id).where(MetadefNamespace.name == name)
    if ctx.session.scalar(statement) is not None:
        raise DuplicateNamespace(namespace=name)


# -- contents of a namespace -----------------------------------------------------------------------


def items(ctx: Context, kind: type[T], namespace: MetadefNamespace) -> Sequence[T]:
    """All of one kind, oldest first."""
    statement = select(kind).where(kind.namespace_id == namespace.id)
    return ctx.session.scalars(statement.order_by(kind.id)).all()


def item(ctx: Context, kind: type[T], namespace_name: str, name: str) -> T:
    """Raises NamespaceNotFound, DefinitionNotFound."""
    namespace = get(ctx, namespace_name)
    definition = _find(ctx, kind, namespace, name)
    if definition is None:
        raise DefinitionNotFound(kind=KINDS[kind], name=name, namespace=namespace_name)
    return definition


def add(ctx: Context, kind: type[T], namespace: MetadefNamespace, name: str, **values: Any) -> T:
    """Raises DuplicateDefinition."""
    if _find(ctx, kind, namespace, name) is not None:
        raise DuplicateDefinition(kind=KINDS[kind], name=name, namespace=namespace.name)
    definition = kind(namespace_id=namespace.id, name=name, **values)
    ctx.session.add(definition)
    if kind is MetadefAssociation:
        _know_type(ctx, name)
    ctx.session.flush()
    return definition


def change(ctx: Context, definition: T, name: str, **values: Any) -> T:
    """Rename and set; raises DuplicateDefinition."""
    kind = type(definition)
    if name != definition.name and _find(ctx, kind, definition.namespace, name) is not None:
        raise DuplicateDefinition(kind=KINDS[kind], name=name, namespace=definition.namespace.name)
    definition.name = name
    for attribute, value in values.items():
        setattr(definition, attribute, value)
    ctx.session.flush()
    return definition


def discard(ctx: Context, definition: Any) -> None:
    """Raises DefinitionProtected."""
    if definition.namespace.protected:
        raise DefinitionProtected(
            kind=KINDS[type(definition)], name=definition.name, namespace=definition.namespace.name
        )
    ctx.session.delete(definition)
    ctx.session.flush()


def clear(ctx: Context, kind: type[T], namespace: MetadefNamespace) -> None:
    """Remove all of one kind; raises NamespaceProtected."""
    if namespace.protected:
        raise NamespaceProtected(namespace=namespace.name)
    ctx.session.execute(delete(kind).where(kind.namespace_id == namespace.id))


def replace_tags(
    ctx: Context, namespace: MetadefNamespace, names: Sequence[str], *, keep: bool
) -> None:
    """Replace the tags (``keep``: add to the existing ones); raises DuplicateDefinition."""
    if not keep:
        clear(ctx, MetadefTag, namespace)
    for name in names:
        add(ctx, MetadefTag, namespace, name)


# -- resource types --------------------------------------------------------------------------------


def resource_types(ctx: Context) -> Sequence[MetadefResourceType]:
    statement = select(MetadefResourceType).order_by(MetadefResourceType.name)
    return ctx.session.scalars(statement).all()


def associations(
    ctx: Context, namespaces: Iterable[MetadefNamespace]
) -> dict[int, list[MetadefAssociation]]:
    """Namespace id -> its associations, in one query."""
    by_namespace: dict[int, list[MetadefAssociation]] = {
        namespace.id: [] for namespace in namespaces
    }
    statement = select(MetadefAssociation).where(MetadefAssociation.namespace_id.in_(by_namespace))
    for association in ctx.session.scalars(statement.order_by(MetadefAssociation.id)):
        by_namespace[association.namespace_id].append(association)
    return by_namespace


def prefix(ctx: Context, namespace: MetadefNamespace, resource_type: str | None) -> str:
    """The prefix of property names on a resource type; "" without a resource type."""
    if not resource_type:
        return ""
    association = _find(ctx, MetadefAssociation, namespace, resource_type)
    return (association.prefix or "") if association is not None else ""


def _find(ctx: Context, kind: type[T], namespace: MetadefNamespace, name: str) -> T | None:
    statement = select(kind).where(kind.namespace_id == namespace.id, kind.name == name)
    return ctx.session.scalars(statement).first()


def _know_type(ctx: Context, name: str) -> None:
    if ctx.session.get(MetadefResourceType, name) is None:
        ctx.session.add(MetadefResourceType(name=name))
