"""``os-instance_usage_audit_log``: which hosts audited their servers' usage last month.

No host of this cloud runs that audit (usage is computed from the servers' rows, see
os-simple-tenant-usage), so the log is empty and lists every host as not run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from stratolith.compute.managers import hosts
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_RULE = "os_compute_api:os-instance-usage-audit-log:"
_PATH = "/os-instance_usage_audit_log"


def _log(ctx: Context, before: datetime) -> Body:
    begin, end = last_month(before)
    names = [row.host for row in hosts.all_hosts(ctx)]
    return {
        "period_beginning": f"{begin:%Y-%m-%d %H:%M:%S}",
        "period_ending": f"{end:%Y-%m-%d %H:%M:%S}",
        "num_hosts": len(names),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": len(names),
        "hosts_not_run": names,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": f"{'0 of ' + str(len(names)) if names else 'ALL'} hosts done. 0 errors.",
        "log": {},
    }


def last_month(before: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the last calendar month that ended before the given time."""
    end = before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if end >= before:  # exactly at the start of a month: use the month before the last one
        end = (end - timedelta(days=1)).replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def index(ctx: Context) -> Body:
    return {"instance_usage_audit_logs": _log(ctx, ctx.env.clock.now())}


def show(ctx: Context, before: str) -> Body:
    pattern = "%Y-%m-%d %H:%M:%S.%f" if "." in before else "%Y-%m-%d %H:%M:%S"
    try:
        moment = datetime.strptime(before, pattern).replace(tzinfo=UTC)
        return {"instance_usage_audit_log": _log(ctx, moment)}
    except (ValueError, OverflowError):
        raise BadRequest(f"Invalid timestamp for date {before}") from None


ROUTES = [
    Route.get(_PATH, index, rule=_RULE + "list"),
    Route.get(_PATH + "/{before}", show, rule=_RULE + "show"),
]
