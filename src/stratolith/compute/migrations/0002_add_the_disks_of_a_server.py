"""Add the disks of a server; empty for existing servers, which have the disks of their flavor."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "compute_0002"
down_revision = "compute_0001"


def upgrade() -> None:
    with op.batch_alter_table("compute_servers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disks", types.Json(), server_default="[]", nullable=False))
