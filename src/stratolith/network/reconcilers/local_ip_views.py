"""Local IPs of the ports of one host."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import LocalIpView
from stratolith.network.models import LocalIp, LocalIpAssociation
from stratolith.network.models.local_ips import PASSTHROUGH


class _Row(msgspec.Struct, frozen=True):
    fixed_port_id: str
    id: str
    local_ip_address: str
    fixed_ip: str
    ip_mode: str

    def __post_init__(self) -> None:
        checks.address(self.local_ip_address, 4)
        checks.address(self.fixed_ip, 4)


_ROWS = select(
    LocalIpAssociation.fixed_port_id,
    LocalIp.id,
    LocalIp.local_ip_address,
    LocalIpAssociation.fixed_ip,
    LocalIp.ip_mode,
).join(LocalIp, LocalIp.id == LocalIpAssociation.local_ip_id)


def of_ports(
    ctx: Context, port_ids: Sequence[str], left_out: LeftOut
) -> dict[str, list[LocalIpView]]:
    """Port -> its local IPs by id."""
    if not port_ids:
        return {}
    wanted = _ROWS.where(LocalIpAssociation.fixed_port_id.in_(port_ids)).order_by(LocalIp.id)
    by_port: dict[str, list[LocalIpView]] = {}
    for row in left_out.rows(ctx.session, wanted, LocalIp.id, _Row):
        view = LocalIpView(
            id=row.id,
            address=row.local_ip_address,
            fixed_ip=row.fixed_ip,
            passthrough=row.ip_mode == PASSTHROUGH,
        )
        by_port.setdefault(row.fixed_port_id, []).append(view)
    return by_port
