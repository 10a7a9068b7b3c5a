"""Drop the requests to hosts, which lived for minutes: they are questions of the kernel now."""

from alembic import op

revision = "compute_0003"
down_revision = "compute_0002"


def upgrade() -> None:
    op.drop_table("compute_host_requests")
