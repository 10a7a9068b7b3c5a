"""Add the places of routers and gateways."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0003"
down_revision = "network_0002"


def upgrade() -> None:
    op.create_table(
        "network_places",
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("placed_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_network_places")),
    )
    op.create_index("ix_network_places_host", "network_places", ["host"])
    op.create_table(
        "network_dhcp_places",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_dhcp_places_network_id_network_networks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("network_id", "host", name=op.f("pk_network_dhcp_places")),
    )
    op.create_index("ix_network_dhcp_places_host", "network_dhcp_places", ["host"])
