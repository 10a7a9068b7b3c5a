"""The network agent: it runs on hosts, applies views and is the proxy of the metadata service."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from stratolith.kernel.agent.client import Reply, Unreachable
from stratolith.kernel.agent.host import Room
from stratolith.kernel.concurrency import Supervisor
from stratolith.kernel.config import Settings
from stratolith.network import capacity_settings
from stratolith.network.agent import parts
from stratolith.network.agent.meters import METERS
from stratolith.network.drivers import choice
from stratolith.network.drivers.base import (
    Applied,
    AsksForAdmission,
    CountsTraffic,
    HostNetworkPart,
    HostNetworkView,
    NetworkDriver,
    NetworkDriverError,
)
from stratolith.network.drivers.capacity import Capacity
from stratolith.network.drivers.hops import Asked
from stratolith.network.segment_settings import mappings
from stratolith.network.settings import NetworkSettings

LOG = logging.getLogger(__name__)
METADATA_SECONDS = 10.0  # each step of an answer of the metadata service
MAX_ADMISSION = 1 << 16  # bytes of the server's answer
ROUNDS = 3  # requests for parts of a view, each for the keys that the former one lacked
REPORT_SECONDS = 60.0  # an unchanged state is told again this often


def rooms(settings: Settings, host: str, fake: bool) -> list[Room]:
    """The network room of this host."""
    room = NetworkRoom(choice.take_over(settings, host))
    own = settings.of(NetworkSettings)
    room.physical_networks, room.capacity = mappings(own), capacity_settings.of(own)
    room.proxy = _proxy(room)
    if choice.follows(settings):
        room.take_over = partial(choice.take_over, settings, host)
    return [room]


def _proxy(room: NetworkRoom) -> Proxy | None:
    if room.driver.name not in ("linux", "ovn"):
        return None
    from stratolith.network.agent.metadata import MetadataProxy

    # with ovn routers have no namespaces: metadata is answered in each network
    return MetadataProxy(room.ask_metadata, in_routers=room.driver.name == "linux")


def with_left_out(applied: Applied, left_out: dict[str, str]) -> Applied:
    """Add the objects that the control plane left out of the view to the errors of the driver."""
    if not left_out:
        return applied

    def kept(ids: list[str]) -> list[str]:
        return [object_id for object_id in ids if object_id not in left_out]

    return Applied(
        generation=applied.generation,
        ports=kept(applied.ports),
        networks=kept(applied.networks),
        routers=kept(applied.routers),
        floating_ips=kept(applied.floating_ips),
        errors={**left_out, **applied.errors},
        elections={key: value for key, value in applied.elections.items() if key not in left_out},
        physical_networks=applied.physical_networks,
        capacity=applied.capacity,
    )


def _reasons_by_port(view: HostNetworkView, errors: Mapping[str, str]) -> dict[str, str]:
    """Why ports are not realised: for a reason of their own, or one of their network."""
    of_networks = {
        port.id: errors[network.id]
        for network in view.networks
        if network.id in errors
        for port in network.ports
    }
    return {**of_networks, **errors}


class Proxy(Protocol):
    """What the room needs of the metadata proxy."""

    def start(self) -> None: ...

    def close(self) -> None: ...

    def update(self, view: HostNetworkView) -> dict[str, str]:
        """Listen where the view requires it; returns object id -> reason for failures."""
        ...


class NetworkRoom(Room):
    """Fetches the host's view, applies it, and reports the result.

    Every ``interval`` it applies the whole view again, which repairs changes by others; it also
    does so at once when the driver detects such a change. Without a control plane it repairs from
    the last view. Other rooms wait for the condition "port/<id>" before they start a guest.
    """

    view = "network"
    interval = 20.0
    pause = 0.02  # each pass ends with a report, which costs the server a transaction

    def __init__(self, driver: NetworkDriver, proxy: Proxy | None = None) -> None:
        super().__init__()
        self._use(driver)
        self.proxy = proxy
        # of a host that follows its cloud: a driver's name -> it, after the former one's removal
        self.take_over: Callable[[str], NetworkDriver] | None = None
        self.physical_networks: dict[str, str] = {}  # of the host's settings; reported
        self.capacity = Capacity()
        self._reported: tuple[bytes, Applied] | None = None
        self._reported_at = 0.0
        self._last: HostNetworkView | None = None
        self._threads = Supervisor()
        self.answers = {"diagnose": self._diagnose}

    def _use(self, driver: NetworkDriver) -> None:
        self.driver, self.driver_name = driver, driver.name
        if isinstance(driver, AsksForAdmission):
            driver.ask_admission = self._ask_admission

    def start(self) -> None:
        for lack in self.driver.check():
            LOG.error("network: %s", lack)
        if self.proxy is not None:
            self.proxy.start()
        if isinstance(self.driver, CountsTraffic):
            METERS.add(self.driver)
        stopping = threading.Event()
        self._threads = Supervisor()
        watch = partial(self.driver.keep_watch, stopping, self._repaired)
        self._threads.start("network-watch", watch, stopping.set)

    def stop(self) -> None:
        self._threads.stop()
        if isinstance(self.driver, CountsTraffic):
            METERS.remove(self.driver)
        if self.proxy is not None:
            self.proxy.close()

    def _follow(self, view: HostNetworkView) -> None:
        """Change to the driver of the cloud; raises NetworkDriverError when the host lacks it."""
        if self.take_over is None or view.driver not in ("linux", "ovn"):
            return
        if view.driver == self.driver.name:
            return
        lacking = choice.lacking(view.driver)
        if lacking:
            raise NetworkDriverError(f"cannot change to driver {view.driver}: {' '.join(lacking)}")
        LOG.info("the driver of the cloud's networks is %s now", view.driver)
        self.stop()
        try:
            self._use(self.take_over(view.driver))
            self.proxy = _proxy(self)
        finally:
            self.start()
        self._reported = None

    def _ask_admission(self, request: str) -> bytes:
        """A certificate for OVN's database by the server; raises NetworkDriverError."""
        url = f"/v1/hosts/{quote(self.host.name, safe='')}/southbound"
        sent = request.encode()
        try:
            reply = self.host.transport.forward(
                "POST", url, {}, sent, MAX_ADMISSION, METADATA_SECONDS
            )
        except Unreachable as error:
            raise NetworkDriverError(str(error)) from error
        if reply.status != 200:
            raise NetworkDriverError(reply.body.decode(errors="replace"))
        return reply.body

    def ask_metadata(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> Reply:
        """The metadata service's answer for a guest; raises Unreachable."""
        url = f"/v1/hosts/{quote(self.host.name, safe='')}/metadata{path}"
        transport = self.host.transport
        return transport.forward(method, url, headers, body, limit, METADATA_SECONDS)

    def _diagnose(self, params: dict[str, Any]) -> dict[str, Any]:
        """{"hops": [...]} for a question as in ``drivers/hops.py``."""
        asked = msgspec.convert(params, Asked)
        if self._last is None:
            return {"error": "The agent has not seen the desired networks of its host yet."}
        return {"hops": msgspec.to_builtins(self.driver.diagnose(self._last, asked))}

    def _repaired(self) -> None:
        """Sync again, for what depends on repaired objects: the metadata proxy and the report."""
        self.host.poke(self.view)

    def sync(self, keys: list[str] | None) -> None:
        """Hints that arrive together cause one pass; for a few keys only a part is requested."""
        try:
            view = self._changed(keys) or self._whole()
        except Unreachable:
            if self._last is not None:
                self._realise(self._last)
            raise
        self._follow(view)
        self._last = view
        self._report(view, self._realise(view))

    def _whole(self) -> HostNetworkView:
        raw = self.host.transport.view(self.host.name, self.view, None)
        return msgspec.json.decode(raw, type=HostNetworkView)

    def _changed(self, keys: list[str] | None) -> HostNetworkView | None:
        """The last view, updated for these keys; None when the whole view must be requested."""
        if keys is None or self._last is None or self._last.left_out:
            return None
        asked = set(keys)
        for _ in range(ROUNDS):
            raw = self.host.transport.view(self.host.name, self.view, sorted(asked))
            part = msgspec.json.decode(raw, type=HostNetworkPart)
            merged = part.whole or parts.merged(self._last, part)
            if isinstance(merged, HostNetworkView):
                return merged
            if merged.keys <= asked:
                break
            asked |= merged.keys
        return None

    def _realise(self, view: HostNetworkView) -> Applied:
        applied = with_left_out(self.driver.apply(view), view.left_out)
        applied = msgspec.structs.replace(
            applied, physical_networks=self.physical_networks, capacity=self.capacity
        )
        reasons = _reasons_by_port(view, applied.errors)
        self.host.conditions.replace(
            "port/",
            [f"port/{port}" for port in applied.ports],
            {f"port/{port}": reason for port, reason in reasons.items()},
        )
        broken = self.proxy.update(view) if self.proxy is not None else {}
        for object_id, reason in broken.items():
            LOG.warning("metadata of %s: %s", object_id, reason)
        self.left_out = {**broken, **applied.errors}
        return applied

    def _report(self, view: HostNetworkView, applied: Applied) -> None:
        content = msgspec.json.encode(msgspec.structs.replace(view, generation=0))
        state = (content, msgspec.structs.replace(applied, generation=0))
        now = time.monotonic()
        if self._reported == state and now - self._reported_at < REPORT_SECONDS:
            return
        self.host.transport.report(self.host.name, self.view, applied)
        self._reported, self._reported_at = state, now
