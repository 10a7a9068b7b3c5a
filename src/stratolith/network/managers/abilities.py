"""What the network driver of this cloud's hosts cannot do: the API says so, and promises nothing.

A resource that was made before the driver was chosen can still be read and deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.drivers import choice
from stratolith.network.drivers.ovn.northbound import dhcp
from stratolith.network.exceptions.general import ExtensionNotFound, HTTPBadRequest

NDP_PROXY, CONNTRACK_HELPER = "l3-ndp-proxy", "l3-conntrack-helper"
METERING, LOGGING, LOCAL_IP = "metering", "logging", "local_ip"
# Driver -> aliases of extensions; with those that are nothing without them.
_LACKING = {
    "ovn": frozenset(
        {
            CONNTRACK_HELPER, "expose-l3-conntrack-helper",
            NDP_PROXY, "l3-ext-ndp-proxy",
            METERING, "metering_source_and_destination_fields",
            LOGGING,
            LOCAL_IP,
        }
    )
}  # fmt: skip


def offers(ctx: Context, alias: str) -> bool:
    return alias not in _LACKING.get(choice.name_of(ctx.env.settings), ())


def require(ctx: Context, alias: str) -> None:
    """Raise ExtensionNotFound when the driver lacks what the extension promises."""
    if not offers(ctx, alias):
        raise ExtensionNotFound(alias=alias)


def of(alias: str, work: Callable[..., Any], wished: str = "") -> Callable[..., Any]:
    """The same work, where the driver can do what the extension promises.

    ``wished``: the attribute that asks for it, in the last argument; "": each request does.
    """

    @wraps(work)
    def checked(ctx: Context, *arguments: Any) -> Any:
        if not wished or arguments[-1].get(wished):
            require(ctx, alias)
        return work(ctx, *arguments)

    return checked


def has_forwardings_with_several_gateways(ctx: Context) -> bool:
    """Whether a router with several gateways may have port forwardings, too."""
    return choice.name_of(ctx.env.settings) != "ovn"


def check_options(ctx: Context, options: Iterable[Mapping[str, Any]]) -> None:
    """Raise HTTPBadRequest for a DHCP option of a port that the driver cannot send."""
    if choice.name_of(ctx.env.settings) != "ovn":
        return
    for option in options:
        if option["opt_value"] is None:  # it is taken away
            continue
        version = int(option["ip_version"])
        name = option["opt_name"]
        listed = [(f"option6:{name}" if version == 6 else name, str(option["opt_value"]))]
        _, reasons = dhcp.extra_options(listed, version)
        if reasons:
            raise HTTPBadRequest(f"Invalid input for extra_dhcp_opts. Reason: {reasons[0]}.")
