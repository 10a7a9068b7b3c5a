"""kill -9 of a real server while image data moves: nothing is left over, every image can go."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.deploy.errors import DeployError
from tests.e2e.guests import User, wait
from tests.installation import Installation, free_offset

MIB = 1 << 20


@pytest.fixture(scope="module")
def drip() -> Iterator[str]:
    """A web server whose answer never ends: its address."""
    stop = threading.Event()

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_drip, args=(one, stop), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        stop.set()


def _drip(one: socket.socket, stop: threading.Event) -> None:
    with one:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n" + bytes(4 * MIB))
        while not stop.wait(0.05):
            try:
                one.sendall(bytes(65536))
            except OSError:
                return


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, drip: str) -> Iterator[Installation]:
    found = Installation(tmp_path_factory.mktemp("kills"), free_offset())
    found.environment = {
        "STRATOLITH_IMAGE_IMPORT_PORTS": drip.rpartition(":")[2],
        "STRATOLITH_IMAGE_IMPORT_PRIVATE_NETWORKS": "127.0.0.1/32",
    }
    found.up()
    yield found
    found.run("destroy", "--yes")


@pytest.fixture
def admin(cloud: Installation) -> User:
    return User(cloud, "admin")


def make(user: User) -> str:
    body = {"name": "killed", "disk_format": "raw", "container_format": "bare"}
    return str(user.api.post("image", "/v2/images", body)["id"])


def show(user: User, image: str) -> dict[str, Any]:
    return dict(user.api.get("image", f"/v2/images/{image}"))


def files_of(cloud: Installation, image: str) -> list[Path]:
    places = cloud.state_dir.glob("images*")
    return [path for place in places for path in place.rglob(f"{image}*")]


def half_an_upload(user: User, path: str, gone: threading.Event) -> None:
    """Send some of the data, then nothing until the server is gone."""

    def blocks() -> Iterator[bytes]:
        yield os.urandom(8 * MIB)
        gone.wait(30)

    with pytest.raises((DeployError, OSError)):
        user.api.upload("image", path, blocks(), 1 << 30)


def kill_server(cloud: Installation) -> None:
    """As the kernel's out-of-memory killer does; the supervisor starts another one."""
    before = cloud.pids()["server"]
    os.kill(before, signal.SIGKILL)
    wait(lambda: cloud.pids().get("server") not in (None, before), 30, "a new server")
    cloud.wait_ready()


def check_gone(cloud: Installation, user: User, image: str, status: str, left: int = 0) -> None:
    """The image ends in ``status`` with ``left`` files, and can be deleted with all of them."""
    wait(lambda: show(user, image)["status"] == status, 60, f"image {status}")
    wait(lambda: len(files_of(cloud, image)) == left, 60, "no orphans")
    user.api.delete("image", f"/v2/images/{image}")
    wait(lambda: files_of(cloud, image) == [], 20, "all files gone")


@pytest.mark.parametrize("verb", ["file", "stage"])
def test_killed_while_data_comes_in(cloud: Installation, admin: User, verb: str) -> None:
    image, gone = make(admin), threading.Event()
    path = f"/v2/images/{image}/{verb}"
    sending = threading.Thread(target=half_an_upload, args=(admin, path, gone))
    sending.start()
    wait(lambda: sum(one.stat().st_size for one in files_of(cloud, image)) > 4 * MIB, 20, "data")
    kill_server(cloud)
    gone.set()
    sending.join(30)
    check_gone(cloud, admin, image, "queued")


def test_killed_while_data_is_staged(cloud: Installation, admin: User) -> None:
    """What lies in staging completely is still there: the import goes on as if nothing was."""
    image = make(admin)
    admin.api.upload("image", f"/v2/images/{image}/stage", iter([bytes(MIB)]), MIB)
    kill_server(cloud)
    assert show(admin, image)["status"] == "uploading"
    method = {"method": {"name": "glance-direct"}}
    admin.api.post("image", f"/v2/images/{image}/import", method)
    check_gone(cloud, admin, image, "active", left=1)


def test_killed_while_the_web_is_read(cloud: Installation, admin: User, drip: str) -> None:
    image = make(admin)
    method = {"method": {"name": "web-download", "uri": f"http://{drip}/disk"}}
    admin.api.post("image", f"/v2/images/{image}/import", method)
    wait(lambda: sum(one.stat().st_size for one in files_of(cloud, image)) > MIB, 20, "data")
    kill_server(cloud)
    check_gone(cloud, admin, image, "queued")


def test_killed_while_it_is_copied(cloud: Installation, admin: User) -> None:
    image = make(admin)
    size = 256 * MIB
    blocks = (os.urandom(MIB) * 8 for _ in range(size // MIB // 8))
    admin.api.upload("image", f"/v2/images/{image}/file", blocks, size)
    method = {"method": {"name": "copy-image"}, "stores": ["second"]}
    admin.api.post("image", f"/v2/images/{image}/import", method)
    wait(lambda: len(files_of(cloud, image)) > 1, 20, "a second file")
    kill_server(cloud)
    wait(lambda: len(files_of(cloud, image)) == len(stores(admin, image)), 60, "no orphans")
    tasks = admin.api.get("image", f"/v2/images/{image}/tasks")["tasks"]
    assert tasks[-1]["status"] in ("success", "failure")
    admin.api.post("image", f"/v2/images/{image}/import", method | {"all_stores": True})
    wait(lambda: stores(admin, image) == ["file", "second"], 60, "copied")
    check_gone(cloud, admin, image, "active", left=2)


def stores(user: User, image: str) -> list[str]:
    return str(show(user, image)["stores"]).split(",")
