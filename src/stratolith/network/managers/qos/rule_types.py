"""The types of QoS rules, and those that the driver of this cloud's hosts enforces."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.drivers import choice

ALL = (
    "bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate",
    "packet_rate_limit",
)  # fmt: skip
LIMITS_AND_MARKS = ("bandwidth_limit", "dscp_marking", "packet_rate_limit")
# By driver. A minimum needs a scheduler that counts what is promised, so none is promised here.
ENFORCED = {"linux": LIMITS_AND_MARKS, "fake": LIMITS_AND_MARKS}


def driver_of(ctx: Context) -> str:
    """The name of the driver of the cloud's hosts."""
    return choice.name_of(ctx.env.settings)


def enforced(ctx: Context) -> tuple[str, ...]:
    """The types that the driver enforces; none for a driver of a package that we do not know."""
    return ENFORCED.get(driver_of(ctx), ())
