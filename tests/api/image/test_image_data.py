"""HTTP stories of image data: upload, download, import, hostile data, uploads that die."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.image.managers import uploads
from stratolith.image.store.inspection import Inspection
from stratolith.image.store.receiving import Receiver, Stream, receive
from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.context import Context
from tests.api.image.test_images import BYTES, JSON, make, patch, replace
from tests.testcloud import Client, TestCloud
from tests.unit.image import hostile

MIB = 1 << 20


def put(
    client: Client, image: dict[str, Any], data: Any, verb: str = "file", **headers: str
) -> Any:
    path = f"/images/{image['id']}/{verb}"
    return client.put("image", path, content=data, headers={**BYTES, **JSON, **headers})


def show(client: Client, image: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get("image", f"/images/{image['id']}").json()
    return found


def store_files(cloud: TestCloud) -> list[str]:
    """Everything in the store that belongs to no premade image."""
    found = [path for path in (cloud.folder / "images").rglob("*") if path.is_file()]
    return sorted(path.name for path in found if path.stat().st_size != 65536)


def test_upload_measures_and_hashes(demo: Client, cloud: TestCloud) -> None:
    data = bytes(range(256)) * (5 * MIB // 256) + b"tail"
    image = make(demo, data)
    assert image["status"] == "active"
    assert image["size"] == image["virtual_size"] == len(data)
    assert image["checksum"] == hashlib.md5(data).hexdigest()
    assert image["os_hash_algo"] == "sha512"
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()
    assert (cloud.folder / "images" / image["id"]).read_bytes() == data


def test_an_upload_in_chunks_without_length(demo: Client) -> None:
    image = make(demo)

    def chunks() -> Iterator[bytes]:
        for index in range(7):
            yield bytes([index]) * 700_000

    assert put(demo, image, chunks()).status_code == 204
    assert show(demo, image)["size"] == 7 * 700_000


def test_download_whole_and_in_parts(demo: Client) -> None:
    data = bytes(range(250)) * 13_000
    image = make(demo, data)
    path = f"/images/{image['id']}/file"
    whole = demo.get("image", path)
    assert whole.content == data
    assert whole.headers["content-md5"] == image["checksum"]
    assert whole.headers["content-length"] == str(len(data))
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.headers["x-openstack-request-id"].startswith("req-")
    head = demo.head("image", path)  # as upstream: below the version nothing has one
    assert (head.status_code, head.headers["allow"]) == (405, "GET, PUT")
    for asked, start, stop in (
        ("bytes=0-9", 0, 10),
        ("bytes=1000000-2500000", 1000000, 2500001),
        ("bytes=3249990-", 3249990, 3250000),
        ("bytes=-3", 3249997, 3250000),
        ("bytes=3249999-9999999", 3249999, 3250000),
    ):
        part = demo.get("image", path, headers={"Range": asked})
        assert part.status_code == 206, part.text
        assert part.content == data[start:stop]
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(data)}"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("", 416),
        ("bytes=4-", 416),
        ("bytes=9-12", 416),
        ("bytes=2-1", 416),
        ("bytes=-", 416),
        ("bytes=-0", 416),
        ("lines=1-2", 416),
        ("bytes=0-1,3-3", 400),
    ],
)
def test_ranges_that_cannot_be_served(demo: Client, asked: str, status: int) -> None:
    image = make(demo, b"data")
    answer = demo.get("image", f"/images/{image['id']}/file", headers={"Range": asked})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes 0-1/4", b"da"),
        ("bytes 1-3/*", b"ata"),
        ("bytes 2-/4", 416),
        ("bytes 2-9/4", 416),
        ("bytes 9-9/*", 416),
        ("bytes 2-1/4", 416),
        ("bytes 0-1/5", 416),
        ("bytes */4", 416),
        ("bytes=0-1", 416),
    ],
)
def test_old_clients_ask_for_a_part_by_content_range(demo: Client, asked: str, found: Any) -> None:
    path = f"/images/{make(demo, b'data')['id']}/file"
    answer = demo.get("image", path, headers={"Content-Range": asked})
    if found == 416:
        assert answer.status_code == 416
        assert "Content-Range" in answer.text
        return
    assert (answer.status_code, answer.content) == (206, found)
    assert answer.headers["content-range"].startswith(asked.split("/")[0])
    both = {"Content-Range": asked, "Range": "bytes=3-3"}
    assert demo.get("image", path, headers=both).content == b"a"


def test_an_image_without_data_downloads_nothing(demo: Client) -> None:
    assert demo.get("image", f"/images/{make(demo)['id']}/file").status_code == 204


def test_a_deactivated_image_is_not_given_out(admin: Client, demo: Client) -> None:
    image = make(demo, b"data")
    path = f"/images/{image['id']}"
    assert demo.post("image", f"{path}/actions/deactivate").status_code == 204
    assert show(demo, image)["status"] == "deactivated"
    assert demo.get("image", f"{path}/file").status_code == 403
    assert admin.get("image", f"{path}/file").content == b"data"
    assert demo.post("image", f"{path}/actions/reactivate").status_code == 204
    assert demo.get("image", f"{path}/file").content == b"data"
    queued = make(demo)
    answer = demo.post("image", f"/images/{queued['id']}/actions/deactivate")
    assert answer.status_code == 403


def test_uploads_that_are_refused_at_once(demo: Client) -> None:
    bare = demo.post("image", "/images", json={"name": "no formats"}).json()
    assert put(demo, bare, b"data").status_code == 400
    image = make(demo)
    answer = put(demo, image, b"data", **{"Content-Type": "text/plain"})
    assert answer.status_code == 415
    answer = put(demo, image, b"data", **{"X-Image-Meta-Store": "tape"})
    assert answer.status_code == 400
    assert put(demo, image, b"data").status_code == 204
    assert put(demo, image, b"more").status_code == 409
    assert demo.get("image", f"/images/{image['id']}/file").content == b"data"


def test_size_limit_and_low_space(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "small", image={"max_size_gb": 1, "min_free_mb": 0})
    try:
        demo = cloud.client("demo")
        image = make(demo)
        answer = put(demo, image, b"x", **{"Content-Length": str(2 << 30)})
        assert answer.status_code == 413
        assert show(demo, image)["status"] == "queued"
    finally:
        cloud.close()
    cloud = TestCloud(tmp_path / "full", image={"min_free_mb": 1 << 30})
    try:
        demo = cloud.client("demo")
        image = make(demo)
        answer = put(demo, image, b"data")
        assert answer.status_code == 413
        assert "storage media is full" in answer.json()["message"]
        assert show(demo, image)["status"] == "queued"
        assert store_files(cloud) == []
    finally:
        cloud.close()


def test_staged_data_waits_for_import(demo: Client, cloud: TestCloud) -> None:
    image = make(demo)
    path = f"/images/{image['id']}"
    direct = {"method": {"name": "glance-direct"}}
    assert demo.post("image", f"{path}/import", json=direct).status_code == 409
    assert put(demo, image, b"staged", "stage").status_code == 204
    assert show(demo, image)["status"] == "uploading"
    cloud.settle()
    assert show(demo, image)["status"] == "uploading"
    web = {"method": {"name": "web-download", "uri": "http://example.org/"}}
    assert demo.post("image", f"{path}/import", json=web).status_code == 409
    bad = {"method": {"name": "unknown"}}
    assert demo.post("image", f"{path}/import", json=bad).status_code == 400
    assert demo.post("image", f"{path}/import", json=direct).status_code == 202
    assert show(demo, image)["status"] == "active"
    assert demo.get("image", f"{path}/file").content == b"staged"


def test_deleting_a_staged_image_leaves_nothing(demo: Client, cloud: TestCloud) -> None:
    image = make(demo)
    assert put(demo, image, b"staged", "stage").status_code == 204
    assert demo.delete("image", f"/images/{image['id']}").status_code == 204
    assert store_files(cloud) == []


GOOD = [
    ("qcow2", hostile.qcow2(), 4 * MIB),
    ("vmdk", hostile.vmdk(), 4 * MIB),
    ("iso", hostile.iso(), 32 * 2048),
    ("raw", hostile.iso(), 64 << 10),
    ("ami", b"kernel", None),
]


@pytest.mark.parametrize(("disk_format", "data", "virtual_size"), GOOD)
def test_honest_data_is_accepted(
    demo: Client, disk_format: str, data: bytes, virtual_size: int | None
) -> None:
    container = "ami" if disk_format == "ami" else "bare"
    image = make(demo, data, disk_format=disk_format, container_format=container)
    assert image["status"] == "active"
    assert image["virtual_size"] == virtual_size


# tests/unit/image has all of them; here a few of each kind go through the API
SAMPLE = hostile.DANGEROUS[::5] + hostile.LIES[::3]


@pytest.mark.parametrize(
    ("disk_format", "data"),
    [case[1:] for case in SAMPLE],
    ids=[case.name for case in SAMPLE],
)
def test_hostile_data_never_becomes_an_image(
    demo: Client, cloud: TestCloud, disk_format: str, data: bytes
) -> None:
    image = make(demo, disk_format=disk_format)
    path = f"/images/{image['id']}"
    for verb in ("file", "stage"):
        answer = put(demo, image, data, verb)
        assert answer.status_code == (415 if verb == "file" else 204), answer.text
        if verb == "stage":  # the import refuses it
            body = {"method": {"name": "glance-direct"}}
            assert demo.post("image", f"{path}/import", json=body).status_code == 202
            (task,) = demo.get("image", f"{path}/tasks").json()["tasks"]
            assert task["status"] == "failure" and task["message"]
        assert show(demo, image)["status"] == "queued"
        assert show(demo, image)["size"] is None
    assert store_files(cloud) == []
    assert demo.get("image", f"/images/{image['id']}/file").status_code == 204


def test_lenient_clouds_accept_lies_but_no_danger(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "lenient", image={"enforce_format": False})
    try:
        demo = cloud.client("demo")
        for name, disk_format, data in hostile.LIES:
            image = make(demo, disk_format=disk_format)
            assert put(demo, image, data).status_code == 204, name
            assert show(demo, image)["status"] == "active"
        for name, disk_format, data in hostile.DANGEROUS:
            image = make(demo, disk_format=disk_format)
            assert put(demo, image, data).status_code == 415, name
    finally:
        cloud.close()


def test_a_wrong_format_can_be_corrected_afterwards(demo: Client) -> None:
    image = make(demo, disk_format="qcow2")
    assert put(demo, image, b"plain").status_code == 415
    assert patch(demo, image, replace("disk_format", "raw")).status_code == 200
    assert put(demo, image, b"plain").status_code == 204


def stream_to(
    cloud: TestCloud, client: Client, image: dict[str, Any], messages: AsyncIterator[Any]
) -> int:
    """PUT message by message, as a server would hand them over; the status, 0 for no answer."""
    statuses = [0]

    async def receive() -> Any:
        return await anext(messages)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"/image/v2/images/{image['id']}/file",
        "query_string": b"",
        "headers": [
            (b"x-auth-token", client.token.encode()),
            (b"content-type", b"application/octet-stream"),
            (b"transfer-encoding", b"chunked"),
        ],
        "server": ("cloud.test", 80),
        "scheme": "http",
    }
    asyncio.run(cloud.app(scope, receive, send))
    return statuses[-1]


def body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_broken_stream_leaves_no_trace(demo: Client, cloud: TestCloud) -> None:
    image = make(demo)

    async def messages() -> AsyncIterator[Any]:
        yield body(b"x" * (3 * MIB))
        assert (await asyncio.to_thread(show, demo, image))["status"] == "saving"
        yield {"type": "http.disconnect"}

    assert stream_to(cloud, demo, image, messages()) == 0
    assert show(demo, image)["status"] == "queued"
    assert store_files(cloud) == []


def test_what_a_killed_server_left_is_swept_up(demo: Client, cloud: TestCloud) -> None:
    """As kill -9 in the middle leaves it: the row says saving, the file is there, nobody writes."""
    image, other = make(demo), make(demo, b"kept")
    ctx = Context.of_the_cloud(cloud.env, cloud.env.service("image"), write=True)
    try:
        _, token = uploads.begin(ctx, image["id"], staging=False)
        ctx.commit()
    finally:
        ctx.close()
    store = cloud.folder / "images"
    (store / "staging" / f"{image['id']}.{token}").write_bytes(b"half")
    (store / "99999999-0000-0000-0000-000000000000").write_bytes(b"renamed, never committed")
    cloud.settle()
    assert show(demo, image)["status"] == "saving", "this process still receives it"
    uploads.live(cloud.env).clear()  # a new process knows of no upload
    cloud.settle()
    assert show(demo, image)["status"] == "queued"
    assert store_files(cloud) == [other["id"]]
    assert put(demo, image, b"again").status_code == 204


def test_an_image_deleted_during_its_upload_is_gone(demo: Client, cloud: TestCloud) -> None:
    image = make(demo)

    async def messages() -> AsyncIterator[Any]:
        yield body(b"x" * (3 * MIB))
        answer = await asyncio.to_thread(demo.delete, "image", f"/images/{image['id']}")
        assert answer.status_code == 204
        yield body(b"y", more=False)

    assert stream_to(cloud, demo, image, messages()) == 410
    assert store_files(cloud) == []


def test_agents_get_the_bytes_with_format_and_hash(cloud: TestCloud, demo: Client) -> None:
    image, waiting = make(demo, b"data"), make(demo)
    agent = cloud.anonymous()
    place = f"/agent/v1/images/{image['id']}"
    assert agent.get("raw", place).status_code == 404  # no guest of the host is made from it
    boot(cloud, demo, image)
    answer = agent.get("raw", place)
    assert answer.content == b"data"
    assert answer.headers["x-image-disk-format"] == "raw"
    assert answer.headers["x-image-checksum"] == image["checksum"]
    assert answer.headers["x-image-hash-value"] == image["os_hash_value"]
    assert agent.get("raw", f"/agent/v1/images/{waiting['id']}").status_code == 404
    cloud.agent = AgentCaller("another-host")
    assert agent.get("raw", place).status_code == 404
    cloud.agent = AgentCaller()  # a machine without a certificate
    assert agent.get("raw", place).status_code == 401


def boot(cloud: TestCloud, demo: Client, image: dict[str, Any]) -> None:
    """A server from the image, on the cloud's host."""
    cloud.start_hosts()
    admin = cloud.client("admin")
    cloud.wait(lambda: admin.get("compute", "/os-hypervisors").json()["hypervisors"])
    server = {"name": "s", "imageRef": image["id"], "flavorRef": "1", "networks": "none"}
    made = demo.post("compute", "/servers", json={"server": server}, microversion="2.37")
    assert made.status_code == 202, made.text


