"""`up`, `status`, `down`, `destroy` of a cloud with simulated hosts, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.deploy.supervision import processes
from tests.installation import READY_SECONDS, Installation, free_offset, open_to_others


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running cloud that the tests of this module share and leave running."""
    found = Installation(tmp_path_factory.mktemp("up"), free_offset())
    found.up()
    yield found
    if found.layout.exists():
        found.run("destroy", "--yes")
    assert found.pids() == {}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    """A cloud that does not exist yet."""
    found = Installation(tmp_path, free_offset())
    yield found
    if found.layout.exists():
        found.run("destroy", "--yes")


def test_a_second_run_changes_nothing_and_says_so(cloud: Installation) -> None:
    before = {path: path.stat().st_mtime_ns for path in cloud.state_dir.iterdir() if path.is_file()}
    pids = cloud.pids()
    answer = cloud.up()
    assert "nothing was changed" in answer.stderr
    assert cloud.pids() == pids
    settled = ("stratolith.db", "server.lock")
    for path, changed_at in before.items():
        if not path.name.startswith(settled):
            assert path.stat().st_mtime_ns == changed_at, path


def test_the_summary_names_address_users_password_file_and_next_lines(cloud: Installation) -> None:
    text = cloud.up().stdout
    assert f"http://127.0.0.1:{5000 + cloud.offset}/v3" in text
    assert "admin" in text
    assert "demo" in text
    assert "clouds.yaml" in text
    assert "openstack server create --image cirros" in text


def test_files_are_private(cloud: Installation) -> None:
    private = ["secrets.json", "clouds.yaml", "admin-openrc.sh", "demo-openrc.sh", "seed.json"]
    for name in private:
        assert (cloud.state_dir / name).stat().st_mode & 0o777 == 0o600, name
    database = cloud.state_dir / "stratolith.db"
    assert database.stat().st_mode & 0o077 == 0
    personal = cloud.home / ".config" / "openstack" / "clouds.yaml"
    assert personal.read_text() == (cloud.state_dir / "clouds.yaml").read_text()


def test_no_other_user_reads_what_the_processes_write(cloud: Installation) -> None:
    cloud.run("verify")
    assert open_to_others(cloud.state_dir) == []


