"""`status` tells which helpers ended by themselves."""

from __future__ import annotations

import socket
from pathlib import Path

from stratolith.deploy.supervision import restarts
from stratolith.kernel import config, metrics
from stratolith.kernel.agent import health
from stratolith.kernel.config import ApiSection, Settings


def settings_with(port: int, tmp_path: Path) -> Settings:
    file = tmp_path / "stratolith.yaml"
    file.write_text(f"api: {{port: {port}}}\n")
    return config.load({"api": ApiSection}, file, {})


def test_restarts_are_read_from_the_agent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = settings_with(port - 1, tmp_path)
    assert settings.of(ApiSection).port == port - 1
    assert restarts.of_helpers(settings) == {}, "no agent answers"
    page = health.serve(list, port)
    assert page is not None
    try:
        before = restarts.of_helpers(settings).get("dnsmasq", 0)
        metrics.HELPER_RESTARTS.labels("dnsmasq").inc(2)
        assert restarts.of_helpers(settings)["dnsmasq"] == before + 2
    finally:
        page.shutdown()
