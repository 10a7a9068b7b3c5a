"""Settings of the cloud reach a host with its view; no file on the host has them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stratolith.kernel.agent.local import LocalTransport
from stratolith.network.drivers.base import ConnectionLimits, HostNetworkView
from tests.testcloud import TestCloud


def test_a_host_limits_connections_as_its_cloud_says(tmp_path: Path) -> None:
    wanted = {"max_port_connections": 500, "max_project_connections": 900}
    cloud = TestCloud(tmp_path / "cloud", network=wanted)
    assert cloud.env.agents is not None
    try:
        raw = LocalTransport(cloud.env.agents).view("host-a", "network", None)
        view = msgspec.json.decode(raw, type=HostNetworkView)
        assert view.connections == ConnectionLimits(port=500, project=900)
    finally:
        cloud.close()
