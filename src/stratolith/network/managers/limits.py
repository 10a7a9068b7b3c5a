"""Quotas of the network service: checked for every new resource, for every caller."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import QuotaExceeded
from stratolith.network.exceptions.general import OverQuota
from stratolith.network.managers import batches


def check(ctx: Context, project_id: str, **wanted: int) -> None:
    """Raise OverQuota unless the project may create this many more of each resource."""
    if not project_id:
        return
    batch = batches.of(ctx)
    if batch is not None:
        _check_in(batch, ctx, project_id, wanted)
        return
    try:
        quota.check(ctx, project_id, wanted, ctx.env.service("network"))
    except QuotaExceeded as error:
        raise OverQuota(overs=[error.details["resource"]]) from None


def _check_in(
    batch: batches.Batch, ctx: Context, project_id: str, wanted: Mapping[str, int]
) -> None:
    """The same with usage that is counted from rows once, and along with the batch afterwards."""
    for name, number in wanted.items():
        read = partial(quota.room, ctx, project_id, name, ctx.env.service("network"))
        room = batches.once(ctx, "room", (project_id, name), read)
        if room is not None and room < number:
            raise OverQuota(overs=[name])
        batch.room[project_id, name] = None if room is None else room - number
