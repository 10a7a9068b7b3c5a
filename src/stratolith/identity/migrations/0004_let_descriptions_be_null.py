"""Let descriptions of projects, domains and groups be null.

On SQLite a new column replaces the old one, as migration 0016 of the shared history did.
"""

import sqlalchemy as sa
from alembic import op

revision = "identity_0004"
down_revision = "identity_0003"
replaces = "0016"  # of the one history that all branches shared before


def upgrade() -> None:
    for table in ("identity_projects", "identity_groups"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"ALTER TABLE {table} ADD COLUMN description_ TEXT")
            op.execute(f"UPDATE {table} SET description_ = description")
            op.execute(f"ALTER TABLE {table} DROP COLUMN description")
            op.execute(f"ALTER TABLE {table} RENAME COLUMN description_ TO description")
        else:
            op.alter_column(table, "description", existing_type=sa.Text(), nullable=True)
