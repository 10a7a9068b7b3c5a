"""Quotas of the network service: checked for every new resource, for every caller."""

from __future__ import annotations

from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import QuotaExceeded
from stratolith.network.exceptions.general import OverQuota


def check(ctx: Context, project_id: str, **wanted: int) -> None:
    """Raise OverQuota unless the project may create this many more of each resource."""
    if not project_id:
        return
    try:
        quota.check(ctx, project_id, wanted, ctx.env.service("network"))
    except QuotaExceeded as error:
        raise OverQuota(overs=[error.details["resource"]]) from None
