"""The table of greeting."""

import sqlalchemy as sa
from alembic import op

revision = "greeting_0001"
down_revision = None
branch_labels = ("greeting",)


def upgrade() -> None:
    op.create_table(
        "greeting_heard",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("words", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_greeting_heard")),
    )
