"""A second machine joins by the commands, runs servers, and leaves; with simulated guests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guests import User, wait
from tests.installation import Installation, free_offset, open_to_others

Two = tuple[Installation, Installation]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """A cloud that listens for hosts, and the directories of a machine that may join."""
    server = Installation(tmp_path_factory.mktemp("server"), free_offset())
    server.environment["STRATOLITH_HOSTS_LISTEN"] = "127.0.0.1"
    server.up()
    second = Installation(tmp_path_factory.mktemp("second"), free_offset())
    second.environment["STRATOLITH_API_PORT"] = str(8700 + second.offset)  # for its health page
    yield server, second
    for one in (second, server):
        if one.layout.exists():
            one.run("destroy", "--yes")
        assert one.pids() == {}


def hosts(server: Installation) -> dict[str, str]:
    """Name -> state."""
    found = json.loads(server.run("host", "list", "--json").stdout)
    return {one["name"]: one["state"] for one in found}


def command_of(server: Installation) -> list[str]:
    """The words of the command that `token create` prints."""
    line = server.run("token", "create").stdout.strip().splitlines()[-1]
    words = line.split()
    assert words[:2] == ["stratolith", "join"]
    return words[1:]


def hypervisors(admin: User) -> list[str]:
    found = admin.api.get("compute", "/os-hypervisors")["hypervisors"]
    return [one["hypervisor_hostname"] for one in found]


def boot_on(admin: User, host: str, network: str) -> str:
    """A server that has to be on this host; its id."""
    body = {
        "name": f"on-{host}",
        "imageRef": admin.named("image", "/v2/images", "images", "cirros"),
        "flavorRef": "42",
        "networks": [{"uuid": network}],
        "availability_zone": f"nova:{host}",
    }
    return str(admin.api.post("compute", "/servers", {"server": body})["server"]["id"])


def test_a_machine_joins_works_and_leaves(two: Two) -> None:
    server, second = two
    second.run(*command_of(server), "--fake", "--name", "second")
    assert hosts(server)["second"] == "active"
    assert "works" in second.run("status").stdout
    assert "second" in server.run("host", "list").stdout
    admin = User(server, "admin")
    network = admin.network("between", "10.77.0.0/24")[0]
    servers = {}
    for name in hosts(server):
        servers[name] = boot_on(admin, name, network)
        shown = admin.wait_status(servers[name], "ACTIVE")
        assert shown["OS-EXT-SRV-ATTR:host"] == name
    refused = second.run("leave", expect=1)
    assert "1 server is on it" in refused.stderr
    admin.delete(servers["second"])
    wait(lambda: len(admin.api.get("compute", "/servers")["servers"]) == 1, 20, "deleted")
    assert "took this host out" in second.run("leave").stderr
    assert hosts(server)["second"] == "left"
    assert not second.state_dir.exists()
    assert len(hypervisors(admin)) == 1 and "second" not in hypervisors(admin)


def test_a_machine_that_joined_keeps_no_file_of_the_server(two: Two) -> None:
    server, second = two
    second.run(*command_of(server), "--fake", "--name", "third")
    kept = {path.name for path in second.state_dir.iterdir()}
    assert not kept & {"secrets.json", "seed.json", "stratolith.db", "keys", "clouds.yaml"}
    assert open_to_others(second.state_dir) == []
    again = second.run(*command_of(server), "--fake", expect=1)
    assert "a host of a cloud already" in again.stderr
    # the agent is started again when it dies, and by `up` after `down`
    before = second.pids()["agent"]
    os.kill(before, signal.SIGKILL)
    wait(lambda: second.pids().get("agent") not in (None, before), 20, "a new agent")
    second.run("down")
    assert second.pids() == {}
    second.run("up")
    assert set(second.pids()) == {"supervisor", "agent"}
    # removed on the server: its certificate is void, and the agent says what to do
    server.run("host", "remove", "third")
    wait(lambda: "no longer valid" in second.run("logs", "agent").stdout, 20, "the agent's word")
    assert "Traceback" not in (second.state_dir / "log" / "agent.log").read_text()
    refused = second.run("up", expect=1)
    assert "no longer part of the cloud" in refused.stderr
    answer = second.run("destroy", "--yes")
    assert "had taken this host out" in answer.stderr and not second.state_dir.exists()


def test_a_wrong_token_changes_nothing(two: Two, tmp_path: Path) -> None:
    server, _ = two
    stranger = Installation(tmp_path, free_offset())
    command = command_of(server)
    command[-1] = f"guessed.{command[-1].partition('.')[2]}"
    refused = stranger.run(*command, "--fake", expect=1)
    assert "is unknown, was already used" in refused.stderr
    assert not stranger.state_dir.exists()


def test_a_cloud_on_loopback_lets_nobody_in(tmp_path: Path) -> None:
    alone = Installation(tmp_path, free_offset())
    alone.up()
    try:
        answer = alone.run("token", "create", expect=1)
        assert "no other machine can reach it" in answer.stderr
    finally:
        alone.run("destroy", "--yes")
