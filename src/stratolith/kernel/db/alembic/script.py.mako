"""${message}."""

import sqlalchemy as sa
from alembic import op

from stratolith.kernel.db import types

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
% if down_revision is None:
branch_labels = (${repr(up_revision.rpartition("_")[0])},)
% endif


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
