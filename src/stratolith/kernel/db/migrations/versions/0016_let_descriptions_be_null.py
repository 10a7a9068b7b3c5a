"""Let descriptions of projects, domains and groups be null.

SQLite would make the tables again, and dropping the old ones deletes what hangs on their rows:
there a new column takes the old one's place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
TABLES = ("identity_projects", "identity_groups")


def upgrade() -> None:
    for table in TABLES:
        _replace(table, "TEXT")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"UPDATE {table} SET description = '' WHERE description IS NULL")
        _replace(table, "TEXT DEFAULT '' NOT NULL")


def _replace(table: str, kind: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(
            table, "description", existing_type=sa.Text(), nullable="NOT NULL" not in kind
        )
        return
    op.execute(f"ALTER TABLE {table} ADD COLUMN description_ {kind}")
    op.execute(f"UPDATE {table} SET description_ = description")
    op.execute(f"ALTER TABLE {table} DROP COLUMN description")
    op.execute(f"ALTER TABLE {table} RENAME COLUMN description_ TO description")
