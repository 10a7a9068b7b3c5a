"""What metering labels counted on this host, for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from stratolith.kernel import metrics
from stratolith.network.drivers.base import CountsTraffic

LABELS = ("label", "router", "project", "direction")


class Meters(Collector):
    """Reads the counters of its drivers when somebody asks for the metrics."""

    def __init__(self) -> None:
        self._drivers: list[CountsTraffic] = []
        self._lock = threading.Lock()

    def add(self, driver: CountsTraffic) -> None:
        with self._lock:
            self._drivers.append(driver)

    def remove(self, driver: CountsTraffic) -> None:
        with self._lock:
            if driver in self._drivers:
                self._drivers.remove(driver)

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            drivers = list(self._drivers)
        sizes = CounterMetricFamily(
            "stratolith_network_meter_bytes", "Bytes that metering labels counted.", labels=LABELS
        )
        packets = CounterMetricFamily(
            "stratolith_network_meter_packets",
            "Packets that metering labels counted.",
            labels=LABELS,
        )
        for driver in drivers:
            for reading in driver.meter_readings():
                values = (reading.label, reading.router, reading.project, reading.direction)
                sizes.add_metric(values, reading.bytes)
                packets.add_metric(values, reading.packets)
        return [sizes, packets]


METERS = Meters()
metrics.REGISTRY.register(METERS)