def test_memory_does_not_grow_with_the_image(cloud: TestCloud) -> None:
    """64 MiB through the receiver must not hold more than a few blocks at a time."""
    target = cloud.folder / "images" / "staging" / "big"
    block = bytes(1 << 16)

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(1024):
            yield bytes(block)
            await asyncio.sleep(0)

    async def run() -> int:
        inspection = Inspection("raw", "bare", enforce=True)
        receiver = Receiver(cloud.settings, target, inspection)
        tracemalloc.start()
        try:
            received = await receive(Stream(stream()), receiver)
            assert received.size == 64 * MIB
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert asyncio.run(run()) < 12 * MIB


@pytest.mark.parametrize("where", ["file", "stage"])
@pytest.mark.parametrize("content_type", [None, "", "application/json", "text/plain"])
def test_data_says_that_it_is_data(demo: Client, where: str, content_type: str | None) -> None:
    image = make(demo)
    headers = {} if content_type is None else {"Content-Type": content_type}
    for image_id in (image["id"], "11111111-2222-3333-4444-555555555555"):
        path = f"/images/{image_id}/{where}"
        assert demo.put("image", path, content=b"x", headers=headers).status_code == 415
    assert show(demo, image)["status"] == "queued"


@pytest.mark.parametrize("path", ["/images", "/schemas/image", "/metadefs/namespaces"])
def test_only_versions_answer_head(cloud: TestCloud, demo: Client, path: str) -> None:
    assert demo.head("image", path).status_code == 405
    assert "HEAD" not in demo.request("OPTIONS", "image", path).headers["allow"]
    assert cloud.http.head("/image/versions").status_code == 200
    assert "HEAD" in cloud.http.options("/image/versions").headers["allow"]
