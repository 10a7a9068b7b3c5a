"""Let servers share one database."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "identity_key_rings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_key_rings")),
    )
    op.create_table(
        "kernel_servers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_servers")),
    )


def downgrade() -> None:
    op.drop_table("kernel_servers")
    op.drop_table("identity_key_rings")
