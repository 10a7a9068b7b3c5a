"""HTTP stories of imports, tasks and several stores."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.image.managers import uploads
from stratolith.image.models import Image, Task
from stratolith.kernel.context import Context
from stratolith.kernel.transaction import transact
from tests.api.identity.people import persona
from tests.api.image.pages import site
from tests.api.image.test_images import BYTES, make
from tests.testcloud import Client, TestCloud
from tests.unit.image import hostile

WEB = {"id": "web", "read-only": "true"}
DATA = b"an image from the web" * 1000
PAGES = {
    "raw": DATA,
    "gz": gzip.compress(DATA),
    "xz": lzma.compress(DATA),
    "cut.gz": gzip.compress(DATA)[:-20],
    "qcow2": b"QFI\xfb\0\0\0\3" + bytes(504),
}


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with site(PAGES) as found:
        yield found.url


@pytest.fixture
def open_cloud(tmp_path: Path, web: str) -> Iterator[TestCloud]:
    """A cloud that may fetch from the web server above, and unpacks."""
    image = {
        "import_ports": [int(web.rpartition(":")[2])],
        "import_private_networks": ["127.0.0.1/32"],
        "import_plugins": ["image_decompression"],
    }
    cloud = TestCloud(tmp_path / "open", image=image)
    yield cloud
    cloud.close()


def show(client: Client, image: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get("image", f"/images/{image['id']}").json()
    return found


def start(client: Client, image: dict[str, Any], method: str, **more: Any) -> Any:
    uri = more.pop("uri", None)
    body = {"method": {"name": method, **({"uri": uri} if uri else {})}, **more}
    return client.post("image", f"/images/{image['id']}/import", json=body)


def ended(client: Client, image: dict[str, Any]) -> dict[str, Any]:
    """The image's last task, when it has ended."""

    def look() -> Any:
        tasks = client.get("image", f"/images/{image['id']}/tasks").json()["tasks"]
        return tasks[-1] if tasks[-1]["status"] in ("success", "failure") else None

    found: dict[str, Any] = client.cloud.wait(look)
    return found


@pytest.mark.parametrize("page", ["/raw", "/gz", "/xz", "/to//raw"])
def test_data_comes_from_the_web(open_cloud: TestCloud, web: str, page: str) -> None:
    demo = open_cloud.client("demo")
    image = make(demo)
    answer = start(demo, image, "web-download", uri=web + page)
    assert answer.status_code == 202, answer.text
    task = ended(demo, image)
    assert task["status"] == "success", task["message"]
    assert task["request_id"] == answer.headers["x-openstack-request-id"]
    shown = show(demo, image)
    assert shown["status"] == "active" and shown["stores"] == "file"
    assert shown["size"] == len(DATA) and shown["os_hash_value"]
    assert demo.get("image", f"/images/{image['id']}/file").content == DATA


@pytest.mark.parametrize(
    "page", ["/none", "/cut.gz", "/qcow2", "/to/http://10.0.0.1/", "/to/http://localhost:1/"]
)
def test_a_failed_download_leaves_a_queued_image(
    open_cloud: TestCloud, web: str, page: str
) -> None:
    demo = open_cloud.client("demo")
    image = make(demo)
    assert start(demo, image, "web-download", uri=web + page).status_code == 202
    task = ended(demo, image)
    assert task["status"] == "failure" and task["message"]
    shown = show(demo, image)
    assert shown["status"] == "queued" and shown["os_glance_failed_import"] == "file"
    open_cloud.settle()
    assert not list((open_cloud.settings.state_dir / "images" / "staging").iterdir())
    assert start(demo, image, "web-download", uri=f"{web}/raw").status_code == 202
    assert ended(demo, image)["status"] == "success"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://10.1.2.3/",
        "http://user:secret@example.org/",
        "http://example.org:22/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://",
        "http://[bad/",
        "http://example.org:99999/",
    ],
)
def test_uris_of_the_inside_are_refused(demo: Client, uri: str) -> None:
    answer = start(demo, make(demo), "web-download", uri=uri)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("host", ["localhost", "0x7f.1", "2130706433", "127.1"])
