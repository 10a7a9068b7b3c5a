"""Networks, subnets, ports, what shares and describes them."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "network_0001"
down_revision = None
branch_labels = ("network",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    address_scopes()
    subnetpools()
    networks()
    subnets()
    ports()
    ports_indexes()
    fixed_ips()
    rbac_policies()
    tags()
    agent_notes()


def address_scopes() -> None:
    op.create_table(
        "network_address_scopes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_scopes")),
    )
    op.create_index(
        op.f("ix_network_address_scopes_name"), "network_address_scopes", ["name"], unique=False
    )
    op.create_index(
        op.f("ix_network_address_scopes_project_id"),
        "network_address_scopes",
        ["project_id"],
        unique=False,
    )


def subnetpools() -> None:
    op.create_table(
        "network_subnetpools",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("prefixes", types.Json(), nullable=False),
        sa.Column("default_prefixlen", sa.Integer(), nullable=False),
        sa.Column("min_prefixlen", sa.Integer(), nullable=False),
        sa.Column("max_prefixlen", sa.Integer(), nullable=False),
        sa.Column("default_quota", sa.Integer(), nullable=True),
        sa.Column("address_scope_id", sa.String(length=36), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnetpools")),
    )
    op.create_index(
        op.f("ix_network_subnetpools_address_scope_id"),
        "network_subnetpools",
        ["address_scope_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_subnetpools_name"), "network_subnetpools", ["name"], unique=False
    )
    op.create_index(
        op.f("ix_network_subnetpools_project_id"),
        "network_subnetpools",
        ["project_id"],
        unique=False,
    )


def networks() -> None:
    op.create_table(
        "network_networks",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("external", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("mtu", sa.Integer(), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.Column("network_type", sa.String(length=16), nullable=False),
        sa.Column("physical_network", sa.String(length=64), nullable=False),
        sa.Column("segmentation_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_networks")),
        sa.UniqueConstraint(
            "network_type",
            "physical_network",
            "segmentation_id",
            name=op.f("uq_network_networks_network_type_physical_network_segmentation_id"),
        ),
    )
    op.create_index(op.f("ix_network_networks_name"), "network_networks", ["name"], unique=False)
    op.create_index(
        op.f("ix_network_networks_project_id"), "network_networks", ["project_id"], unique=False
    )


def subnets() -> None:
    op.create_table(
        "network_subnets",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("cidr", sa.String(length=64), nullable=False),
        sa.Column("gateway_ip", sa.String(length=64), nullable=True),
        sa.Column("enable_dhcp", sa.Boolean(), nullable=False),
        sa.Column("ipv6_ra_mode", sa.String(length=16), nullable=True),
        sa.Column("ipv6_address_mode", sa.String(length=16), nullable=True),
        sa.Column("subnetpool_id", sa.String(length=36), nullable=True),
        sa.Column("allocation_pools", types.Json(), nullable=False),
        sa.Column("dns_nameservers", types.Json(), nullable=False),
        sa.Column("host_routes", types.Json(), nullable=False),
        sa.Column("service_types", types.Json(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_subnets_network_id_network_networks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnets")),
    )
    op.create_index(op.f("ix_network_subnets_cidr"), "network_subnets", ["cidr"], unique=False)
    op.create_index(op.f("ix_network_subnets_name"), "network_subnets", ["name"], unique=False)
    op.create_index(
        op.f("ix_network_subnets_network_id"), "network_subnets", ["network_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_subnets_project_id"), "network_subnets", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_subnets_subnetpool_id"), "network_subnets", ["subnetpool_id"], unique=False
    )


def ports() -> None:
    op.create_table(
        "network_ports",
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("mac_address", sa.String(length=17), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.String(length=255), nullable=False),
        sa.Column("device_owner", sa.String(length=255), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.Column("binding_host", sa.String(length=255), nullable=False),
        sa.Column("vnic_type", sa.String(length=32), nullable=False),
        sa.Column("binding_profile", types.Json(), nullable=False),
        sa.Column("allowed_address_pairs", types.Json(), nullable=False),
        sa.Column("extra_dhcp_opts", types.Json(), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("made_by_server", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.Column("holder", sa.String(length=16), server_default="", nullable=False),
        sa.Column("holder_id", sa.String(length=36), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_ports_network_id_network_networks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_ports")),
        sa.UniqueConstraint(
            "network_id", "mac_address", name=op.f("uq_network_ports_network_id_mac_address")
        ),
    )


def ports_indexes() -> None:
    op.create_index(
        "ix_network_ports_device", "network_ports", ["device_id", "device_owner"], unique=False
    )
    op.create_index(
        op.f("ix_network_ports_device_owner"), "network_ports", ["device_owner"], unique=False
    )
    op.create_index(
        "ix_network_ports_holder", "network_ports", ["holder_id", "holder"], unique=False
    )
    op.create_index(
        "ix_network_ports_host", "network_ports", ["binding_host", "network_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_ports_mac_address"), "network_ports", ["mac_address"], unique=False
    )
    op.create_index(op.f("ix_network_ports_name"), "network_ports", ["name"], unique=False)
    op.create_index(
        op.f("ix_network_ports_network_id"), "network_ports", ["network_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_ports_project_id"), "network_ports", ["project_id"], unique=False
    )


def fixed_ips() -> None:
    op.create_table(
        "network_fixed_ips",
        sa.Column("subnet_id", sa.String(length=36), nullable=False),
        sa.Column("ip_address", sa.String(length=64), nullable=False),
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"],
            ["network_ports.id"],
            name=op.f("fk_network_fixed_ips_port_id_network_ports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subnet_id"],
            ["network_subnets.id"],
            name=op.f("fk_network_fixed_ips_subnet_id_network_subnets"),
        ),
        sa.PrimaryKeyConstraint("subnet_id", "ip_address", name=op.f("pk_network_fixed_ips")),
    )
    op.create_index(
        op.f("ix_network_fixed_ips_ip_address"), "network_fixed_ips", ["ip_address"], unique=False
    )
    op.create_index(
        op.f("ix_network_fixed_ips_network_id"), "network_fixed_ips", ["network_id"], unique=False
    )
    op.create_index(
        "ix_network_fixed_ips_offset", "network_fixed_ips", ["subnet_id", "offset"], unique=False
    )
    op.create_index(
        op.f("ix_network_fixed_ips_port_id"), "network_fixed_ips", ["port_id"], unique=False
    )


def rbac_policies() -> None:
    op.create_table(
        "network_rbac_policies",
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("target_project", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_rbac_policies")),
        sa.UniqueConstraint(
            "object_id",
            "action",
            "target_project",
            name=op.f("uq_network_rbac_policies_object_id_action_target_project"),
        ),
    )
    op.create_index(
        op.f("ix_network_rbac_policies_object_id"),
        "network_rbac_policies",
        ["object_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_rbac_policies_project_id"),
        "network_rbac_policies",
        ["project_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_rbac_policies_target_project"),
        "network_rbac_policies",
        ["target_project"],
        unique=False,
    )


def tags() -> None:
    op.create_table(
        "network_tags",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "tag", name=op.f("pk_network_tags")),
    )
    op.create_index(op.f("ix_network_tags_tag"), "network_tags", ["tag"], unique=False)


def agent_notes() -> None:
    op.create_table(
        "network_agent_notes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("deleted_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_agent_notes")),
    )
