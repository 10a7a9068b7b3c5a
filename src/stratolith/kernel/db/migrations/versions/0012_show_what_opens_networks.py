"""Give networks that are shared or external for everybody the RBAC policy that says so."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    networks = sa.table(
        "network_networks",
        sa.column("id", sa.String),
        sa.column("project_id", sa.String),
        sa.column("shared", sa.Boolean),
        sa.column("external", sa.Boolean),
        sa.column("created_at"),
    )
    policies = sa.table(
        "network_rbac_policies",
        *(
            sa.column(name)
            for name in (
                "id", "project_id", "description", "revision_number", "object_type",
                "object_id", "action", "target_project", "created_at",
            )
        ),
    )  # fmt: skip
    connection = op.get_bind()
    keys = (policies.c.object_id, policies.c.action, policies.c.target_project)
    have = {tuple(row) for row in connection.execute(sa.select(*keys))}
    external = {row[0] for row in have if row[1] == "access_as_external"}
    for row in connection.execute(sa.select(networks)).all():
        if row.id in external and not row.external:
            made = sa.update(networks).where(networks.c.id == row.id).values(external=True)
            connection.execute(made)
        wanted = [("access_as_shared", row.shared)]
        wanted.append(("access_as_external", row.external))
        for action, is_open in wanted:
            if is_open and (row.id, action, "*") not in have:
                connection.execute(
                    policies.insert().values(
                        id=str(uuid.uuid4()),
                        project_id=row.project_id,
                        description="",
                        revision_number=0,
                        object_type="network",
                        object_id=row.id,
                        action=action,
                        target_project="*",
                        created_at=row.created_at,
                    )
                )


def downgrade() -> None:
    """The policies stay: what they say is true."""
