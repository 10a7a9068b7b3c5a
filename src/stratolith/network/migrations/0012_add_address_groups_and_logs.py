"""Add address groups, logs, and what new security groups get."""

import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0012"
down_revision = "network_0011"


def upgrade() -> None:
    address_groups()
    logs()
    default_statefulness()
    seed(default_rules())


def standard() -> list[sa.Column[Any]]:
    """The columns of every resource."""
    return [
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
    ]


def index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def address_groups() -> None:
    op.create_table(
        "network_address_groups",
        sa.Column("name", sa.String(length=255), nullable=False),
        *standard(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_groups")),
    )
    index("network_address_groups", "name", "project_id")
    op.create_table(
        "network_group_addresses",
        sa.Column("address_group_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_group_id"],
            ["network_address_groups.id"],
            name=op.f("fk_network_group_addresses_address_group_id_network_address_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "address_group_id", "address", name=op.f("pk_network_group_addresses")
        ),
    )
    with op.batch_alter_table("network_security_group_rules") as rules:
        rules.add_column(sa.Column("remote_address_group_id", sa.String(length=36), nullable=True))
        rules.create_index(
            rules.f("ix_network_security_group_rules_remote_address_group_id"),
            ["remote_address_group_id"],
        )
        rules.create_foreign_key(
            rules.f(
                "fk_network_security_group_rules_remote_address_group_id_network_address_groups"
            ),
            "network_address_groups",
            ["remote_address_group_id"],
            ["id"],
        )


def logs() -> None:
    op.create_table(
        "network_logs",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("resource_type", sa.String(length=255), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=True),
        sa.Column("target_id", sa.String(length=36), nullable=True),
        sa.Column("event", sa.String(length=8), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        *standard(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_logs")),
    )
    index("network_logs", "name", "project_id", "resource_id", "target_id")


def default_statefulness() -> None:
    op.create_table(
        "network_default_statefulness",
        sa.Column("stateful", sa.Boolean(), nullable=False),
        *standard(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_default_statefulness")),
        sa.UniqueConstraint("project_id", name=op.f("uq_network_default_statefulness_project_id")),
    )
    index("network_default_statefulness", "project_id")


def default_rules() -> sa.Table:
    table = op.create_table(
        "network_default_security_group_rules",
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("ethertype", sa.String(length=8), nullable=False),
        sa.Column("protocol", sa.String(length=40), nullable=True),
        sa.Column("port_range_min", sa.Integer(), nullable=True),
        sa.Column("port_range_max", sa.Integer(), nullable=True),
        sa.Column("remote_ip_prefix", sa.String(length=64), nullable=True),
        sa.Column("remote_group_id", sa.String(length=255), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=255), nullable=True),
        sa.Column("used_in_default_sg", sa.Boolean(), nullable=False),
        sa.Column("used_in_non_default_sg", sa.Boolean(), nullable=False),
        *standard(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_default_security_group_rules")),
    )
    index("network_default_security_group_rules", "project_id")
    return table


def seed(table: sa.Table) -> None:
    """All egress; for default groups also ingress from the group's own members."""
    now = datetime.now(UTC)
    op.bulk_insert(
        table,
        [
            {
                "id": str(uuid.uuid4()),
                "project_id": "",
                "description": f"Legacy default SG rule for {direction} traffic",
                "revision_number": 0,
                "created_at": now,
                "direction": direction,
                "ethertype": ethertype,
                "remote_group_id": "PARENT" if direction == "ingress" else None,
                "used_in_default_sg": True,
                "used_in_non_default_sg": direction == "egress",
            }
            for direction in ("egress", "ingress")
            for ethertype in ("IPv4", "IPv6")
        ],
    )
