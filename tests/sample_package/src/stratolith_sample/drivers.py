"""Drivers of a host: simulated ones, under a name of their own."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stratolith.compute.drivers.base import HypervisorFacts
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.kernel.config import Settings
from stratolith.network.drivers.fake import FakeNetworkDriver


class SampleDriver(FakeDriver):
    name = "sample"

    def facts(self) -> HypervisorFacts:
        return msgspec.structs.replace(super().facts(), hypervisor_type="SAMPLE")


class SampleNetworkDriver(FakeNetworkDriver):
    name = "sample"


def guests_file(settings: Settings, host: str) -> Path:
    return settings.state_dir / "plugins" / "sample" / f"{host}.jsonl"


def hypervisor(settings: Settings, host: str) -> SampleDriver:
    return SampleDriver(guests_file(settings, host))


def network(settings: Settings, host: str) -> SampleNetworkDriver:
    return SampleNetworkDriver()
