"""Add auto-allocated topologies."""

import sqlalchemy as sa
from alembic import op

revision = "network_0005"
down_revision = "network_0004"


def upgrade() -> None:
    op.create_table(
        "network_auto_topologies",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("router_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_auto_topologies_network_id_network_networks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_network_auto_topologies")),
    )
    with op.batch_alter_table("network_auto_topologies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_auto_topologies_network_id"), ["network_id"], unique=False
        )
