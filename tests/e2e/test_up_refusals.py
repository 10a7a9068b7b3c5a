"""What `up` and `destroy` do not touch: other people's files, and a cloud that runs well."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient
from stratolith.deploy.supervision import processes
from tests.installation import Installation, free_offset

needs_mounts = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk of its own")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running cloud that no test of this module may disturb."""
    found = Installation(tmp_path_factory.mktemp("up"), free_offset())
    found.up()
    yield found
    found.run("destroy", "--yes")


@pytest.fixture
def fresh(tmp_path: Path) -> Installation:
    """A cloud that does not exist yet."""
    return Installation(tmp_path, free_offset())


def everything(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*")}


# A directory that is not ours ------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["notes.txt"],
        ["secrets.json"],
        ["images/holiday.jpg", "log/app.log"],
        ["etc/passwd", "run/lock"],
        [".git/config"],
        ["clouds.yaml", "policy.yaml"],
    ],
)
def test_a_directory_with_other_files_is_refused(fresh: Installation, names: list[str]) -> None:
    for name in names:
        path = fresh.state_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"admin": "x"}')
    before = everything(fresh.state_dir)
    for arguments in (["up", "--fake"], ["check", "--fake"]):
        assert "is not empty and not" in fresh.run(*arguments, expect=1).stderr
    fresh.run("destroy", "--yes", expect=1 if names == ["secrets.json"] else 0)
    assert everything(fresh.state_dir) == before


def test_a_file_and_a_link_to_nothing_are_refused(fresh: Installation) -> None:
    fresh.state_dir.write_text("mine")
    assert "is no directory" in fresh.up(expect=1).stderr
    fresh.state_dir.unlink()
    fresh.state_dir.symlink_to("/nonexistent/place")
    assert "link to nothing" in fresh.up(expect=1).stderr


def test_an_up_that_ended_at_once_does_not_bar_the_next(fresh: Installation) -> None:
    for name in ("run", "keys", "log", "lock", "lost+found"):
        (fresh.state_dir / name).mkdir(parents=True)
    fresh.up()
    fresh.run("destroy", "--yes")
    assert everything(fresh.state_dir) == {"lost+found"}


def test_destroy_removes_only_what_is_ours_by_name(fresh: Installation) -> None:
    fresh.up()
    strange = ["notes.txt", "backup/stratolith.db", "etc/hosts", "log/app.log", "keys/id_rsa"]
    for name in strange:
        path = fresh.state_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    outside = fresh.state_dir.with_name("outside")
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (fresh.state_dir / "images" / "link").symlink_to(outside)
    answer = fresh.run("destroy", "--yes")
    for name in strange:
        assert (fresh.state_dir / name).exists()
        top = fresh.state_dir / name.split("/")[0]
        assert f"{fresh.state_dir / name}" in answer.stderr or f"{top} was not" in answer.stderr
    folders = {str(Path(name).parent) for name in strange} - {"."}
    assert everything(fresh.state_dir) == {*strange, *folders}
    assert (outside / "precious").exists()
    assert "nothing to remove" in fresh.run("destroy", "--yes").stdout


def test_a_cloud_is_the_same_by_a_link(fresh: Installation) -> None:
    """Its processes are told by the paths in their commands; a link is another name for them."""
    fresh.up()
    pids = fresh.pids()
    link = fresh.state_dir.with_name("link")
    link.symlink_to(fresh.state_dir.parent)
    real, fresh.state_dir = fresh.state_dir, link / fresh.state_dir.name
    assert fresh.pids() == pids
    assert fresh.status()["processes"] and "already" in fresh.up().stderr
    fresh.run("destroy", "--yes")
    assert not any(map(processes.command_line, pids.values()))
    assert not real.exists() and link.is_symlink()


@needs_mounts
def test_a_mount_point_and_links_are_emptied_and_stay(fresh: Installation) -> None:
    real = fresh.state_dir.with_name("disk")
    real.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "stltest", real], check=True)
    try:
        fresh.state_dir.symlink_to(real)
        elsewhere = fresh.state_dir.with_name("elsewhere")
        elsewhere.mkdir()
        (elsewhere / "precious").write_text("mine")
        fresh.up()
        fresh.run("down")
        for name in ("images", "guests"):  # the operator moves data to other disks
            (fresh.state_dir / name).mkdir(exist_ok=True)
        shutil.move(fresh.state_dir / "images", elsewhere / "images")
        (fresh.state_dir / "images").symlink_to(elsewhere / "images")
        fresh.up()
        fresh.run("destroy", "--yes")
        assert everything(real) == set()
        assert os.path.ismount(real)
        assert fresh.state_dir.is_symlink()
        assert everything(elsewhere) == {"precious", "images"}
    finally:
        subprocess.run(["umount", "--lazy", real], check=True)


def test_the_configuration_of_clients_is_left_as_it_was_found(fresh: Installation) -> None:
    fresh.up()
    fresh.run("destroy", "--yes")
    assert not (fresh.home / ".config").exists()
    (fresh.home / ".config" / "openstack").mkdir(parents=True)
    (fresh.home / ".config" / "openstack" / "secure.yaml").write_text("clouds: {}\n")
    before = everything(fresh.home / ".config")
    fresh.up()
    fresh.run("destroy", "--yes")
    assert everything(fresh.home / ".config") == before


# A cloud that runs -----------------------------------------------------------------------------


BAD_OPTIONS = [
    (["--listen", "300.1.1.1"], "listen", "not an IP address"),
    (["--listen", "192.0.2.77"], "--listen", "address of this host"),
    (["--listen", "localhost"], "listen", "not an IP address"),
    (["--external-cidr", "10.77.0.0/24"], "already has", "external network"),
    (["--image", "/nonexistent"], "first image", ""),
    (["--port-offset", "99999"], "--port-offset", ""),
]
BAD_SETTINGS = ["api: {threads: many}", "cloud: {regoin: x}", "nosuch: {a: 1}", "api: ["]


