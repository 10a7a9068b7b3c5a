"""Make hosts rows."""

import uuid

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "kernel_0002"
down_revision = "kernel_0001"


def upgrade() -> None:
    op.create_table(
        "kernel_authority",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_authority")),
    )
    op.create_table(
        "kernel_hosts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("api_address", sa.String(length=64), nullable=False),
        sa.Column("tunnel_address", sa.String(length=64), nullable=False),
        sa.Column("storage_address", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("views", types.Json(), nullable=False),
        sa.Column("drivers", types.Json(), nullable=False),
        sa.Column("capabilities", types.Json(), nullable=False),
        sa.Column("architecture", sa.String(length=32), nullable=False),
        sa.Column("certificates", types.Json(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("certificate_ends_at", types.UtcDateTime(), nullable=True),
        sa.Column("joined_at", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_hosts")),
        sa.UniqueConstraint("name", name=op.f("uq_kernel_hosts_name")),
    )
    op.create_table(
        "kernel_join_tokens",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_kernel_join_tokens")),
    )
    _keep_known_hosts()
    op.drop_table("kernel_agents")


def _keep_known_hosts() -> None:
    """Turn the rows of agents into rows of hosts."""
    connection = op.get_bind()
    columns = "version, views, started_at, last_seen_at"
    known = connection.execute(sa.text(f"SELECT host, {columns} FROM kernel_agents")).all()
    for host, version, views, started_at, last_seen_at in known:
        connection.execute(
            sa.text(
                "INSERT INTO kernel_hosts (id, name, state, api_address, tunnel_address, "
                "storage_address, version, views, drivers, capabilities, architecture, "
                "certificates, fingerprint, joined_at, started_at, last_seen_at) VALUES "
                "(:id, :name, 'active', '', '', '', :version, :views, '{}', '[]', '', '[]', '', "
                ":started_at, :started_at, :last_seen_at)"
            ),
            {
                "id": str(uuid.uuid4()),
                "name": host,
                "version": version,
                "views": views,
                "started_at": started_at,
                "last_seen_at": last_seen_at,
            },
        )
