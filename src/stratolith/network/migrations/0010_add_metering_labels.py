"""Add metering labels."""

import sqlalchemy as sa
from alembic import op

revision = "network_0010"
down_revision = "network_0009"


def upgrade() -> None:
    op.create_table(
        "network_meter_labels",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=1024), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_meter_labels")),
    )
    with op.batch_alter_table("network_meter_labels", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_meter_labels_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_meter_rules",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("metering_label_id", sa.String(length=36), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("remote_ip_prefix", sa.String(length=64), nullable=True),
        sa.Column("source_ip_prefix", sa.String(length=64), nullable=True),
        sa.Column("destination_ip_prefix", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["metering_label_id"],
            ["network_meter_labels.id"],
            name=op.f("fk_network_meter_rules_metering_label_id_network_meter_labels"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_meter_rules")),
    )
    with op.batch_alter_table("network_meter_rules", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_meter_rules_metering_label_id"),
            ["metering_label_id"],
            unique=False,
        )