def test_nothing_wrong_touches_a_running_cloud(cloud: Installation) -> None:
    pids, config = cloud.pids(), cloud.layout.config.read_text()
    for arguments, *texts in BAD_OPTIONS:
        said = cloud.run("up", "--fake", *arguments, expect=1).stderr
        assert all(text in said for text in texts), said
    extra = cloud.layout.config.parent / "conf.d" / "wrong.yaml"
    extra.parent.mkdir()
    for text in BAD_SETTINGS:
        extra.write_text(text)
        said = cloud.up(expect=1).stderr
        key = text.split("{")[-1].split(":")[0]
        assert key in said or str(extra) in said, said
    extra.unlink()
    extra.parent.rmdir()
    for name, value in (("STRATOLITH_API_TREADS", "5"), ("STRATOLITH_API_THREADS", "many")):
        cloud.environment[name] = value
        assert "THREADS" in cloud.up(expect=1).stderr.upper()
        del cloud.environment[name]
    policy = cloud.state_dir / "policy.yaml"
    for text in ("identity:create_user: (", "identity:create_usr: '@'", "- x", "a: [", "a: 5"):
        policy.write_text(text)
        assert "policy" in cloud.up(expect=1).stderr
    policy.unlink()
    assert cloud.pids() == pids
    assert cloud.layout.config.read_text() == config
    assert cloud.status()["is_ready"]


def test_a_database_that_does_not_answer_stops_nothing(cloud: Installation) -> None:
    pids = cloud.pids()
    cloud.environment["STRATOLITH_DATABASE_URL"] = "postgresql://stratolith:hidden@127.0.0.1:1/x"
    said = cloud.up(expect=1).stderr
    del cloud.environment["STRATOLITH_DATABASE_URL"]
    assert "127.0.0.1:1" in said
    assert "hidden" not in said
    assert cloud.pids() == pids


def test_ports_of_others_stop_nothing(cloud: Installation) -> None:
    pids = cloud.pids()
    other = free_offset()
    with socket.create_server(("127.0.0.1", 9696 + other)):
        said = cloud.run("up", "--fake", "--port-offset", str(other), expect=1).stderr
    assert f"Port {9696 + other} (network) is taken" in said
    assert cloud.pids() == pids
    assert cloud.status()["is_ready"]


def test_a_typing_error_in_a_variable_means_no_other_cloud(cloud: Installation) -> None:
    cloud.environment["STRATOLITH_CLOUD_STATEDIR"] = "/nowhere"
    for command in ("status", "down", "destroy", "check"):
        assert "STRATOLITH_CLOUD_STATE_DIR" in cloud.run(command, expect=1).stderr
    del cloud.environment["STRATOLITH_CLOUD_STATEDIR"]
    assert cloud.status()["is_ready"]


@pytest.mark.parametrize(
    "cidr",
    ["10.0.0.0/24", "10.0.0.0/8", "10.0.0.128/25", "224.0.0.0/24", "127.0.0.0/24",
     "169.254.0.0/16", "240.0.0.0/24", "0.0.0.0/0", "0.0.0.0/8", "fd00::/64", "10.0.1.5/24"],
)  # fmt: skip
def test_an_external_network_that_cannot_be_is_refused(fresh: Installation, cidr: str) -> None:
    said = fresh.up("--external-cidr", cidr, expect=1).stderr
    assert "external network" in said
    assert not fresh.state_dir.exists()


def test_an_external_network_is_held_against_the_configured_private_one(
    fresh: Installation,
) -> None:
    fresh.environment["STRATOLITH_NETWORK_PRIVATE_CIDR"] = "172.24.0.0/16"
    said = fresh.up(expect=1).stderr
    assert "172.24.0.0/16" in said
    assert not fresh.state_dir.exists()


def test_suggested_commands_can_be_typed_as_they_are(cloud: Installation) -> None:
    place = f"--state-dir {cloud.state_dir}"
    assert f"stratolith openrc {place} admin" in cloud.up().stdout
    said = cloud.up("--external-cidr", "10.77.0.0/24", expect=1).stderr
    assert f"stratolith destroy {place}" in said
    assert json.loads(cloud.run("status", "--json").stdout)["state_dir"] == str(cloud.state_dir)


def test_the_names_of_kolla_are_free_for_its_own_script(fresh: Installation) -> None:
    said = fresh.up("--names", "kolla").stdout
    assert "OS_CLOUD=kolla-admin" in said
    access = credentials.access(fresh.layout, fresh.layout.settings())
    admin = ApiClient(access, "admin")
    for service, path, key in [
        ("network", "/v2.0/networks", "networks"),
        ("network", "/v2.0/routers", "routers"),
        ("image", "/v2/images", "images"),
        ("compute", "/flavors", "flavors"),
        ("compute", "/os-keypairs", "keypairs"),
    ]:
        assert admin.get(service, path)[key] == [], key
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    network = {"name": "public1", "router:external": True, **flat}
    admin.post("network", "/v2.0/networks", {"network": network})
    clouds = yaml.safe_load(fresh.layout.clouds_yaml.read_text())["clouds"]
    assert "kolla-admin" in clouds
    os.kill(fresh.pids()["server"], signal.SIGKILL)
    fresh.wait_ready()
    assert admin.get("compute", "/flavors")["flavors"] == [], "nothing is made at the next start"
    assert "other names" in fresh.up("--names", "stratolith", expect=1).stderr
    fresh.run("destroy", "--yes")
