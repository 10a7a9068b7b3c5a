"""The tables of image."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "image_0001"
down_revision = None
branch_labels = ("image",)
replaces = "0015"  # of the one history that all branches shared before


def upgrade() -> None:
    former_images()
    images()
    metadef_namespaces()
    metadef_resource_types()
    tasks()
    members()
    metadef_objects()
    metadef_properties()
    metadef_resource_type_associations()
    metadef_tags()


def former_images() -> None:
    op.create_table(
        "image_former_images",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("deleted_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_former_images")),
    )


def images() -> None:
    op.create_table(
        "image_images",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=True),
        sa.Column("disk_format", sa.String(length=20), nullable=True),
        sa.Column("container_format", sa.String(length=20), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("virtual_size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(length=32), nullable=True),
        sa.Column("os_hash_algo", sa.String(length=64), nullable=True),
        sa.Column("os_hash_value", sa.String(length=128), nullable=True),
        sa.Column("min_disk", sa.Integer(), nullable=False),
        sa.Column("min_ram", sa.Integer(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("os_hidden", sa.Boolean(), nullable=False),
        sa.Column("properties", types.Json(), nullable=False),
        sa.Column("tags", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("upload_token", sa.String(length=36), nullable=True),
        sa.Column("upload_seen_at", types.UtcDateTime(), nullable=True),
        sa.Column("staged", types.Json(), nullable=True),
        sa.Column("stores", types.Json(), nullable=False),
        sa.Column("importing", types.Json(), nullable=True),
        sa.Column("locations", types.Json(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_images")),
    )
    op.create_index(
        "ix_image_images_created_id", "image_images", ["created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_image_images_name"), "image_images", ["name"], unique=False)
    op.create_index(op.f("ix_image_images_owner"), "image_images", ["owner"], unique=False)
    op.create_index(op.f("ix_image_images_status"), "image_images", ["status"], unique=False)
    op.create_index(
        op.f("ix_image_images_visibility"), "image_images", ["visibility"], unique=False
    )


def metadef_namespaces() -> None:
    op.create_table(
        "image_metadef_namespaces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_namespaces")),
        sa.UniqueConstraint("name", name=op.f("uq_image_metadef_namespaces_name")),
    )
    op.create_index(
        op.f("ix_image_metadef_namespaces_owner"),
        "image_metadef_namespaces",
        ["owner"],
        unique=False,
    )
    op.create_index(
        op.f("ix_image_metadef_namespaces_visibility"),
        "image_metadef_namespaces",
        ["visibility"],
        unique=False,
    )


def metadef_resource_types() -> None:
    op.create_table(
        "image_metadef_resource_types",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_image_metadef_resource_types")),
    )


def tasks() -> None:
    op.create_table(
        "image_tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.Column("image_id", sa.String(length=36), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("input", types.Json(), nullable=False),
        sa.Column("result", types.Json(), nullable=True),
        sa.Column("message", sa.String(length=1024), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_tasks")),
    )
    op.create_index(op.f("ix_image_tasks_image_id"), "image_tasks", ["image_id"], unique=False)
    op.create_index(op.f("ix_image_tasks_owner"), "image_tasks", ["owner"], unique=False)
    op.create_index(op.f("ix_image_tasks_status"), "image_tasks", ["status"], unique=False)


def members() -> None:
    op.create_table(
        "image_members",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["image_images.id"],
            name=op.f("fk_image_members_image_id_image_images"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("image_id", "member_id", name=op.f("pk_image_members")),
    )
    op.create_index(
        op.f("ix_image_members_member_id"), "image_members", ["member_id"], unique=False
    )


def metadef_objects() -> None:
    op.create_table(
        "image_metadef_objects",
        sa.Column("document", types.Json(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespaces.id"],
            name=op.f("fk_image_metadef_objects_namespace_id_image_metadef_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_objects")),
        sa.UniqueConstraint(
            "namespace_id", "name", name=op.f("uq_image_metadef_objects_namespace_id_name")
        ),
    )


def metadef_properties() -> None:
    op.create_table(
        "image_metadef_properties",
        sa.Column("document", types.Json(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespaces.id"],
            name=op.f("fk_image_metadef_properties_namespace_id_image_metadef_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_properties")),
        sa.UniqueConstraint(
            "namespace_id", "name", name=op.f("uq_image_metadef_properties_namespace_id_name")
        ),
    )


def metadef_resource_type_associations() -> None:
    op.create_table(
        "image_metadef_resource_type_associations",
        sa.Column("prefix", sa.String(length=80), nullable=True),
        sa.Column("properties_target", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespaces.id"],
            name=op.f(
                "fk_image_metadef_resource_type_associations_namespace_id_image_metadef_namespaces"
            ),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_resource_type_associations")),
        sa.UniqueConstraint(
            "namespace_id",
            "name",
            name=op.f("uq_image_metadef_resource_type_associations_namespace_id_name"),
        ),
    )


def metadef_tags() -> None:
    op.create_table(
        "image_metadef_tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("namespace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespaces.id"],
            name=op.f("fk_image_metadef_tags_namespace_id_image_metadef_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_tags")),
        sa.UniqueConstraint(
            "namespace_id", "name", name=op.f("uq_image_metadef_tags_namespace_id_name")
        ),
    )
