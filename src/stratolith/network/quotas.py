"""The resources that have a limit per project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stratolith.kernel.plate import Countable
from stratolith.network.models import (
    FloatingIp,
    Network,
    Port,
    RbacPolicy,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    SubnetPool,
    Trunk,
)


def _rows_of(model: Any) -> Callable[[Session, str], int]:
    def count(session: Session, project_id: str) -> int:
        number: int | None = session.scalar(
            select(func.count()).select_from(model).where(model.project_id == project_id)
        )
        return number or 0

    return count


RESOURCES = [
    Countable("network", 100, _rows_of(Network)),
    Countable("subnet", 100, _rows_of(Subnet)),
    Countable("subnetpool", -1, _rows_of(SubnetPool)),
    Countable("port", 500, _rows_of(Port)),
    Countable("router", 10, _rows_of(Router)),
    Countable("floatingip", 50, _rows_of(FloatingIp)),
    Countable("security_group", 10, _rows_of(SecurityGroup)),
    Countable("security_group_rule", 100, _rows_of(SecurityGroupRule)),
    Countable("rbac_policy", 10, _rows_of(RbacPolicy)),
    Countable("trunk", -1, _rows_of(Trunk)),
]
