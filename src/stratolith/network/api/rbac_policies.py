"""/rbac-policies"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud
from stratolith.network.managers import kinds, rbac_policies
from stratolith.network.schemas.rbac_policies import RBAC_POLICY, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


ROUTES = Crud(
    RBAC_POLICY,
    kinds.RBAC_POLICIES,
    rbac_policies,
    rendered,
    create=rbac_policies.create,
    update=rbac_policies.update,
).routes
