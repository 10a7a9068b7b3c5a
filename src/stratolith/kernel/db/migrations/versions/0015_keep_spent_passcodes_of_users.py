"""Keep spent passcodes of users."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "identity_spent_passcodes",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("passcode", sa.String(length=8), nullable=False),
        sa.Column("totp_window", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_spent_passcodes_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "user_id", "passcode", "totp_window", name=op.f("pk_identity_spent_passcodes")
        ),
    )


def downgrade() -> None:
    op.drop_table("identity_spent_passcodes")
