"""The network driver ovn: on a host it connects guests to OVN, which does everything else.

Networks, routers, security groups and DHCP are in OVN's northbound database, which the server
writes (``northbound/``). A host makes taps, puts them on the switch under the names of their
logical ports, and reports a port as realised when OVN says that all its flows are installed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stratolith.kernel.agent.member import new_request
from stratolith.kernel.clock import utcnow
from stratolith.network.drivers.base import Applied, HostNetworkView, NetworkDriverError
from stratolith.network.drivers.hops import Asked, Hop
from stratolith.network.drivers.linux.bridging.branches import NO_PARENT
from stratolith.network.drivers.linux.claim import Claim
from stratolith.network.drivers.ovn import daemons, diagnosis, uplinks
from stratolith.network.drivers.ovn.credentials import Admitted, Credentials
from stratolith.network.drivers.ovn.external import Externals
from stratolith.network.drivers.ovn.guard import Guard
from stratolith.network.drivers.ovn.limits import Limits
from stratolith.network.drivers.ovn.metadata import MetadataSpaces
from stratolith.network.drivers.ovn.northbound import plan
from stratolith.network.drivers.ovn.ovsdb import OvsdbError
from stratolith.network.drivers.ovn.switch import (
    BRIDGE,
    Switch,
    directory_of,
    foreign_switch,
    has_kernel_datapath,
)
from stratolith.network.drivers.ovn.taps import Taps
from stratolith.network.drivers.ovn.underlay import Underlay
from stratolith.network.drivers.routing import RouterView

LOG = logging.getLogger(__name__)
PORT_SECONDS = 5.0  # apply waits this long for flows of new ports; later ones make a new report
_LOOK_SECONDS = 1.0
_PAUSE = 0.1


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """``southbound``: how the controller connects ("unix:PATH"), "" for a host on another machine:
    then ``server`` is the address of the server, and views have the port. ``host``: the chassis.
    """

    southbound: str = ""
    server: str = ""
    host: str
    datapath: str = ""  # "": that of the kernel where it has one


class OvnNetworkDriver:
    """``state_dir``: the cloud's directory; ``network/ovs`` in it is ours. Any thread may call the
    methods; they run one at a time.
    """

    name = "ovn"

    def __init__(
        self,
        state_dir: Path,
        settings: Settings,
        instance: str = "stratolith",
        claim: Claim | None = None,
    ) -> None:
        self.settings, self.instance, self._claim = settings, instance, claim
        datapath = settings.datapath or ("system" if has_kernel_datapath() else "netdev")
        self._directory = directory_of(state_dir)
        self._credentials = Credentials(self._directory)
        connection = () if settings.southbound else self._credentials.arguments()
        self._switch = Switch(self._directory, datapath=datapath, connection=connection)
        self._underlay = Underlay(self._directory, instance)
        # asks the server to sign a request (PEM); raises NetworkDriverError
        self.ask_admission: Callable[[str], bytes] | None = None
        self._taps = Taps(instance, hidden=datapath == "netdev")
        self._externals = Externals(state_dir / "network", instance)
        self._metadata = MetadataSpaces(state_dir / "network", instance)
        self._guard = Guard(self._directory)
        self._limits = Limits()
        self._lock = threading.Lock()
        self._view: HostNetworkView | None = None
        self._reported: set[str] = set()

    def check(self) -> list[str]:
        """What the host lacks, one sentence each; empty when nothing is missing."""
        lacking = daemons.missing(daemons.PROGRAMS)
        lacking += daemons.missing({"nft": "nftables"})
        if not Path("/dev/net/tun").exists():
            lacking.append("/dev/net/tun is missing: load the kernel module tun.")
        if self._switch.datapath == "system":
            other = foreign_switch(self._switch.switch.pid())
            if other is not None:
                lacking.append(
                    f"Another Open vSwitch runs here, process {other}, and a kernel has one "
                    "datapath: stop it, or use another machine."
                )
        return lacking

    def apply(self, view: HostNetworkView) -> Applied:
        """Bring the host to the view; failures of single objects are in ``Applied.errors``."""
        with self._lock, self._explained():
            if self._claim is not None:
                self._claim.take()
            return self._apply(view)

    def _apply(self, view: HostNetworkView) -> Applied:
        self._start(view)
        ports = [(port, network.mtu) for network in view.networks for port in network.ports]
        wanted = {port.tap: (port, mtu) for port, mtu in ports if not port.parent}
        carried = {port.id: port.parent for port, _ in ports if port.parent}
        unwritten, absent = plan.faults(view)
        spaces, errors = self._metadata.settle(view)
        if self._needs_underlay():
            errors |= self._settle_underlay(view)
        errors |= self._taps.settle(wanted, spaces)
        usable = {tap: port.id for tap, (port, _) in wanted.items() if port.id not in errors}
        kept = {*uplinks.bridges(view).values(), *(each.bridge for each in view.externals)}
        self._switch.remove_bridges(kept)
        errors |= self._externals.settle(view, self._switch)
        errors |= uplinks.settle(view, self._switch)
        self._switch.settle_ports({**usable, **spaces})
        self._switch.remove_false_patches()
        self._view = view
        up = {port.id for port, _ in wanted.values() if port.admin_state_up}
        needed = (up & set(usable.values())) - absent
        db = self._switch.db
        db.wait_for(lambda: needed <= self._switch.installed(), PORT_SECONDS)
        self._guard.settle(self._switch, (port for port, _ in ports))
        tracked = (port.id for port, _ in ports if port.id not in absent)
        self._limits.settle(self._switch, tracked, view.connections.port)
        faults = self._switch.faults()
        errors |= {usable[tap]: reason for tap, reason in faults.items() if tap in usable}
        # OVN says nothing of ports that are down: they have no flows
        ready = (self._switch.installed() & needed) | (set(usable.values()) - up)
        ready |= {port for port, parent in carried.items() if parent in ready}
        plugged = {port.id for port, _ in wanted.values()}
        errors |= {key: NO_PARENT for key, parent in carried.items() if parent not in plugged}
        self._reported = self._switch.installed()
        failed = {*errors, *absent}
        errors = {**unwritten, **errors}
        return Applied(
            generation=view.generation,
            networks=[network.id for network in view.networks if network.id not in failed],
            ports=[port.id for port, _ in ports if port.id in ready and port.id not in failed],
            routers=[router.id for router in view.routers if router.id not in failed],
            floating_ips=_floating_ips(r for r in view.routers if r.id not in failed),
            errors=errors,
        )

    def _southbound(self, view: HostNetworkView) -> str:
        """How the controller connects; with a certificate of the server where it needs one."""
        if self.settings.southbound:
            return self.settings.southbound
        if view.southbound is None:
            raise NetworkDriverError("the server does not let other hosts into OVN's database")
        admitted = view.southbound.admitted
        if self._credentials.is_due(admitted, utcnow()) and self.ask_admission is not None:
            key, request = new_request()
            try:
                answer = msgspec.json.decode(self.ask_admission(request), type=Admitted)
                self._credentials.take(key, answer)
            except (NetworkDriverError, msgspec.DecodeError) as error:
                if not self._credentials.exist():
                    raise NetworkDriverError(f"the server gives no certificate: {error}") from error
                LOG.warning("no new certificate for OVN's database yet: %s", error)
        server = self.settings.server
        server = f"[{server}]" if ":" in server else server
        return f"ssl:{server}:{view.southbound.port}"

    def _start(self, view: HostNetworkView) -> None:
        ways = {external.physical_network: external.bridge for external in view.externals}
        ways |= uplinks.bridges(view)
        ids = {
            "system-id": self.settings.host,
            "hostname": self.settings.host,
            "ovn-remote": self._southbound(view),
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": view.tunnel_address or "127.0.0.1",
            "ovn-bridge": BRIDGE,
            "ovn-bridge-datapath-type": self._switch.datapath,
            "ovn-bridge-mappings": ",".join(f"{name}:{bridge}" for name, bridge in ways.items()),
        }
        self._switch.start(ids)

    def _needs_underlay(self) -> bool:
        return self._switch.datapath == "netdev" and self._switch.has_tunnels()

    def _settle_underlay(self, view: HostNetworkView) -> dict[str, str]:
        """Network -> reason, for those that have no way to other hosts."""
        try:
            self._underlay.settle(self._switch, view.tunnel_address)
        except (NetworkDriverError, ValueError) as error:
            return {n.id: str(error) for n in view.networks if not n.physical_network}
        return {}

    def keep_watch(
        self, stopping: threading.Event, repaired: Callable[[], None] = lambda: None
    ) -> None:
        """Start ended daemons again, and tell when ports become ready, until ``stopping``."""
        while not stopping.wait(_PAUSE):
            try:
                changed = self._look()
            except (OSError, NetworkDriverError) as error:
                LOG.warning("cannot repair the network of this host: %s", error)
                stopping.wait(_LOOK_SECONDS)
                continue
            if changed:
                repaired()

    def _look(self) -> bool:
        """Whether something was repaired or became ready."""
        with self._lock:
            view = self._view
            if view is None:
                return False
            with self._explained():
                if any(daemon.pid() is None for daemon in self._switch.daemons):
                    self._apply(view)
                    return True
                self._switch.db.connect()
                self._switch.db.poll()
                if self._needs_underlay() and not self._underlay.is_made(self._switch):
                    self._settle_underlay(view)
                self._guard.look(self._switch)
                return self._switch.installed() != self._reported

    def diagnose(self, view: HostNetworkView, asked: Asked) -> list[Hop]:
        """What this host sees of the port's way; the server asks OVN's databases itself."""
        with self._lock, self._explained():
            return list(diagnosis.hops(self._switch, view, asked))

    def close(self) -> None:
        """Close the connection; everything that was realised stays."""
        with self._lock:
            self._switch.db.close()

    def remove_all(self) -> None:
        """Remove our switch, its processes, taps, tables and files; nothing else."""
        with self._lock, self._explained():
            self._view = None
            self._switch.remove()
            self._metadata.remove()
            self._taps.remove()
            self._underlay.remove()
            self._externals.remove()
            if self._claim is not None:
                self._claim.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OvsdbError:
            self._switch.db.close()
            raise
        except OSError as error:
            raise NetworkDriverError(f"cannot read or change the network: {error}") from error


def _floating_ips(routers: Iterable[RouterView]) -> list[str]:
    """Those of the routers, whole or with single ports."""
    ids: list[str] = []
    for router in routers:
        ids += [floating.id for floating in router.floating_ips]
        ids += [view.floating_ip_id for view in router.port_forwardings]
    return list(dict.fromkeys(ids))