def test_names_of_the_inside_are_refused_when_resolved(demo: Client, host: str) -> None:
    image = make(demo)
    assert start(demo, image, "web-download", uri=f"http://{host}/").status_code == 202
    task = ended(demo, image)
    assert task["status"] == "failure" and "not allowed" in task["message"]


def test_staged_data_goes_to_all_stores(demo: Client, admin: Client) -> None:
    image = make(demo)
    path = f"/images/{image['id']}"
    assert demo.put("image", f"{path}/stage", content=DATA, headers=BYTES).status_code == 204
    assert start(demo, image, "glance-direct", all_stores=True).status_code == 202
    assert ended(demo, image)["status"] == "success"
    assert show(demo, image)["stores"] == "file,second"
    assert demo.delete("image", f"/stores/file/{image['id']}").status_code == 403
    assert admin.delete("image", f"/stores/none/{image['id']}").status_code == 409
    assert admin.delete("image", f"/stores/file/{image['id']}").status_code == 204
    assert admin.delete("image", f"/stores/file/{image['id']}").status_code == 404
    assert admin.delete("image", f"/stores/second/{image['id']}").status_code == 403
    assert demo.get("image", f"{path}/file").content == DATA
    demo.cloud.settle()
    assert demo.get("image", f"{path}/file").content == DATA


def test_an_upload_may_choose_its_store(demo: Client, cloud: TestCloud) -> None:
    image = make(demo)
    path = f"/images/{image['id']}"
    bad = {**BYTES, "x-image-meta-store": "none"}
    assert demo.put("image", f"{path}/file", content=DATA, headers=bad).status_code == 400
    good = {**BYTES, "x-image-meta-store": "second"}
    assert demo.put("image", f"{path}/file", content=DATA, headers=good).status_code == 204
    cloud.settle()
    assert show(demo, image)["stores"] == "second"
    assert demo.get("image", f"{path}/file").content == DATA
    assert demo.delete("image", path).status_code == 204
    assert not list((cloud.settings.state_dir / "images-second").iterdir())


def test_an_image_is_copied_to_another_store(demo: Client, admin: Client) -> None:
    image = make(demo, DATA)
    assert start(demo, image, "copy-image", stores=["second"]).status_code == 403
    assert start(admin, image, "copy-image", stores=["file"]).status_code == 400
    assert start(admin, image, "copy-image", stores=["none"]).status_code == 400
    assert start(admin, image, "copy-image", all_stores=True).status_code == 202
    assert ended(admin, image)["status"] == "success"
    shown = show(demo, image)
    assert shown["stores"] == "file,second" and shown["status"] == "active"
    assert shown["os_glance_importing_to_stores"] == ""


def test_an_import_that_died_leaves_nothing(demo: Client, cloud: TestCloud) -> None:
    """What a kill -9 leaves: an importing image, an open task, half a file in each store."""
    image = make(demo)
    images = cloud.settings.state_dir / "images"

    def die(ctx: Context) -> None:
        row = ctx.session.get_one(Image, image["id"])
        row.status, row.upload_token = "importing", "t1"
        ctx.session.add(
            Task(
                id="t1",
                type="api_image_import",
                status="processing",
                owner=row.owner,
                image_id=row.id,
                input={"image_id": row.id, "import_req": {}, "backend": ["file"]},
            )
        )

    ctx = Context(cloud.env, cloud.env.service("image"), write=True)
    transact(ctx.transaction, lambda: die(ctx), write=True)
    second = cloud.settings.state_dir / "images-second"
    second.mkdir(exist_ok=True)
    leftovers = [
        images / "staging" / f"{image['id']}.t1",
        second / f"{image['id']}.t1",
        second / image["id"],
    ]
    for path in leftovers:
        path.write_bytes(b"half")
    assert "t1" not in uploads.live(cloud.env)
    cloud.wait(lambda: not any(path.exists() for path in leftovers))
    assert show(demo, image)["status"] == "queued"
    assert ended(demo, image)["status"] == "failure"
    assert demo.delete("image", f"/images/{image['id']}").status_code == 204


