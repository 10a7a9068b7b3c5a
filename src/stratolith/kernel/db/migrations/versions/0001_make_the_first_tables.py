"""Make the first tables."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = "0001"
down_revision = None


def upgrade() -> None:
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
    with op.batch_alter_table("compute_host_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_host_requests_host"), ["host"], unique=False)

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
    op.create_table(
        "compute_server_group_members",
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_compute_server_group_members")),
    )
    with op.batch_alter_table("compute_server_group_members", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compute_server_group_members_group_id"), ["group_id"], unique=False
        )

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
    with op.batch_alter_table("compute_server_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_compute_server_groups_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "compute_server_tags",
        sa.Column("server_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "tag", name=op.f("pk_compute_server_tags")),
    )
    with op.batch_alter_table("compute_server_tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_server_tags_tag"), ["tag"], unique=False)

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
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compute_servers")),
        sa.UniqueConstraint("id", name=op.f("uq_compute_servers_id")),
    )
    with op.batch_alter_table("compute_servers", schema=None) as batch_op:
        batch_op.create_index("ix_compute_servers_host", ["host", "deleted_at"], unique=False)
        batch_op.create_index(
            "ix_compute_servers_project", ["project_id", "deleted_at", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_compute_servers_reservation_id"), ["reservation_id"], unique=False
        )
        batch_op.create_index("ix_compute_servers_state", ["deleted_at", "vm_state"], unique=False)

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
    with op.batch_alter_table("identity_credentials", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_credentials_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_identity_credentials_type"), ["type"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_identity_credentials_user_id"), ["user_id"], unique=False
        )

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
    with op.batch_alter_table("identity_endpoint_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_endpoint_groups_name"), ["name"], unique=False
        )

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
    with op.batch_alter_table("identity_policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_policies_type"), ["type"], unique=False)

    op.create_table(
        "identity_premade",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_premade")),
    )
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
    with op.batch_alter_table("identity_projects", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_projects_is_domain"), ["is_domain"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_projects_parent_id"), ["parent_id"], unique=False
        )

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
    with op.batch_alter_table("identity_regions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_regions_parent_id"), ["parent_id"], unique=False
        )

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
    with op.batch_alter_table("identity_revocations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_revocations_revoked_at"), ["revoked_at"], unique=False
        )

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
    with op.batch_alter_table("identity_services", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_services_type"), ["type"], unique=False)

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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_images")),
    )
    with op.batch_alter_table("image_images", schema=None) as batch_op:
        batch_op.create_index("ix_image_images_created_id", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_images_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_images_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_images_status"), ["status"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_image_images_visibility"), ["visibility"], unique=False
        )

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
    with op.batch_alter_table("image_metadef_namespaces", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_image_metadef_namespaces_owner"), ["owner"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_image_metadef_namespaces_visibility"), ["visibility"], unique=False
        )

    op.create_table(
        "image_metadef_resource_types",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_image_metadef_resource_types")),
    )
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
    with op.batch_alter_table("image_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_tasks_image_id"), ["image_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_tasks_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_tasks_status"), ["status"], unique=False)

    op.create_table(
        "kernel_agents",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("views", types.Json(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_kernel_agents")),
    )
    op.create_table(
        "kernel_leases",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kernel_leases")),
    )
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
    with op.batch_alter_table("kernel_operations", schema=None) as batch_op:
        batch_op.create_index("ix_kernel_operations_open", ["state", "deadline_at"], unique=False)
        batch_op.create_index(
            "ix_kernel_operations_resource", ["service", "resource_id", "seq"], unique=False
        )

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
    with op.batch_alter_table("kernel_outbox", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kernel_outbox_published_at"), ["published_at"], unique=False
        )

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
    with op.batch_alter_table("network_address_scopes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_address_scopes_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_address_scopes_project_id"), ["project_id"], unique=False
        )

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
    with op.batch_alter_table("network_networks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_networks_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_networks_project_id"), ["project_id"], unique=False
        )

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
    with op.batch_alter_table("network_rbac_policies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_rbac_policies_object_id"), ["object_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_rbac_policies_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_rbac_policies_target_project"), ["target_project"], unique=False
        )

    op.create_table(
        "network_routers",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("gateway_network_id", sa.String(length=36), nullable=True),
        sa.Column("gateway_port_id", sa.String(length=36), nullable=True),
        sa.Column("enable_snat", sa.Boolean(), nullable=False),
        sa.Column("routes", types.Json(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_routers")),
    )
    with op.batch_alter_table("network_routers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_routers_gateway_network_id"),
            ["gateway_network_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_network_routers_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_routers_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_security_groups",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_security_groups")),
    )
    with op.batch_alter_table("network_security_groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_security_groups_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_security_groups_project_id"), ["project_id"], unique=False
        )

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
    with op.batch_alter_table("network_subnetpools", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_subnetpools_address_scope_id"),
            ["address_scope_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_network_subnetpools_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_subnetpools_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_tags",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "tag", name=op.f("pk_network_tags")),
    )
    with op.batch_alter_table("network_tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_tags_tag"), ["tag"], unique=False)

    op.create_table(
        "placement_consumers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("consumer_type", sa.String(length=255), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_placement_consumers")),
    )
    with op.batch_alter_table("placement_consumers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_placement_consumers_project_user", ["project_id", "user_id"], unique=False
        )

    op.create_table(
        "placement_resource_classes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_placement_resource_classes")),
    )
    op.create_table(
        "placement_resource_providers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("parent_uuid", sa.String(length=36), nullable=True),
        sa.Column("root_uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_resource_providers_parent_uuid_placement_resource_providers"),
        ),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_placement_resource_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_placement_resource_providers_name")),
    )
    with op.batch_alter_table("placement_resource_providers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_placement_resource_providers_parent_uuid"), ["parent_uuid"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_placement_resource_providers_root_uuid"), ["root_uuid"], unique=False
        )

    op.create_table(
        "placement_traits",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_placement_traits")),
    )
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
    with op.batch_alter_table("identity_assignments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_assignments_role_id"), ["role_id"], unique=False
        )
        batch_op.create_index(
            "ix_identity_assignments_target", ["target", "target_id"], unique=False
        )

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
    with op.batch_alter_table("identity_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_endpoints_region_id"), ["region_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_endpoints_service_id"), ["service_id"], unique=False
        )

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
    with op.batch_alter_table("identity_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_groups_domain_id"), ["domain_id"], unique=False
        )

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
    with op.batch_alter_table("identity_implied_roles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_implied_roles_implied_id"), ["implied_id"], unique=False
        )

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
    with op.batch_alter_table("identity_project_endpoint_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_project_endpoint_groups_endpoint_group_id"),
            ["endpoint_group_id"],
            unique=False,
        )

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
    with op.batch_alter_table("identity_project_tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_project_tags_name"), ["name"], unique=False)

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
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["identity_regions.id"],
            name=op.f("fk_identity_registered_limits_region_id_identity_regions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["identity_services.id"],
            name=op.f("fk_identity_registered_limits_service_id_identity_services"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_registered_limits")),
    )
    with op.batch_alter_table("identity_registered_limits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_registered_limits_region_id"), ["region_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_registered_limits_resource_name"),
            ["resource_name"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_identity_registered_limits_service_id"), ["service_id"], unique=False
        )

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
    with op.batch_alter_table("identity_users", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_users_default_project_id"), ["default_project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_users_domain_id"), ["domain_id"], unique=False
        )

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
    with op.batch_alter_table("image_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_members_member_id"), ["member_id"], unique=False)

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
    op.create_table(
        "network_default_security_groups",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("security_group_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_groups.id"],
            name=op.f(
                "fk_network_default_security_groups_security_group_id_network_security_groups"
            ),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_network_default_security_groups")),
    )
    op.create_table(
        "network_floatingips",
        sa.Column("floating_network_id", sa.String(length=36), nullable=False),
        sa.Column("floating_ip_address", sa.String(length=64), nullable=False),
        sa.Column("floating_port_id", sa.String(length=36), nullable=False),
        sa.Column("port_id", sa.String(length=36), nullable=True),
        sa.Column("fixed_ip_address", sa.String(length=64), nullable=True),
        sa.Column("router_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["floating_network_id"],
            ["network_networks.id"],
            name=op.f("fk_network_floatingips_floating_network_id_network_networks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_floatingips")),
        sa.UniqueConstraint(
            "floating_network_id",
            "floating_ip_address",
            name=op.f("uq_network_floatingips_floating_network_id_floating_ip_address"),
        ),
        sa.UniqueConstraint(
            "port_id",
            "fixed_ip_address",
            "floating_network_id",
            name=op.f("uq_network_floatingips_port_id_fixed_ip_address_floating_network_id"),
        ),
    )
    with op.batch_alter_table("network_floatingips", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_floatingips_floating_ip_address"),
            ["floating_ip_address"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_network_floatingips_floating_network_id"),
            ["floating_network_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_network_floatingips_port_id"), ["port_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_floatingips_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_floatingips_router_id"), ["router_id"], unique=False
        )

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
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.create_index(
            "ix_network_ports_device", ["device_id", "device_owner"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_ports_device_owner"), ["device_owner"], unique=False
        )
        batch_op.create_index("ix_network_ports_host", ["binding_host", "network_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_ports_mac_address"), ["mac_address"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_network_ports_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_ports_network_id"), ["network_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_ports_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "network_security_group_rules",
        sa.Column("security_group_id", sa.String(length=36), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("ethertype", sa.String(length=8), nullable=False),
        sa.Column("protocol", sa.String(length=40), nullable=True),
        sa.Column("port_range_min", sa.Integer(), nullable=True),
        sa.Column("port_range_max", sa.Integer(), nullable=True),
        sa.Column("remote_ip_prefix", sa.String(length=64), nullable=True),
        sa.Column("remote_group_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["remote_group_id"],
            ["network_security_groups.id"],
            name=op.f("fk_network_security_group_rules_remote_group_id_network_security_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_groups.id"],
            name=op.f("fk_network_security_group_rules_security_group_id_network_security_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_security_group_rules")),
    )
    with op.batch_alter_table("network_security_group_rules", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_security_group_rules_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_security_group_rules_remote_group_id"),
            ["remote_group_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_network_security_group_rules_security_group_id"),
            ["security_group_id"],
            unique=False,
        )

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
    with op.batch_alter_table("network_subnets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_subnets_cidr"), ["cidr"], unique=False)
        batch_op.create_index(batch_op.f("ix_network_subnets_name"), ["name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_subnets_network_id"), ["network_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_subnets_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_subnets_subnetpool_id"), ["subnetpool_id"], unique=False
        )

    op.create_table(
        "placement_allocations",
        sa.Column("consumer_uuid", sa.String(length=36), nullable=False),
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consumer_uuid"],
            ["placement_consumers.uuid"],
            name=op.f("fk_placement_allocations_consumer_uuid_placement_consumers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_allocations_provider_uuid_placement_resource_providers"),
        ),
        sa.PrimaryKeyConstraint(
            "consumer_uuid",
            "provider_uuid",
            "resource_class",
            name=op.f("pk_placement_allocations"),
        ),
    )
    with op.batch_alter_table("placement_allocations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_placement_allocations_use",
            ["provider_uuid", "resource_class", "used"],
            unique=False,
        )

    op.create_table(
        "placement_inventories",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_class", sa.String(length=255), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("min_unit", sa.BigInteger(), nullable=False),
        sa.Column("max_unit", sa.BigInteger(), nullable=False),
        sa.Column("step_size", sa.BigInteger(), nullable=False),
        sa.Column("allocation_ratio", sa.Float(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_inventories_provider_uuid_placement_resource_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "resource_class", name=op.f("pk_placement_inventories")
        ),
    )
    with op.batch_alter_table("placement_inventories", schema=None) as batch_op:
        batch_op.create_index(
            "ix_placement_inventories_resource_class", ["resource_class"], unique=False
        )

    op.create_table(
        "placement_provider_aggregates",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("aggregate_uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f(
                "fk_placement_provider_aggregates_provider_uuid_placement_resource_providers"
            ),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "aggregate_uuid", name=op.f("pk_placement_provider_aggregates")
        ),
    )
    with op.batch_alter_table("placement_provider_aggregates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_placement_provider_aggregates_aggregate_uuid"),
            ["aggregate_uuid"],
            unique=False,
        )

    op.create_table(
        "placement_provider_traits",
        sa.Column("provider_uuid", sa.String(length=36), nullable=False),
        sa.Column("trait", sa.String(length=255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_uuid"],
            ["placement_resource_providers.uuid"],
            name=op.f("fk_placement_provider_traits_provider_uuid_placement_resource_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "provider_uuid", "trait", name=op.f("pk_placement_provider_traits")
        ),
    )
    with op.batch_alter_table("placement_provider_traits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_placement_provider_traits_trait"), ["trait"], unique=False
        )

    op.create_table(
        "identity_access_rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=128), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
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
    with op.batch_alter_table("identity_access_rules", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_access_rules_user_id"), ["user_id"], unique=False
        )

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
    with op.batch_alter_table("identity_application_credentials", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_application_credentials_project_id"),
            ["project_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_identity_application_credentials_user_id"), ["user_id"], unique=False
        )

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
    with op.batch_alter_table("identity_limits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_limits_domain_id"), ["domain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_limits_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_limits_registered_limit_id"),
            ["registered_limit_id"],
            unique=False,
        )

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
    with op.batch_alter_table("identity_memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_memberships_group_id"), ["group_id"], unique=False
        )

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
    with op.batch_alter_table("identity_passwords", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_passwords_user_id"), ["user_id"], unique=False
        )

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
    with op.batch_alter_table("identity_project_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_project_endpoints_endpoint_id"), ["endpoint_id"], unique=False
        )

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
    with op.batch_alter_table("identity_trusts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_trusts_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_trusts_redelegated_trust_id"),
            ["redelegated_trust_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_identity_trusts_trustee_user_id"), ["trustee_user_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_trusts_trustor_user_id"), ["trustor_user_id"], unique=False
        )

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
    with op.batch_alter_table("network_fixed_ips", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_fixed_ips_ip_address"), ["ip_address"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_network_fixed_ips_network_id"), ["network_id"], unique=False
        )
        batch_op.create_index("ix_network_fixed_ips_offset", ["subnet_id", "offset"], unique=False)
        batch_op.create_index(batch_op.f("ix_network_fixed_ips_port_id"), ["port_id"], unique=False)

    op.create_table(
        "network_port_security_groups",
        sa.Column("port_id", sa.String(length=36), nullable=False),
        sa.Column("security_group_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"],
            ["network_ports.id"],
            name=op.f("fk_network_port_security_groups_port_id_network_ports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_groups.id"],
            name=op.f("fk_network_port_security_groups_security_group_id_network_security_groups"),
        ),
        sa.PrimaryKeyConstraint(
            "port_id", "security_group_id", name=op.f("pk_network_port_security_groups")
        ),
    )
    with op.batch_alter_table("network_port_security_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_port_security_groups_security_group_id"),
            ["security_group_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("network_port_security_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_port_security_groups_security_group_id"))

    op.drop_table("network_port_security_groups")
    with op.batch_alter_table("network_fixed_ips", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_fixed_ips_port_id"))
        batch_op.drop_index("ix_network_fixed_ips_offset")
        batch_op.drop_index(batch_op.f("ix_network_fixed_ips_network_id"))
        batch_op.drop_index(batch_op.f("ix_network_fixed_ips_ip_address"))

    op.drop_table("network_fixed_ips")
    with op.batch_alter_table("identity_trusts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_trusts_trustor_user_id"))
        batch_op.drop_index(batch_op.f("ix_identity_trusts_trustee_user_id"))
        batch_op.drop_index(batch_op.f("ix_identity_trusts_redelegated_trust_id"))
        batch_op.drop_index(batch_op.f("ix_identity_trusts_project_id"))

    op.drop_table("identity_trusts")
    with op.batch_alter_table("identity_project_endpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_project_endpoints_endpoint_id"))

    op.drop_table("identity_project_endpoints")
    with op.batch_alter_table("identity_passwords", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_passwords_user_id"))

    op.drop_table("identity_passwords")
    with op.batch_alter_table("identity_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_memberships_group_id"))

    op.drop_table("identity_memberships")
    with op.batch_alter_table("identity_limits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_limits_registered_limit_id"))
        batch_op.drop_index(batch_op.f("ix_identity_limits_project_id"))
        batch_op.drop_index(batch_op.f("ix_identity_limits_domain_id"))

    op.drop_table("identity_limits")
    with op.batch_alter_table("identity_application_credentials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_application_credentials_user_id"))
        batch_op.drop_index(batch_op.f("ix_identity_application_credentials_project_id"))

    op.drop_table("identity_application_credentials")
    with op.batch_alter_table("identity_access_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_access_rules_user_id"))

    op.drop_table("identity_access_rules")
    with op.batch_alter_table("placement_provider_traits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_placement_provider_traits_trait"))

    op.drop_table("placement_provider_traits")
    with op.batch_alter_table("placement_provider_aggregates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_placement_provider_aggregates_aggregate_uuid"))

    op.drop_table("placement_provider_aggregates")
    with op.batch_alter_table("placement_inventories", schema=None) as batch_op:
        batch_op.drop_index("ix_placement_inventories_resource_class")

    op.drop_table("placement_inventories")
    with op.batch_alter_table("placement_allocations", schema=None) as batch_op:
        batch_op.drop_index("ix_placement_allocations_use")

    op.drop_table("placement_allocations")
    with op.batch_alter_table("network_subnets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_subnets_subnetpool_id"))
        batch_op.drop_index(batch_op.f("ix_network_subnets_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_subnets_network_id"))
        batch_op.drop_index(batch_op.f("ix_network_subnets_name"))
        batch_op.drop_index(batch_op.f("ix_network_subnets_cidr"))

    op.drop_table("network_subnets")
    with op.batch_alter_table("network_security_group_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_security_group_rules_security_group_id"))
        batch_op.drop_index(batch_op.f("ix_network_security_group_rules_remote_group_id"))
        batch_op.drop_index(batch_op.f("ix_network_security_group_rules_project_id"))

    op.drop_table("network_security_group_rules")
    with op.batch_alter_table("network_ports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_ports_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_ports_network_id"))
        batch_op.drop_index(batch_op.f("ix_network_ports_name"))
        batch_op.drop_index(batch_op.f("ix_network_ports_mac_address"))
        batch_op.drop_index("ix_network_ports_host")
        batch_op.drop_index(batch_op.f("ix_network_ports_device_owner"))
        batch_op.drop_index("ix_network_ports_device")

    op.drop_table("network_ports")
    with op.batch_alter_table("network_floatingips", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_floatingips_router_id"))
        batch_op.drop_index(batch_op.f("ix_network_floatingips_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_floatingips_port_id"))
        batch_op.drop_index(batch_op.f("ix_network_floatingips_floating_network_id"))
        batch_op.drop_index(batch_op.f("ix_network_floatingips_floating_ip_address"))

    op.drop_table("network_floatingips")
    op.drop_table("network_default_security_groups")
    op.drop_table("image_metadef_tags")
    op.drop_table("image_metadef_resource_type_associations")
    op.drop_table("image_metadef_properties")
    op.drop_table("image_metadef_objects")
    with op.batch_alter_table("image_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_members_member_id"))

    op.drop_table("image_members")
    with op.batch_alter_table("identity_users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_users_domain_id"))
        batch_op.drop_index(batch_op.f("ix_identity_users_default_project_id"))

    op.drop_table("identity_users")
    with op.batch_alter_table("identity_registered_limits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_registered_limits_service_id"))
        batch_op.drop_index(batch_op.f("ix_identity_registered_limits_resource_name"))
        batch_op.drop_index(batch_op.f("ix_identity_registered_limits_region_id"))

    op.drop_table("identity_registered_limits")
    with op.batch_alter_table("identity_project_tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_project_tags_name"))

    op.drop_table("identity_project_tags")
    with op.batch_alter_table("identity_project_endpoint_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_project_endpoint_groups_endpoint_group_id"))

    op.drop_table("identity_project_endpoint_groups")
    with op.batch_alter_table("identity_implied_roles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_implied_roles_implied_id"))

    op.drop_table("identity_implied_roles")
    with op.batch_alter_table("identity_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_groups_domain_id"))

    op.drop_table("identity_groups")
    with op.batch_alter_table("identity_endpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_endpoints_service_id"))
        batch_op.drop_index(batch_op.f("ix_identity_endpoints_region_id"))

    op.drop_table("identity_endpoints")
    op.drop_table("identity_domain_options")
    with op.batch_alter_table("identity_assignments", schema=None) as batch_op:
        batch_op.drop_index("ix_identity_assignments_target")
        batch_op.drop_index(batch_op.f("ix_identity_assignments_role_id"))

    op.drop_table("identity_assignments")
    op.drop_table("compute_flavor_access")
    op.drop_table("placement_traits")
    with op.batch_alter_table("placement_resource_providers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_placement_resource_providers_root_uuid"))
        batch_op.drop_index(batch_op.f("ix_placement_resource_providers_parent_uuid"))

    op.drop_table("placement_resource_providers")
    op.drop_table("placement_resource_classes")
    with op.batch_alter_table("placement_consumers", schema=None) as batch_op:
        batch_op.drop_index("ix_placement_consumers_project_user")

    op.drop_table("placement_consumers")
    with op.batch_alter_table("network_tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_tags_tag"))

    op.drop_table("network_tags")
    with op.batch_alter_table("network_subnetpools", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_subnetpools_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_subnetpools_name"))
        batch_op.drop_index(batch_op.f("ix_network_subnetpools_address_scope_id"))

    op.drop_table("network_subnetpools")
    with op.batch_alter_table("network_security_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_security_groups_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_security_groups_name"))

    op.drop_table("network_security_groups")
    with op.batch_alter_table("network_routers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_routers_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_routers_name"))
        batch_op.drop_index(batch_op.f("ix_network_routers_gateway_network_id"))

    op.drop_table("network_routers")
    with op.batch_alter_table("network_rbac_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_rbac_policies_target_project"))
        batch_op.drop_index(batch_op.f("ix_network_rbac_policies_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_rbac_policies_object_id"))

    op.drop_table("network_rbac_policies")
    with op.batch_alter_table("network_networks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_networks_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_networks_name"))

    op.drop_table("network_networks")
    with op.batch_alter_table("network_address_scopes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_address_scopes_project_id"))
        batch_op.drop_index(batch_op.f("ix_network_address_scopes_name"))

    op.drop_table("network_address_scopes")
    op.drop_table("kernel_quota_limits")
    with op.batch_alter_table("kernel_outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kernel_outbox_published_at"))

    op.drop_table("kernel_outbox")
    with op.batch_alter_table("kernel_operations", schema=None) as batch_op:
        batch_op.drop_index("ix_kernel_operations_resource")
        batch_op.drop_index("ix_kernel_operations_open")

    op.drop_table("kernel_operations")
    op.drop_table("kernel_leases")
    op.drop_table("kernel_agents")
    with op.batch_alter_table("image_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_tasks_status"))
        batch_op.drop_index(batch_op.f("ix_image_tasks_owner"))
        batch_op.drop_index(batch_op.f("ix_image_tasks_image_id"))

    op.drop_table("image_tasks")
    op.drop_table("image_metadef_resource_types")
    with op.batch_alter_table("image_metadef_namespaces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_metadef_namespaces_visibility"))
        batch_op.drop_index(batch_op.f("ix_image_metadef_namespaces_owner"))

    op.drop_table("image_metadef_namespaces")
    with op.batch_alter_table("image_images", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_images_visibility"))
        batch_op.drop_index(batch_op.f("ix_image_images_status"))
        batch_op.drop_index(batch_op.f("ix_image_images_owner"))
        batch_op.drop_index(batch_op.f("ix_image_images_name"))
        batch_op.drop_index("ix_image_images_created_id")

    op.drop_table("image_images")
    with op.batch_alter_table("identity_services", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_services_type"))

    op.drop_table("identity_services")
    op.drop_table("identity_roles")
    with op.batch_alter_table("identity_revocations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_revocations_revoked_at"))

    op.drop_table("identity_revocations")
    with op.batch_alter_table("identity_regions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_regions_parent_id"))

    op.drop_table("identity_regions")
    with op.batch_alter_table("identity_projects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_projects_parent_id"))
        batch_op.drop_index(batch_op.f("ix_identity_projects_is_domain"))

    op.drop_table("identity_projects")
    op.drop_table("identity_premade")
    with op.batch_alter_table("identity_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_policies_type"))

    op.drop_table("identity_policies")
    with op.batch_alter_table("identity_endpoint_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_endpoint_groups_name"))

    op.drop_table("identity_endpoint_groups")
    with op.batch_alter_table("identity_credentials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_credentials_user_id"))
        batch_op.drop_index(batch_op.f("ix_identity_credentials_type"))
        batch_op.drop_index(batch_op.f("ix_identity_credentials_project_id"))

    op.drop_table("identity_credentials")
    op.drop_table("identity_consumers")
    with op.batch_alter_table("compute_servers", schema=None) as batch_op:
        batch_op.drop_index("ix_compute_servers_state")
        batch_op.drop_index(batch_op.f("ix_compute_servers_reservation_id"))
        batch_op.drop_index("ix_compute_servers_project")
        batch_op.drop_index("ix_compute_servers_host")

    op.drop_table("compute_servers")
    with op.batch_alter_table("compute_server_tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compute_server_tags_tag"))

    op.drop_table("compute_server_tags")
    with op.batch_alter_table("compute_server_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compute_server_groups_project_id"))

    op.drop_table("compute_server_groups")
    with op.batch_alter_table("compute_server_group_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compute_server_group_members_group_id"))

    op.drop_table("compute_server_group_members")
    op.drop_table("compute_keypairs")
    op.drop_table("compute_hosts")
    with op.batch_alter_table("compute_host_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compute_host_requests_host"))

    op.drop_table("compute_host_requests")
    op.drop_table("compute_flavors")
    op.drop_table("compute_aggregates")
