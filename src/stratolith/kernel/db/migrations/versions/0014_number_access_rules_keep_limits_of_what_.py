"""Number access rules; keep limits of what is gone."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def _keep_limits(change: Callable[[], None]) -> None:
    """SQLite makes the table again, and dropping the old one deletes what hangs on its rows."""
    if op.get_bind().dialect.name != "sqlite":
        change()
        return
    op.execute("CREATE TEMPORARY TABLE kept_limits AS SELECT * FROM identity_limits")
    change()
    op.execute("DELETE FROM identity_limits")
    op.execute("INSERT INTO identity_limits SELECT * FROM kept_limits")
    op.execute("DROP TABLE kept_limits")


def _drop_keys() -> None:
    with op.batch_alter_table("identity_registered_limits", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_identity_registered_limits_service_id_identity_services"),
            type_="foreignkey",
        )
        batch_op.drop_constraint(
            batch_op.f("fk_identity_registered_limits_region_id_identity_regions"),
            type_="foreignkey",
        )


def upgrade() -> None:
    with op.batch_alter_table("identity_access_rules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), server_default="0", nullable=False))

    _keep_limits(_drop_keys)


def _make_keys() -> None:
    with op.batch_alter_table("identity_registered_limits", schema=None) as batch_op:
        batch_op.create_foreign_key(
            batch_op.f("fk_identity_registered_limits_region_id_identity_regions"),
            "identity_regions",
            ["region_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_identity_registered_limits_service_id_identity_services"),
            "identity_services",
            ["service_id"],
            ["id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    _keep_limits(_make_keys)
    with op.batch_alter_table("identity_access_rules", schema=None) as batch_op:
        batch_op.drop_column("number")
