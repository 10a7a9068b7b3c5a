"""Add trunks and their sub-ports."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0011"
down_revision = "network_0010"


def upgrade() -> None:
    op.create_table(
        "network_trunks",
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["port_id"], ["network_ports.id"], name=op.f("fk_network_trunks_port_id_network_ports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_trunks")),
        sa.UniqueConstraint("port_id", name=op.f("uq_network_trunks_port_id")),
    )
    with op.batch_alter_table("network_trunks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_trunks_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_trunks_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_sub_ports",
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("trunk_id", sa.String(length=36), nullable=False),
        sa.Column("segmentation_type", sa.String(length=32), nullable=False),
        sa.Column("segmentation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"],
            ["network_ports.id"],
            name=op.f("fk_network_sub_ports_port_id_network_ports"),
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["network_trunks.id"],
            name=op.f("fk_network_sub_ports_trunk_id_network_trunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("port_id", name=op.f("pk_network_sub_ports")),
        sa.UniqueConstraint(
            "trunk_id",
            "segmentation_type",
            "segmentation_id",
            name="uq_network_sub_ports_segment",
        ),
    )
