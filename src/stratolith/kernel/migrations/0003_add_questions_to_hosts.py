"""Add questions to hosts, for all services; they were compute's before."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "kernel_0003"
down_revision = "kernel_0002"


def upgrade() -> None:
    op.create_table(
        "kernel_questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("params", types.Json(), nullable=False),
        sa.Column("answer", types.Json(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_questions")),
    )
    op.create_index(op.f("ix_kernel_questions_host"), "kernel_questions", ["host"], unique=False)
