"""Tables of the placement service: providers, inventories, consumers and allocations.

Resource classes and traits are stored by name: standard names come from the libraries
os-resource-classes and os-traits, only CUSTOM_ names have rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base, Timestamps

PROVIDER = "placement_resource_providers.uuid"


class ResourceProvider(Timestamps, Base):
    """A provider of resources: a host, or a part of a host (``parent_uuid``)."""

    __tablename__ = "placement_resource_providers"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    parent_uuid: Mapped[str | None] = mapped_column(String(36), ForeignKey(PROVIDER), index=True)
    root_uuid: Mapped[str] = mapped_column(String(36), index=True)


class Inventory(Timestamps, Base):
    """The amount of one resource class that a provider has."""

    __tablename__ = "placement_inventories"

    provider_uuid: Mapped[str] = mapped_column(
        String(36), ForeignKey(PROVIDER, ondelete="CASCADE"), primary_key=True
    )
    resource_class: Mapped[str] = mapped_column(String(255), primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    min_unit: Mapped[int] = mapped_column(BigInteger, default=1)
    max_unit: Mapped[int] = mapped_column(BigInteger, default=2147483647)
    step_size: Mapped[int] = mapped_column(BigInteger, default=1)
    allocation_ratio: Mapped[float] = mapped_column(Float, default=1.0)

    __table_args__ = (Index("ix_placement_inventories_resource_class", "resource_class"),)


class ResourceClass(Timestamps, Base):
    """A custom resource class; its name begins with CUSTOM_."""

    __tablename__ = "placement_resource_classes"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class Trait(Timestamps, Base):
    """A custom trait; its name begins with CUSTOM_."""

    __tablename__ = "placement_traits"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class ProviderTrait(Timestamps, Base):
    """A provider has a trait."""

    __tablename__ = "placement_provider_traits"

    provider_uuid: Mapped[str] = mapped_column(
        String(36), ForeignKey(PROVIDER, ondelete="CASCADE"), primary_key=True
    )
    trait: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)


class ProviderAggregate(Timestamps, Base):
    """A provider is in an aggregate; an aggregate exists as long as a provider names it."""

    __tablename__ = "placement_provider_aggregates"

    provider_uuid: Mapped[str] = mapped_column(
        String(36), ForeignKey(PROVIDER, ondelete="CASCADE"), primary_key=True
    )
    aggregate_uuid: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)


class Consumer(Timestamps, Base):
    """A consumer of resources (a server); exists while it has allocations."""

    __tablename__ = "placement_consumers"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    consumer_type: Mapped[str | None] = mapped_column(String(255))
    generation: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (Index("ix_placement_consumers_project_user", "project_id", "user_id"),)


class Allocation(Timestamps, Base):
    """An amount of one resource class of one provider that a consumer uses."""

    __tablename__ = "placement_allocations"

    consumer_uuid: Mapped[str] = mapped_column(
        String(36), ForeignKey("placement_consumers.uuid", ondelete="CASCADE"), primary_key=True
    )
    provider_uuid: Mapped[str] = mapped_column(String(36), ForeignKey(PROVIDER), primary_key=True)
    resource_class: Mapped[str] = mapped_column(String(255), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)

    # a covering index: it answers the sum of usage without reading the table
    __table_args__ = (
        Index("ix_placement_allocations_use", "provider_uuid", "resource_class", "used"),
    )
