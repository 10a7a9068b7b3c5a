"""The catalogue, policy documents, limits."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "identity_0002"
down_revision = "identity_0001"
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    regions()
    services()
    endpoints()
    endpoint_groups()
    project_endpoints()
    project_endpoint_groups()
    policies()
    policy_associations()
    policy_associations_indexes()
    registered_limits()
    limits()


def regions() -> None:
    op.create_table(
        "identity_regions",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.String(length=255), nullable=True),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["identity_regions.id"],
            name=op.f("fk_identity_regions_parent_id_identity_regions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_regions")),
    )
    op.create_index(
        op.f("ix_identity_regions_parent_id"), "identity_regions", ["parent_id"], unique=False
    )


def services() -> None:
    op.create_table(
        "identity_services",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_services")),
    )
    op.create_index(op.f("ix_identity_services_type"), "identity_services", ["type"], unique=False)


def endpoints() -> None:
    op.create_table(
        "identity_endpoints",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["identity_regions.id"],
            name=op.f("fk_identity_endpoints_region_id_identity_regions"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["identity_services.id"],
            name=op.f("fk_identity_endpoints_service_id_identity_services"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_endpoints")),
    )
    op.create_index(
        op.f("ix_identity_endpoints_region_id"), "identity_endpoints", ["region_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_endpoints_service_id"), "identity_endpoints", ["service_id"], unique=False
    )


def endpoint_groups() -> None:
    op.create_table(
        "identity_endpoint_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("filters", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_endpoint_groups")),
    )
    op.create_index(
        op.f("ix_identity_endpoint_groups_name"), "identity_endpoint_groups", ["name"], unique=False
    )


def project_endpoints() -> None:
    op.create_table(
        "identity_project_endpoints",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["identity_endpoints.id"],
            name=op.f("fk_identity_project_endpoints_endpoint_id_identity_endpoints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_project_endpoints_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "endpoint_id", name=op.f("pk_identity_project_endpoints")
        ),
    )
    op.create_index(
        op.f("ix_identity_project_endpoints_endpoint_id"),
        "identity_project_endpoints",
        ["endpoint_id"],
        unique=False,
    )


def project_endpoint_groups() -> None:
    op.create_table(
        "identity_project_endpoint_groups",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_group_id"],
            ["identity_endpoint_groups.id"],
            name=op.f(
                "fk_identity_project_endpoint_groups_endpoint_group_id_identity_endpoint_groups"
            ),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_project_endpoint_groups_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "endpoint_group_id", name=op.f("pk_identity_project_endpoint_groups")
        ),
    )
    op.create_index(
        op.f("ix_identity_project_endpoint_groups_endpoint_group_id"),
        "identity_project_endpoint_groups",
        ["endpoint_group_id"],
        unique=False,
    )


def policies() -> None:
    op.create_table(
        "identity_policies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_policies")),
    )
    op.create_index(op.f("ix_identity_policies_type"), "identity_policies", ["type"], unique=False)


def policy_associations() -> None:
    op.create_table(
        "identity_policy_associations",
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=True),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["identity_endpoints.id"],
            name=op.f("fk_identity_policy_associations_endpoint_id_identity_endpoints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["identity_policies.id"],
            name=op.f("fk_identity_policy_associations_policy_id_identity_policies"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["identity_regions.id"],
            name=op.f("fk_identity_policy_associations_region_id_identity_regions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["identity_services.id"],
            name=op.f("fk_identity_policy_associations_service_id_identity_services"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_policy_associations")),
    )


def policy_associations_indexes() -> None:
    op.create_index(
        op.f("ix_identity_policy_associations_endpoint_id"),
        "identity_policy_associations",
        ["endpoint_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_policy_associations_policy_id"),
        "identity_policy_associations",
        ["policy_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_policy_associations_region_id"),
        "identity_policy_associations",
        ["region_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_policy_associations_service_id"),
        "identity_policy_associations",
        ["service_id"],
        unique=False,
    )


def registered_limits() -> None:
    op.create_table(
        "identity_registered_limits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("resource_name", sa.String(length=255), nullable=False),
        sa.Column("default_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_registered_limits")),
    )
    op.create_index(
        op.f("ix_identity_registered_limits_region_id"),
        "identity_registered_limits",
        ["region_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_registered_limits_resource_name"),
        "identity_registered_limits",
        ["resource_name"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_registered_limits_service_id"),
        "identity_registered_limits",
        ["service_id"],
        unique=False,
    )


def limits() -> None:
    op.create_table(
        "identity_limits",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("registered_limit_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("domain_id", sa.String(length=64), nullable=True),
        sa.Column("resource_limit", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_limits_domain_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_limits_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registered_limit_id"],
            ["identity_registered_limits.id"],
            name=op.f("fk_identity_limits_registered_limit_id_identity_registered_limits"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_limits")),
    )
    op.create_index(
        op.f("ix_identity_limits_domain_id"), "identity_limits", ["domain_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_limits_project_id"), "identity_limits", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_limits_registered_limit_id"),
        "identity_limits",
        ["registered_limit_id"],
        unique=False,
    )
