"""MAC addresses of ports: unique in each network."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import partial

from sqlalchemy import bindparam, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ports import MacAddressInUse
from stratolith.network.managers import batches
from stratolith.network.models import Port

MAC_PREFIX = "fa:16:3e"
_TAKEN = select(Port.mac_address).where(
    Port.network_id == bindparam("network"),
    Port.mac_address.in_(bindparam("macs", expanding=True)),
)


def normal(mac: str) -> str:
    """The address as it is stored: in lower case, with colons."""
    return mac.lower().replace("-", ":")


def chosen(ctx: Context, network_id: str, wanted: str | None) -> str:
    """The wanted address, or an unused one; raises MacAddressInUse."""
    if wanted:
        mac = normal(wanted)
        if _taken(ctx, network_id, [mac]):
            raise MacAddressInUse(net_id=network_id, mac=mac)
        return mac
    return batches.next_mac(ctx, network_id, partial(_free, ctx, network_id))


def _free(ctx: Context, network_id: str, number: int) -> list[str]:
    """Unused MAC addresses, at most ``number`` and at least one; raises MacAddressInUse."""
    for _ in range(64):
        tails = {secrets.token_hex(3) for _ in range(number)}
        macs = {f"{MAC_PREFIX}:{tail[:2]}:{tail[2:4]}:{tail[4:]}" for tail in tails}
        free = macs - _taken(ctx, network_id, macs)
        if free:
            return list(free)
    raise MacAddressInUse(net_id=network_id, mac=MAC_PREFIX)


def _taken(ctx: Context, network_id: str, macs: Iterable[str]) -> set[str]:
    return set(ctx.session.scalars(_TAKEN, {"network": network_id, "macs": list(macs)}))