def test_both_users_log_in_with_the_printed_variables(cloud: Installation) -> None:
    for user in ("admin", "demo"):
        text = cloud.run("openrc", user).stdout
        script = f'{text}\nexec "$0" token issue -f value -c id'
        openstack = str(Path(sys.executable).with_name("openstack"))
        answer = subprocess.run(["sh", "-c", script, openstack], capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        assert len(answer.stdout.strip()) > 20


def test_status_tells_services_hosts_memory(cloud: Installation) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:  # the simulated host reports some moments after the start
        document = json.loads(cloud.run("status", "--json").stdout)
        if document["hosts"] or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert document["is_ready"]
    assert {"supervisor", "server"} <= {row["role"] for row in document["processes"]}
    assert all(row["pss_kib"] > 0 for row in document["processes"])
    assert document["hosts"], "a fake cloud has a simulated host"
    assert any(row["name"] == "nova-compute" and row["is_up"] for row in document["services"])
    text = cloud.run("status").stdout
    assert "ready, simulated hosts" in text
    assert "together" in text


def test_verify_passes(cloud: Installation) -> None:
    answer = cloud.run("verify")
    assert "The cloud works" in answer.stderr
    document = json.loads(cloud.run("status", "--json").stdout)
    assert document["servers"] == {}, "what verify made is deleted"


def test_logs_show_the_server(cloud: Installation) -> None:
    assert cloud.run("logs", "server").stdout.strip()
    assert "server started" in cloud.run("logs", "supervisor").stdout


@pytest.mark.parametrize("role", ["server", "supervisor"])
def test_a_killed_process_comes_back(cloud: Installation, role: str) -> None:
    before = cloud.pids()
    os.kill(before[role], signal.SIGKILL)
    if role == "supervisor":
        cloud.up()
    cloud.wait_ready()
    after = cloud.pids()
    assert set(after) == set(before)
    assert after[role] != before[role]
    others = set(before) - {role}
    assert {name: after[name] for name in others} == {name: before[name] for name in others}


def test_all_killed_at_once_come_back_with_up(cloud: Installation) -> None:
    before = cloud.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    cloud.up()
    cloud.wait_ready()
    assert not set(cloud.pids().values()) & set(before.values())


def test_a_changed_setting_restarts_the_server(cloud: Installation) -> None:
    before = cloud.pids()
    path = cloud.layout.config
    path.write_text(path.read_text().replace("  # threads: ", "  threads: 5  # was "))
    assert "nothing was changed" not in cloud.up().stderr
    assert cloud.pids()["server"] != before["server"]


def test_a_typing_error_in_the_file_is_named(cloud: Installation) -> None:
    path = cloud.layout.config
    good = path.read_text()
    try:
        path.write_text(good.replace("  # region:", "  regoin:"))
        assert "cloud.regoin: unknown key" in cloud.up(expect=1).stderr
    finally:
        path.write_text(good)
    cloud.up()


def test_doctor_names_what_is_wrong(fresh: Installation) -> None:
    fresh.up()
    fresh.wait_host()
    assert "Nothing is wrong" in fresh.run("doctor").stdout
    os.kill(fresh.pids()["server"], signal.SIGKILL)
    fresh.wait_ready()
    fresh.wait_host()
    assert "note   The server was started again 1 times" in fresh.run("doctor").stdout
    fresh.run("down")
    said = fresh.run("doctor", expect=1).stdout
    assert "WRONG  Missing: identity on port" in said
    assert f"stratolith up --state-dir {fresh.state_dir}" in said


def test_down_stops_all_and_up_brings_it_back_with_its_data(fresh: Installation) -> None:
    fresh.up()
    passwords = (fresh.state_dir / "secrets.json").read_text()
    pids = fresh.pids()
    fresh.run("down")
    assert fresh.pids() == {}
    assert not any(processes.command_line(pid) for pid in pids.values())
    assert "NOT READY" in fresh.run("status", expect=1).stdout
    fresh.run("down")
    fresh.up()
    assert (fresh.state_dir / "secrets.json").read_text() == passwords
    fresh.run("destroy", expect=1)  # cannot ask without a terminal
    assert fresh.pids()
    fresh.run("destroy", "--yes")
    assert fresh.pids() == {}
    assert not fresh.state_dir.exists()
    assert not (fresh.home / ".config" / "openstack" / "clouds.yaml").exists()
    assert "nothing to remove" in fresh.run("destroy", "--yes").stdout


def test_a_taken_port_names_owner_and_setting_and_leaves_nothing(fresh: Installation) -> None:
    with socket.create_server(("127.0.0.1", 9292 + fresh.offset)):
        text = fresh.up(expect=1).stderr
    assert f"Port {9292 + fresh.offset} (image) is taken by process {os.getpid()}" in text
    assert "port_offset" in text
    assert not fresh.state_dir.exists()


def test_a_foreign_clouds_yaml_is_left_alone(fresh: Installation) -> None:
    path = fresh.home / ".config" / "openstack" / "clouds.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("clouds: {work: {}}\n")
    answer = fresh.up()
    assert path.read_text() == "clouds: {work: {}}\n"
    assert str(fresh.state_dir / "clouds.yaml") in answer.stdout
    fresh.run("destroy", "--yes")
    assert path.exists()


def test_moving_the_ports_of_a_running_cloud(fresh: Installation) -> None:
    fresh.up()
    fresh.offset += 1
    answer = fresh.up()
    assert f":{5000 + fresh.offset}/v3" in answer.stdout
    assert processes.is_bindable("127.0.0.1", 5000 + fresh.offset - 1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--port-offset", "60000"], "--port-offset"),
        (["--listen", "198.51.100.9"], "--listen"),
        (["--external-cidr", "10.0.0.0/31"], "too small"),
        (["--external-range", "x"], "cannot be read"),
    ],
)
def test_wishes_that_cannot_be_are_refused(
    fresh: Installation, arguments: list[str], text: str
) -> None:
    assert text in fresh.up(*arguments, expect=1).stderr
    assert not fresh.state_dir.exists()


def test_another_external_network_is_refused_later(cloud: Installation) -> None:
    answer = cloud.up("--external-cidr", "10.77.0.0/24", expect=1)
    assert "already has the external network 172.24.4.0/24" in answer.stderr


def test_commands_say_when_there_is_no_cloud(fresh: Installation) -> None:
    for command in ("status", "down", "verify", "openrc", "logs"):
        assert "There is no cloud in" in fresh.run(command, expect=1).stderr


def test_foreground_stays_and_ends_with_a_signal(fresh: Installation) -> None:
    env = {**os.environ, "HOME": str(fresh.home), "SUDO_USER": "root"}
    words = ["up", "--fake", "--foreground", "--port-offset", str(fresh.offset)]
    command = [sys.executable, "-m", "stratolith", *words, "--state-dir", str(fresh.state_dir)]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + READY_SECONDS
        while "server" not in fresh.pids() or not fresh.layout.clouds_yaml.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        process.terminate()
        process.wait(30)
    assert fresh.pids() == {}
