"""Add names of ports and networks."""

import sqlalchemy as sa
from alembic import op

revision = "network_0004"
down_revision = "network_0003"


def upgrade() -> None:
    with op.batch_alter_table("network_networks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("dns_domain", sa.String(length=255), nullable=False, server_default="")
        )

    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("dns_name", sa.String(length=255), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("dns_domain", sa.String(length=255), nullable=False, server_default="")
        )

    with op.batch_alter_table("network_subnets", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "dns_publish_fixed_ip", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )
