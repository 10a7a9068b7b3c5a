"""Add the data plane status of ports."""

import sqlalchemy as sa
from alembic import op

revision = "network_0013"
down_revision = "network_0012"


def upgrade() -> None:
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data_plane_status", sa.String(length=16), nullable=True))
