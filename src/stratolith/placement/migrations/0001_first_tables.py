"""The tables of placement."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "placement_0001"
down_revision = None
branch_labels = ("placement",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    consumers()
    resource_classes()
    resource_providers()
    traits()
    allocations()
    inventories()
    provider_aggregates()
    provider_traits()


def consumers() -> None:
    op.create_table(
        "placement_consumers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("consumer_type", sa.String(length=255), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_placement_consumers")),
    )
    op.create_index(
        "ix_placement_consumers_project_user",
        "placement_consumers",
        ["project_id", "user_id"],
        unique=False,
    )


def resource_classes() -> None:
    op.create_table(
        "placement_resource_classes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_placement_resource_classes")),
    )


def resource_providers() -> None:
    op.create_table(
        "placement_resource_providers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("parent_uuid", sa.String(length=36), nullable=True),
        sa.Column("root_uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_resource_providers_parent_uuid_placement_resource_providers"),
        ),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_placement_resource_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_placement_resource_providers_name")),
    )
    op.create_index(
        op.f("ix_placement_resource_providers_parent_uuid"),
        "placement_resource_providers",
        ["parent_uuid"],
        unique=False,
    )
    op.create_index(
        op.f("ix_placement_resource_providers_root_uuid"),
        "placement_resource_providers",
        ["root_uuid"],
        unique=False,
    )


def traits() -> None:
    op.create_table(
        "placement_traits",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_placement_traits")),
    )


def allocations() -> None:
    op.create_table(
        "placement_allocations",
        sa.Column("consumer_uuid", sa.String(length=36), nullable=False),
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_uuid"],
            ["placement_consumers.uuid"],
            name=op.f("fk_placement_allocations_consumer_uuid_placement_consumers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_allocations_provider_uuid_placement_resource_providers"),
        ),
        sa.PrimaryKeyConstraint(
            "consumer_uuid",
            "provider_uuid",
            "resource_class",
            name=op.f("pk_placement_allocations"),
        ),
    )
    op.create_index(
        "ix_placement_allocations_use",
        "placement_allocations",
        ["provider_uuid", "resource_class", "used"],
        unique=False,
    )


def inventories() -> None:
    op.create_table(
        "placement_inventories",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("min_unit", sa.BigInteger(), nullable=False),
        sa.Column("max_unit", sa.BigInteger(), nullable=False),
        sa.Column("step_size", sa.BigInteger(), nullable=False),
        sa.Column("allocation_ratio", sa.Float(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_inventories_provider_uuid_placement_resource_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "resource_class", name=op.f("pk_placement_inventories")
        ),
    )
    op.create_index(
        "ix_placement_inventories_resource_class",
        "placement_inventories",
        ["resource_class"],
        unique=False,
    )


def provider_aggregates() -> None:
    op.create_table(
        "placement_provider_aggregates",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("aggregate_uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f(
                "fk_placement_provider_aggregates_provider_uuid_placement_resource_providers"
            ),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "aggregate_uuid", name=op.f("pk_placement_provider_aggregates")
        ),
    )
    op.create_index(
        op.f("ix_placement_provider_aggregates_aggregate_uuid"),
        "placement_provider_aggregates",
        ["aggregate_uuid"],
        unique=False,
    )


def provider_traits() -> None:
    op.create_table(
        "placement_provider_traits",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("trait", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_provider_traits_provider_uuid_placement_resource_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "trait", name=op.f("pk_placement_provider_traits")
        ),
    )
    op.create_index(
        op.f("ix_placement_provider_traits_trait"),
        "placement_provider_traits",
        ["trait"],
        unique=False,
    )
