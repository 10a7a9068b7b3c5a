"""Add why ports are not bound."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0020"
down_revision = "network_0019"


def upgrade() -> None:
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("binding_error", sa.String(length=255), nullable=False, server_default="")
        )
