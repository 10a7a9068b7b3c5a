"""Credentials, trusts, the tokens of OAuth."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "identity_0003"
down_revision = "identity_0002"
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    credentials()
    used_passcodes()
    spent_passcodes()
    application_credentials()
    access_rules()
    trusts()
    trusts_indexes()
    consumers()
    request_tokens()
    access_tokens()
    used_nonces()


def credentials() -> None:
    op.create_table(
        "identity_credentials",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("encrypted_blob", sa.Text(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_credentials")),
    )
    op.create_index(
        op.f("ix_identity_credentials_project_id"),
        "identity_credentials",
        ["project_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_credentials_type"), "identity_credentials", ["type"], unique=False
    )
    op.create_index(
        op.f("ix_identity_credentials_user_id"), "identity_credentials", ["user_id"], unique=False
    )


def used_passcodes() -> None:
    op.create_table(
        "identity_used_passcodes",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("totp_window", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["identity_credentials.id"],
            name=op.f("fk_identity_used_passcodes_credential_id_identity_credentials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_identity_used_passcodes")),
    )


def spent_passcodes() -> None:
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


def application_credentials() -> None:
    op.create_table(
        "identity_application_credentials",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.String(length=255), nullable=False),
        sa.Column("role_ids", types.Json(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.Column("unrestricted", sa.Boolean(), nullable=False),
        sa.Column("access_rule_ids", types.Json(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_application_credentials_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_application_credentials_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_application_credentials")),
        sa.UniqueConstraint(
            "user_id", "name", name=op.f("uq_identity_application_credentials_user_id_name")
        ),
    )
    op.create_index(
        op.f("ix_identity_application_credentials_project_id"),
        "identity_application_credentials",
        ["project_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_application_credentials_user_id"),
        "identity_application_credentials",
        ["user_id"],
        unique=False,
    )


def access_rules() -> None:
    op.create_table(
        "identity_access_rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=128), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_access_rules_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_access_rules")),
        sa.UniqueConstraint(
            "user_id",
            "service",
            "path",
            "method",
            name=op.f("uq_identity_access_rules_user_id_service_path_method"),
        ),
    )
    op.create_index(
        op.f("ix_identity_access_rules_user_id"), "identity_access_rules", ["user_id"], unique=False
    )


def trusts() -> None:
    op.create_table(
        "identity_trusts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("trustor_user_id", sa.String(length=64), nullable=False),
        sa.Column("trustee_user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("impersonation", sa.Boolean(), nullable=False),
        sa.Column("role_ids", types.Json(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.Column("remaining_uses", sa.Integer(), nullable=True),
        sa.Column("redelegated_trust_id", sa.String(length=64), nullable=True),
        sa.Column("redelegation_count", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_trusts_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trustee_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_trusts_trustee_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trustor_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_trusts_trustor_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_trusts")),
    )


def trusts_indexes() -> None:
    op.create_index(
        op.f("ix_identity_trusts_project_id"), "identity_trusts", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_trusts_redelegated_trust_id"),
        "identity_trusts",
        ["redelegated_trust_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_trusts_trustee_user_id"),
        "identity_trusts",
        ["trustee_user_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_trusts_trustor_user_id"),
        "identity_trusts",
        ["trustor_user_id"],
        unique=False,
    )


def consumers() -> None:
    op.create_table(
        "identity_consumers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("encrypted_secret", sa.Text(), nullable=False),
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_consumers")),
    )


def request_tokens() -> None:
    op.create_table(
        "identity_request_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("encrypted_secret", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=True),
        sa.Column("authorizing_user_id", sa.String(length=64), nullable=True),
        sa.Column("role_ids", types.Json(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authorizing_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_request_tokens_authorizing_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["identity_consumers.id"],
            name=op.f("fk_identity_request_tokens_consumer_id_identity_consumers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_request_tokens_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_request_tokens")),
    )
    op.create_index(
        op.f("ix_identity_request_tokens_authorizing_user_id"),
        "identity_request_tokens",
        ["authorizing_user_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_request_tokens_consumer_id"),
        "identity_request_tokens",
        ["consumer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_request_tokens_project_id"),
        "identity_request_tokens",
        ["project_id"],
        unique=False,
    )


def access_tokens() -> None:
    op.create_table(
        "identity_access_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("encrypted_secret", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("authorizing_user_id", sa.String(length=64), nullable=False),
        sa.Column("role_ids", types.Json(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authorizing_user_id"],
            ["identity_users.id"],
            name=op.f("fk_identity_access_tokens_authorizing_user_id_identity_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["identity_consumers.id"],
            name=op.f("fk_identity_access_tokens_consumer_id_identity_consumers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["identity_projects.id"],
            name=op.f("fk_identity_access_tokens_project_id_identity_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_access_tokens")),
    )
    op.create_index(
        op.f("ix_identity_access_tokens_authorizing_user_id"),
        "identity_access_tokens",
        ["authorizing_user_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_access_tokens_consumer_id"),
        "identity_access_tokens",
        ["consumer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_identity_access_tokens_project_id"),
        "identity_access_tokens",
        ["project_id"],
        unique=False,
    )


def used_nonces() -> None:
    op.create_table(
        "identity_used_nonces",
        sa.Column("consumer_id", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=255), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consumer_id"],
            ["identity_consumers.id"],
            name=op.f("fk_identity_used_nonces_consumer_id_identity_consumers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "consumer_id", "nonce", "signed_at", name=op.f("pk_identity_used_nonces")
        ),
    )
    op.create_index(
        op.f("ix_identity_used_nonces_signed_at"),
        "identity_used_nonces",
        ["signed_at"],
        unique=False,
    )
