"""Who may connect to OVN's southbound database: the hosts of the cloud, by TLS, and no others.

A host that left is shut out at once, and its rows are deleted, so that no gateway or port stays
there.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from stratolith.kernel import files
from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records
from stratolith.kernel.hosts.authority_store import authority
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.drivers.ovn import central, southbound
from stratolith.network.drivers.ovn.southbound import Southbound
from stratolith.network.drivers.ovn.trust import Trust
from stratolith.network.managers import host_hints
from stratolith.network.settings import NetworkSettings

LOG = logging.getLogger(__name__)
HOSTS = "hosts"
LIFETIME = timedelta(days=30)  # of the server's certificate
LEFT = timedelta(days=20)  # of it when a new one is made


class SouthboundDoor(Reconciler):
    """The only key is HOSTS."""

    name = "network.southbound"
    hints = (host_hints.SOUTHBOUND,)
    interval = 20.0

    def __init__(self) -> None:
        self.database: Southbound | None = None

    def keys(self, ctx: Context) -> Iterable[str]:
        is_used = ctx.env.settings.of(NetworkSettings).driver == "ovn"
        return [HOSTS] if is_used and not ctx.env.settings.fake else []

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        directory = central.directory_of(ctx.env.settings.state_dir)
        trust = Trust(directory)
        admitted = trust.hosts()  # before the rows: a host is in these first
        present = _present(ctx)
        is_anyone_gone = trust.shut_out(admitted - present)
        address, port = ctx.env.settings.hosts_address, central.southbound_port(ctx.env.settings)
        if address is not None:
            _ensure_certificate(ctx, trust.files.server)
        database = self._connected(directory)
        doors = [southbound.target(address[0], port)] if address is not None else []
        is_new = database.open_doors(doors, again=is_anyone_gone)
        if doors and not database.is_open():
            LOG.error(
                "OVN's southbound database cannot listen at %s for other hosts: is the port taken? "
                "See %s, and the setting network.ovn_port.",
                doors[0],
                directory / "sb.log",
            )
        elif doors and is_new:
            LOG.info("OVN's southbound database listens at %s", doors[0])
        for name in database.keep_hosts(present):
            LOG.info("host %s is no longer in OVN", name)
        return None

    def _connected(self, directory: Path) -> Southbound:
        if self.database is None:
            self.database = Southbound(central.southbound_socket(directory))
        self.database.connect()
        return self.database


def _present(ctx: Context) -> set[str]:
    """The hosts of the cloud; read beside, so that a slow database of OVN does not hold our own."""
    reader = Context.of_the_cloud(ctx.env, ctx.service, write=False)
    try:
        rows = records.every_record(reader.session)
        return {row.name for row in rows if row.state != records.LEFT} | {socket.gethostname()}
    finally:
        reader.close()


def _ensure_certificate(ctx: Context, path: Path) -> None:
    """Make the certificate of the database's server, in time before the end of the former one."""
    now = ctx.env.clock.now()
    try:
        held = x509.load_pem_x509_certificate(path.read_bytes())
        if held.not_valid_after_utc - now > LEFT:
            return
    except (OSError, ValueError):
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.write(path, authority(ctx.env).sign_server(now, LIFETIME))
