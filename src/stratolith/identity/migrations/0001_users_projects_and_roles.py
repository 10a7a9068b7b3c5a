"""Users, groups, projects, domains, roles."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "identity_0001"
down_revision = None
branch_labels = ("identity",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    projects()
    project_tags()
    domain_options()
    users()
    passwords()
    groups()
    memberships()
    roles()
    implied_roles()
    assignments()
    revocations()
    premade()
    key_rings()


def projects() -> None:
    op.create_table(
        "identity_projects",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("is_domain", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("options", types.Json(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_projects_parent_id_identity_projects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_projects")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_projects_domain_id_name")),
    )
    op.create_index(
        op.f("ix_identity_projects_is_domain"), "identity_projects", ["is_domain"], unique=False
    )
    op.create_index("ix_identity_projects_name", "identity_projects", ["name", "id"], unique=False)
    op.create_index(
        op.f("ix_identity_projects_parent_id"), "identity_projects", ["parent_id"], unique=False
    )


def project_tags() -> None:
    op.create_table(
        "identity_project_tags",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_project_tags_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_identity_project_tags")),
    )
    op.create_index(
        op.f("ix_identity_project_tags_name"), "identity_project_tags", ["name"], unique=False
    )


def domain_options() -> None:
    op.create_table(
        "identity_domain_options",
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("option_group", sa.String(length=64), nullable=False),
        sa.Column("option", sa.String(length=64), nullable=False),
        sa.Column("value", types.Json(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_domain_options_domain_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "domain_id", "option_group", "option", name=op.f("pk_identity_domain_options")
        ),
    )


def users() -> None:
    op.create_table(
        "identity_users",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("default_project_id", sa.String(length=64), nullable=True),
        sa.Column("options", types.Json(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("failed_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_active_at", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_users_domain_id_identity_projects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_users")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_users_domain_id_name")),
    )
    op.create_index(
        op.f("ix_identity_users_default_project_id"),
        "identity_users",
        ["default_project_id"],
        unique=False,
    )
    op.create_index("ix_identity_users_domain", "identity_users", ["domain_id", "id"], unique=False)
    op.create_index("ix_identity_users_name", "identity_users", ["name", "id"], unique=False)


def passwords() -> None:
    op.create_table(
        "identity_passwords",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=255), nullable=False),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_passwords_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_passwords")),
    )
    op.create_index(
        op.f("ix_identity_passwords_user_id"), "identity_passwords", ["user_id"], unique=False
    )


def groups() -> None:
    op.create_table(
        "identity_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_groups_domain_id_identity_projects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_groups")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_groups_domain_id_name")),
    )
    op.create_index(
        op.f("ix_identity_groups_domain_id"), "identity_groups", ["domain_id"], unique=False
    )
    op.create_index("ix_identity_groups_name", "identity_groups", ["name", "id"], unique=False)


def memberships() -> None:
    op.create_table(
        "identity_memberships",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["identity_groups.id"],
            name=op.f("fk_identity_memberships_group_id_identity_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_memberships_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_identity_memberships")),
    )
    op.create_index(
        op.f("ix_identity_memberships_group_id"), "identity_memberships", ["group_id"], unique=False
    )


def roles() -> None:
    op.create_table(
        "identity_roles",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("options", types.Json(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_roles")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_roles_domain_id_name")),
    )


def implied_roles() -> None:
    op.create_table(
        "identity_implied_roles",
        sa.Column("prior_id", sa.String(length=64), nullable=False),
        sa.Column("implied_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["implied_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_implied_roles_implied_id_identity_roles"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prior_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_implied_roles_prior_id_identity_roles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("prior_id", "implied_id", name=op.f("pk_identity_implied_roles")),
    )
    op.create_index(
        op.f("ix_identity_implied_roles_implied_id"),
        "identity_implied_roles",
        ["implied_id"],
        unique=False,
    )


def assignments() -> None:
    op.create_table(
        "identity_assignments",
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=8), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["identity_roles.id"],
            name=op.f("fk_identity_assignments_role_id_identity_roles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "actor",
            "actor_id",
            "target",
            "target_id",
            "role_id",
            "inherited",
            name=op.f("pk_identity_assignments"),
        ),
    )
    op.create_index(
        op.f("ix_identity_assignments_role_id"), "identity_assignments", ["role_id"], unique=False
    )
    op.create_index(
        "ix_identity_assignments_target",
        "identity_assignments",
        ["target", "target_id"],
        unique=False,
    )


def revocations() -> None:
    op.create_table(
        "identity_revocations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("domain_id", sa.String(length=64), nullable=True),
        sa.Column("role_id", sa.String(length=64), nullable=True),
        sa.Column("trust_id", sa.String(length=64), nullable=True),
        sa.Column("audit_id", sa.String(length=32), nullable=True),
        sa.Column("audit_chain_id", sa.String(length=32), nullable=True),
        sa.Column("issued_before", types.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_revocations")),
    )
    op.create_index(
        op.f("ix_identity_revocations_revoked_at"),
        "identity_revocations",
        ["revoked_at"],
        unique=False,
    )


def premade() -> None:
    op.create_table(
        "identity_premade",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_premade")),
    )


def key_rings() -> None:
    op.create_table(
        "identity_key_rings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_key_rings")),
    )
