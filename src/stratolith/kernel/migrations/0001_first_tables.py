"""The tables of the kernel."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "kernel_0001"
down_revision = None
branch_labels = ("kernel",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    agents()
    cloud()
    leases()
    operations()
    outbox()
    quota_limits()
    servers()


def agents() -> None:
    op.create_table(
        "kernel_agents",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("views", types.Json(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_kernel_agents")),
    )


def cloud() -> None:
    op.create_table(
        "kernel_cloud",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_cloud")),
    )


def leases() -> None:
    op.create_table(
        "kernel_leases",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kernel_leases")),
    )


def operations() -> None:
    op.create_table(
        "kernel_operations",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=True),
        sa.Column("params", types.Json(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("finished_at", types.UtcDateTime(), nullable=True),
        sa.Column("deadline_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_kernel_operations")),
        sa.UniqueConstraint("id", name=op.f("uq_kernel_operations_id")),
    )
    op.create_index(
        "ix_kernel_operations_open", "kernel_operations", ["state", "deadline_at"], unique=False
    )
    op.create_index(
        "ix_kernel_operations_resource",
        "kernel_operations",
        ["service", "resource_id", "seq"],
        unique=False,
    )


def outbox() -> None:
    op.create_table(
        "kernel_outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("payload", types.Json(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("published_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_outbox")),
    )
    op.create_index(
        op.f("ix_kernel_outbox_published_at"), "kernel_outbox", ["published_at"], unique=False
    )


def quota_limits() -> None:
    op.create_table(
        "kernel_quota_limits",
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("hard_limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "service", "project_id", "resource", name=op.f("pk_kernel_quota_limits")
        ),
    )


def servers() -> None:
    op.create_table(
        "kernel_servers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernel_servers")),
    )
