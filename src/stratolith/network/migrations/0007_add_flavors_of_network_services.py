"""Add flavors of network services."""

import sqlalchemy as sa
from alembic import op

revision = "network_0007"
down_revision = "network_0006"


def upgrade() -> None:
    op.create_table(
        "network_flavors",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("service_type", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_flavors")),
    )
    op.create_table(
        "network_service_profiles",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("metainfo", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_service_profiles")),
    )
    op.create_table(
        "network_flavor_profiles",
        sa.Column("flavor_id", sa.String(length=36), nullable=False),
        sa.Column("profile_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["flavor_id"],
            ["network_flavors.id"],
            name=op.f("fk_network_flavor_profiles_flavor_id_network_flavors"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["network_service_profiles.id"],
            name=op.f("fk_network_flavor_profiles_profile_id_network_service_profiles"),
        ),
        sa.PrimaryKeyConstraint("flavor_id", "profile_id", name=op.f("pk_network_flavor_profiles")),
    )
    with op.batch_alter_table("network_flavor_profiles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_flavor_profiles_profile_id"), ["profile_id"], unique=False
        )

    with op.batch_alter_table("network_routers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("flavor_id", sa.String(length=36), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_network_routers_flavor_id"), ["flavor_id"], unique=False
        )
