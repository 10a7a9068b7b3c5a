"""Add uplink status and NUMA affinity of ports."""

import sqlalchemy as sa
from alembic import op

revision = "network_0019"
down_revision = "network_0018"


def upgrade() -> None:
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "propagate_uplink_status", sa.Boolean(), nullable=False, server_default=sa.true()
            )
        )
        batch_op.add_column(sa.Column("numa_affinity_policy", sa.String(length=16), nullable=True))
