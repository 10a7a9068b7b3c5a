"""The agent's own page: it says what is wrong."""

from __future__ import annotations

import socket

import httpx

from stratolith.kernel.agent import health


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_ready_when_nothing_is_wrong() -> None:
    wrong: list[str] = ["network: the bridge is gone"]
    port = free_port()
    server = health.serve(lambda: wrong, port, lambda: {"some port": "no MAC"})
    assert server is not None
    try:
        base = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{base}/healthz").text == "OK"
        answer = httpx.get(f"{base}/readyz")
        assert (answer.status_code, answer.text) == (503, "network: the bridge is gone")
        wrong.clear()
        assert httpx.get(f"{base}/readyz").status_code == 200
        assert "process_" in httpx.get(f"{base}/metrics").text
        assert httpx.get(f"{base}/left-out").json() == {"some port": "no MAC"}
        assert httpx.get(f"{base}/elsewhere").status_code == 404
        assert health.serve(list, port) is None  # taken: the agent goes on without
    finally:
        server.shutdown()
        server.server_close()
