"""The tables of compute."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "compute_0001"
down_revision = None
branch_labels = ("compute",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    aggregates()
    flavors()
    host_requests()
    hosts()
    keypairs()
    server_group_members()
    server_groups()
    server_tags()
    servers()
    servers_indexes()
    flavor_access()


def aggregates() -> None:
    op.create_table(
        "compute_aggregates",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("metadata", types.Json(), nullable=False),
        sa.Column("hosts", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_aggregates")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_aggregates_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_compute_aggregates_uuid")),
    )


def flavors() -> None:
    op.create_table(
        "compute_flavors",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram", sa.Integer(), nullable=False),
        sa.Column("disk", sa.Integer(), nullable=False),
        sa.Column("ephemeral", sa.Integer(), nullable=False),
        sa.Column("swap", sa.Integer(), nullable=False),
        sa.Column("rxtx_factor", sa.Float(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("extra_specs", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_flavors")),
        sa.UniqueConstraint("flavor_id", name=op.f("uq_compute_flavors_flavor_id")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_flavors_name")),
    )


def host_requests() -> None:
    op.create_table(
        "compute_host_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("params", types.Json(), nullable=False),
        sa.Column("answer", types.Json(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_host_requests")),
    )
    op.create_index(
        op.f("ix_compute_host_requests_host"), "compute_host_requests", ["host"], unique=False
    )


def hosts() -> None:
    op.create_table(
        "compute_hosts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("service_uuid", sa.String(length=36), nullable=False),
        sa.Column("facts", types.Json(), nullable=False),
        sa.Column("host_ip", sa.String(length=64), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=255), nullable=True),
        sa.Column("forced_down", sa.Boolean(), nullable=False),
        sa.Column("reported_at", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_hosts")),
        sa.UniqueConstraint("host", name=op.f("uq_compute_hosts_host")),
        sa.UniqueConstraint("service_uuid", name=op.f("uq_compute_hosts_service_uuid")),
        sa.UniqueConstraint("uuid", name=op.f("uq_compute_hosts_uuid")),
    )


def keypairs() -> None:
    op.create_table(
        "compute_keypairs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_keypairs")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_compute_keypairs_user_id_name")),
    )


def server_group_members() -> None:
    op.create_table(
        "compute_server_group_members",
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_compute_server_group_members")),
    )
    op.create_index(
        op.f("ix_compute_server_group_members_group_id"),
        "compute_server_group_members",
        ["group_id"],
        unique=False,
    )


def server_groups() -> None:
    op.create_table(
        "compute_server_groups",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("rules", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compute_server_groups")),
        sa.UniqueConstraint("id", name=op.f("uq_compute_server_groups_id")),
    )
    op.create_index(
        op.f("ix_compute_server_groups_project_id"),
        "compute_server_groups",
        ["project_id"],
        unique=False,
    )


def server_tags() -> None:
    op.create_table(
        "compute_server_tags",
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "tag", name=op.f("pk_compute_server_tags")),
    )
    op.create_index(
        op.f("ix_compute_server_tags_tag"), "compute_server_tags", ["tag"], unique=False
    )


def servers() -> None:
    op.create_table(
        "compute_servers",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("reservation_id", sa.String(length=36), nullable=False),
        sa.Column("launch_index", sa.Integer(), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("flavor", types.Json(), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("disk_gb", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=True),
        sa.Column("image", types.Json(), nullable=False),
        sa.Column("key_name", sa.String(length=255), nullable=True),
        sa.Column("key", types.Json(), nullable=True),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("files", types.Json(), nullable=False),
        sa.Column("config_drive", sa.Boolean(), nullable=False),
        sa.Column("metadata", types.Json(), nullable=False),
        sa.Column("security_groups", types.Json(), nullable=False),
        sa.Column("access_ip_v4", sa.String(length=39), nullable=True),
        sa.Column("access_ip_v6", sa.String(length=39), nullable=True),
        sa.Column("disk_config", sa.String(length=8), nullable=False),
        sa.Column("pinned_zone", sa.String(length=255), nullable=True),
        sa.Column("scheduler_hints", types.Json(), nullable=False),
        sa.Column("locked_by", sa.String(length=8), nullable=True),
        sa.Column("locked_reason", sa.String(length=255), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        *server_states(),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compute_servers")),
        sa.UniqueConstraint("id", name=op.f("uq_compute_servers_id")),
    )


def server_states() -> list[sa.Column[Any]]:
    return [
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("zone", sa.String(length=255), nullable=True),
        sa.Column("desired_power", sa.String(length=16), nullable=False),
        sa.Column("delete_requested_at", types.UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("observed_power", sa.String(length=16), nullable=True),
        sa.Column("observed_vifs", types.Json(), nullable=False),
        sa.Column("observed_at", types.UtcDateTime(), nullable=True),
        sa.Column("vm_state", sa.String(length=32), nullable=False),
        sa.Column("task_state", sa.String(length=64), nullable=True),
        sa.Column("power_state", sa.Integer(), nullable=False),
        sa.Column("fault", types.Json(), nullable=True),
        sa.Column("has_error", sa.Boolean(), nullable=False),
        sa.Column("launched_at", types.UtcDateTime(), nullable=True),
        sa.Column("terminated_at", types.UtcDateTime(), nullable=True),
        sa.Column("deleted_at", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
    ]


def servers_indexes() -> None:
    op.create_index(
        "ix_compute_servers_host", "compute_servers", ["host", "deleted_at"], unique=False
    )
    op.create_index(
        "ix_compute_servers_project",
        "compute_servers",
        ["project_id", "deleted_at", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_compute_servers_reservation_id"),
        "compute_servers",
        ["reservation_id"],
        unique=False,
    )
    op.create_index(
        "ix_compute_servers_state", "compute_servers", ["deleted_at", "vm_state"], unique=False
    )


def flavor_access() -> None:
    op.create_table(
        "compute_flavor_access",
        sa.Column("flavor_pk", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["flavor_pk"],
            ["compute_flavors.id"],
            name=op.f("fk_compute_flavor_access_flavor_pk_compute_flavors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("flavor_pk", "project_id", name=op.f("pk_compute_flavor_access")),
    )
