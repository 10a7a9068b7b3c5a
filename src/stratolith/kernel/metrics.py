"""Prometheus metrics of one process."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter(
    "stratolith_http_requests_total",
    "Requests answered.",
    ["service", "method", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "stratolith_http_request_seconds",
    "Time to answer.",
    ["service"],
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
CONNECTIONS_ENDED = Counter(
    "stratolith_http_connections_ended_total",
    "Connections of clients that the server refused or closed.",
    ["reason"],
    registry=REGISTRY,
)
POLICY_FILE_REFUSED = Gauge(
    "stratolith_policy_file_refused",
    "1 while policy.yaml is invalid and older rules apply.",
    registry=REGISTRY,
)
RECONCILES = Counter(
    "stratolith_reconciles_total",
    "Keys reconciled.",
    ["reconciler", "outcome"],
    registry=REGISTRY,
)
AGENT_SEEN = Gauge(
    "stratolith_agent_last_seen_seconds",
    "Unix time of an agent's last report.",
    ["host"],
    registry=REGISTRY,
)


HELPER_RESTARTS = Counter(
    "stratolith_helper_restarts_total",
    "Helper processes that ended unexpectedly and were restarted.",
    ["helper"],
    registry=REGISTRY,
)


def count_request(service: str, method: str, status: int, seconds: float) -> None:
    """Count an answered request and its duration."""
    _requests(service, method, status).inc()
    _seconds(service).observe(seconds)


# The library looks up its children under a lock, which costs more than counting.
@lru_cache(maxsize=1024)
def _requests(service: str, method: str, status: int) -> Counter:
    return REQUESTS.labels(service, method, str(status))


@lru_cache
def _seconds(service: str) -> Histogram:
    return SECONDS.labels(service)


def render() -> bytes:
    """The exposition format, version 0.0.4."""
    return generate_latest(REGISTRY)
