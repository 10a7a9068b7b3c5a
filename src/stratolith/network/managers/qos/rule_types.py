"""The types of QoS rules, and those that the driver of this cloud's hosts enforces."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.drivers import choice

ALL = (
    "bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate",
    "packet_rate_limit",
)  # fmt: skip
LIMITS_AND_MARKS = ("bandwidth_limit", "dscp_marking", "packet_rate_limit")
# Kept by choosing hosts: what a host promises is never more than it has. The network itself treats
# packets of such ports like all others.
MINIMUMS = ("minimum_bandwidth", "minimum_packet_rate")
# By driver.
ENFORCED = {
    "linux": (*LIMITS_AND_MARKS, *MINIMUMS),
    "fake": (*LIMITS_AND_MARKS, *MINIMUMS),
    "ovn": ("bandwidth_limit", "dscp_marking", *MINIMUMS),  # OVN has no limits of packets
}


def driver_of(ctx: Context) -> str:
    """The name of the driver of the cloud's hosts."""
    return choice.name_of(ctx.env.settings)


def enforced(ctx: Context) -> tuple[str, ...]:
    """The types that the driver enforces; none for a driver of a package that we do not know."""
    return ENFORCED.get(driver_of(ctx), ())
