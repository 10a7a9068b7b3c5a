"""Add segments and ranges of their numbers."""

import uuid

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0008"
down_revision = "network_0007"


def upgrade() -> None:
    op.create_table(
        "network_host_mappings",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("physical_network", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("host", "physical_network", name=op.f("pk_network_host_mappings")),
    )
    with op.batch_alter_table("network_host_mappings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_host_mappings_physical_network"),
            ["physical_network"],
            unique=False,
        )

    op.create_table(
        "network_segment_ranges",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("network_type", sa.String(length=16), nullable=False),
        sa.Column("physical_network", sa.String(length=64), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_segment_ranges")),
    )
    with op.batch_alter_table("network_segment_ranges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_segment_ranges_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_segment_ranges_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_segments",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("network_type", sa.String(length=16), nullable=False),
        sa.Column("physical_network", sa.String(length=64), nullable=False),
        sa.Column("segmentation_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=128), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_segments_network_id_network_networks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_segments")),
        sa.UniqueConstraint("claim", name=op.f("uq_network_segments_claim")),
    )
    with op.batch_alter_table("network_segments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_segments_network_id"), ["network_id"], unique=False
        )
        batch_op.create_index(
            "ix_network_segments_number",
            ["network_type", "physical_network", "segmentation_id"],
            unique=False,
        )

    with op.batch_alter_table("network_networks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("several_segments", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "ip_allocation",
                sa.String(length=16),
                server_default="immediate",
                nullable=False,
            )
        )

    with op.batch_alter_table("network_subnets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("segment_id", sa.String(length=36), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_network_subnets_segment_id"), ["segment_id"], unique=False
        )
    _give_networks_their_segments()


def _give_networks_their_segments() -> None:
    """Each network had one segment, in its own columns."""
    connection = op.get_bind()
    networks = sa.table(
        "network_networks",
        *(
            sa.column(name)
            for name in ("id", "network_type", "physical_network", "segmentation_id")
        ),
        sa.column("created_at", types.UtcDateTime()),
    )
    segments = sa.table(
        "network_segments",
        *(
            sa.column(name)
            for name in (
                "id",
                "network_id",
                "project_id",
                "network_type",
                "physical_network",
                "segmentation_id",
                "position",
                "claim",
                "revision_number",
            )
        ),
        sa.column("created_at", types.UtcDateTime()),
    )
    for row in connection.execute(sa.select(networks)).all():
        number = row.segmentation_id
        claim = f"{row.network_type}/{row.physical_network}/{'' if number is None else number}"
        connection.execute(
            segments.insert().values(
                id=str(uuid.uuid4()),
                network_id=row.id,
                project_id="",
                network_type=row.network_type,
                physical_network=row.physical_network,
                segmentation_id=number,
                position=0,
                claim=claim if number is not None or row.network_type == "flat" else None,
                revision_number=1,
                created_at=row.created_at,
            )
        )