def test_tasks_are_for_administrators(demo: Client, admin: Client) -> None:
    image = make(demo, None)
    demo.put("image", f"/images/{image['id']}/stage", content=DATA, headers=BYTES)
    assert start(demo, image, "glance-direct").status_code == 202
    assert demo.get("image", "/tasks").status_code == 403
    listed = admin.get("image", "/tasks?status=success&limit=5").json()["tasks"]
    assert [one["type"] for one in listed] == ["api_image_import"]
    shown = admin.get("image", f"/tasks/{listed[0]['id']}").json()
    assert shown["input"]["import_req"]["method"]["name"] == "glance-direct"
    assert admin.get("image", "/tasks/none").status_code == 404
    assert admin.get("image", "/tasks?sort_key=x").status_code == 400
    legacy = {"type": "import", "input": {"import_from": "http://127.0.0.1/"}}
    assert demo.post("image", "/tasks", json=legacy).status_code == 403
    assert admin.post("image", "/tasks", json=legacy).status_code == 400


def test_stores_are_told(demo: Client, admin: Client) -> None:
    stores = demo.get("image", "/info/stores").json()["stores"]
    assert stores == [{"id": "file", "default": "true"}, {"id": "second"}, WEB]
    assert demo.get("image", "/info/stores/detail").status_code == 403
    service = persona(demo.cloud, "service")
    assert service.get("image", "/info/stores/detail").status_code == 200
    detail = admin.get("image", "/info/stores/detail").json()["stores"]
    assert [one["type"] for one in detail] == ["file", "file", "http"]
    assert demo.get("image", "/info/usage").json() == {"usage": {}}


# -- from a region of the cloud ------------------------------------------------------------------


def region_import(client: Client, image: dict[str, Any], source: str, region: str) -> Any:
    method = {"name": "glance-download", "glance_image_id": source, "glance_region": region}
    return client.post("image", f"/images/{image['id']}/import", json={"method": method})


def test_an_image_comes_from_a_region(demo: Client) -> None:
    source = make(demo, DATA, hw_cpu_cores="5", os_distro="rhel", speed="fast")
    image = make(demo, disk_format="iso", container_format="ovf", hw_cpu_cores="1")
    assert region_import(demo, image, source["id"], "RegionOne").status_code == 202
    assert ended(demo, image)["status"] == "success"
    shown = show(demo, image)
    assert (shown["disk_format"], shown["container_format"]) == ("raw", "bare")
    assert shown["hw_cpu_cores"] == "5" and shown["os_distro"] == "rhel" and "speed" not in shown
    assert shown["os_hash_value"] == source["os_hash_value"]


def test_an_image_of_nowhere_or_of_others_does_not_come(demo: Client, admin: Client) -> None:
    private = make(admin, DATA, visibility="private")
    nothing = "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c"
    for source, region in (
        (private["id"], "RegionOne"),
        (nothing, "RegionOne"),
        (private["id"], "RegionTwo"),
    ):
        image = make(demo, hw_cpu_cores="1")
        assert region_import(demo, image, source, region).status_code == 202
        assert ended(demo, image)["status"] == "failure"
        shown = show(demo, image)
        assert shown["status"] == "queued" and shown["hw_cpu_cores"] == "1"
    answer = region_import(demo, make(demo), "foo", "RegionOne")
    assert answer.status_code == 400 and "image id does not look like a UUID" in answer.text


@pytest.mark.parametrize("stores", [[], ["second"]])
@pytest.mark.parametrize(
    "data", [b"no disk of that kind", b"", hostile.qcow2(backing=b"/etc/shadow")]
)
def test_what_is_staged_is_judged_by_the_import(
    demo: Client, admin: Client, data: bytes, stores: list[str]
) -> None:
    image = make(demo, disk_format="qcow2")
    path = f"/images/{image['id']}"
    answer = demo.put("image", f"{path}/stage", content=data, headers=BYTES)
    assert answer.status_code == 204, answer.text
    assert show(demo, image)["status"] == "uploading"
    assert start(demo, image, "glance-direct", stores=stores or ["file"]).status_code == 202
    task = ended(demo, image)
    assert task["status"] == "failure" and task["message"], task
    left = show(demo, image)
    assert (left["status"], left["size"], left["checksum"]) == ("queued", None, None)
    assert left["os_glance_failed_import"] == (stores or ["file"])[0]
    assert demo.get("image", f"{path}/file").status_code == 204
    good = hostile.GOOD[0]
    assert demo.put("image", f"{path}/stage", content=good.data, headers=BYTES).status_code == 204
