"""HTTP stories of images whose data stays on the web, and of the cache for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.image.managers import generations
from stratolith.image.models import Image
from stratolith.image.store import cache
from tests.api.image.pages import Site, site
from tests.api.image.test_images import make, patch, replace
from tests.api.image.test_imports import ended, show
from tests.testcloud import Client, TestCloud

DATA = bytes(range(256)) * 4096
SHA512 = hashlib.sha512(DATA).hexdigest()
HASHES = {"os_hash_algo": "sha512", "os_hash_value": SHA512}


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    with site({"disk": DATA, "other": DATA[:-1]}) as found:
        yield found


def cloud_for(folder: Path, web: Site, **image: Any) -> TestCloud:
    allowed = {"import_ports": [web.server_port], "import_private_networks": ["127.0.0.1/32"]}
    return TestCloud(folder / "web", image={**allowed, **image})


@pytest.fixture
def open_cloud(tmp_path: Path, web: Site) -> Iterator[TestCloud]:
    web.asked.clear()
    web.pages["disk"] = DATA
    cloud = cloud_for(tmp_path, web, show_multiple_locations=True, show_image_direct_url=True)
    yield cloud
    cloud.close()


@pytest.fixture
def owner(open_cloud: TestCloud) -> Client:
    return open_cloud.client("demo")


def add(url: str, **more: Any) -> dict[str, Any]:
    return {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}, **more}}


def told(client: Client, image: dict[str, Any], url: str, **claimed: str) -> Any:
    body: dict[str, Any] = {"url": url}
    if claimed:
        body["validation_data"] = claimed
    return client.post("image", f"/images/{image['id']}/locations", json=body)


def data(client: Client, image: dict[str, Any], ranged: str = "") -> Any:
    headers = {"Range": ranged} if ranged else {}
    return client.get("image", f"/images/{image['id']}/file", headers=headers)


def copied(cloud: TestCloud, image: dict[str, Any]) -> cache.Copied:
    with cloud.env.db.read() as session:
        return generations.copied(session.get_one(Image, image["id"]))


def cached(client: Client) -> dict[str, Any]:
    answer = client.get("image", "/cache")
    assert answer.status_code == 200, answer.text
    return {one["image_id"]: one for one in answer.json()["cached_images"]}


def on_web(client: Client, web: Site, page: str = "/disk") -> dict[str, Any]:
    image = make(client)
    assert image["locations"] == []
    answer = patch(client, image, add(web.url + page))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# -- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/disk", "/whole/disk", "/to//disk"])
def test_data_streams_through_whole_and_in_part(owner: Client, web: Site, page: str) -> None:
    image = on_web(owner, web, page)
    assert image["status"] == "active" and image["stores"] == "web"
    assert image["size"] == len(DATA) and image["os_hash_algo"] is None
    answer = data(owner, image, "bytes=1000-300999")
    assert answer.status_code == 206 and answer.content == DATA[1000:301000]
    assert answer.headers["content-range"] == f"bytes 1000-300999/{len(DATA)}"
    assert data(owner, image, "bytes=-7").content == DATA[-7:]
    answer = data(owner, image)
    assert answer.status_code == 200 and answer.content == DATA
    assert answer.headers["content-length"] == str(len(DATA))


def test_data_that_changed_on_the_web_is_not_given_out(owner: Client, web: Site) -> None:
    image = on_web(owner, web)
    web.pages["disk"] = DATA[:-1]
    answer = data(owner, image)
    assert answer.status_code == 503 and "bytes now" in answer.text
    del web.pages["disk"]
    assert data(owner, image).status_code == 503


def test_a_whole_read_leaves_a_copy_in_the_cache(
    open_cloud: TestCloud, owner: Client, web: Site
) -> None:
    image, admin = on_web(owner, web), open_cloud.client("admin")
    assert data(owner, image, "bytes=0-5").status_code == 206
    assert image["id"] not in cached(admin)
    assert data(owner, image).content == DATA
    assert cached(admin)[image["id"]]["size"] == len(DATA)
    web.asked.clear()
    assert data(owner, image).content == DATA
    assert data(owner, image, "bytes=3-4").content == DATA[3:5]
    assert not web.asked and cached(admin)[image["id"]]["hits"] == 2
    assert owner.delete("image", f"/images/{image['id']}").status_code == 204
    assert image["id"] not in cached(admin)


def test_hosts_read_it_too(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image = on_web(owner, web)
    open_cloud.start_hosts()
    open_cloud.wait(
        lambda: open_cloud.client("admin").get("compute", "/os-hypervisors").json()["hypervisors"]
    )
    server = {"name": "s", "imageRef": image["id"], "flavorRef": "1", "networks": "none"}
    made = owner.post("compute", "/servers", json={"server": server}, microversion="2.37")
    assert made.status_code == 202, made.text
    answer = open_cloud.anonymous().get("raw", f"/agent/v1/images/{image['id']}")
    assert answer.content == DATA


# -- patches of locations ------------------------------------------------------------------------


def test_locations_keep_their_order_and_notes(owner: Client, web: Site) -> None:
    image = on_web(owner, web)
    first = {"op": "add", "path": "/locations/0"}
    new = {**first, "value": {"url": f"{web.url}/disk#new", "metadata": {"speed": "fast"}}}
    places = patch(owner, image, new).json()["locations"]
    assert [one["url"] for one in places] == [f"{web.url}/disk#new", f"{web.url}/disk"]
    assert places[0]["metadata"] == {"speed": "fast", "store": "web"}
    assert patch(owner, image, new).status_code == 400  # there already
    places[1]["metadata"]["date"] = "today"
    changed = patch(owner, image, {"op": "replace", "path": "/locations", "value": places})
    assert changed.json()["locations"] == places == show(owner, image)["locations"]
    assert changed.json()["direct_url"] == places[0]["url"]
    for wrong in (places[:1], [places[0], {"url": f"{web.url}/disk#3", "metadata": {}}]):
        operation = {"op": "replace", "path": "/locations", "value": wrong}
        assert patch(owner, image, operation).status_code == 400
    empty = {"op": "replace", "path": "/locations", "value": []}
    assert patch(owner, image, empty).status_code == 403
    assert show(owner, image)["locations"] == places


def test_administrators_remove_locations_but_not_the_last(
    open_cloud: TestCloud, owner: Client, web: Site
) -> None:
    image, admin = on_web(owner, web), open_cloud.client("admin")
    patch(owner, image, add(f"{web.url}/disk#new"))
    gone = {"op": "remove", "path": "/locations/0"}
    assert patch(owner, image, gone).status_code == 403
    assert patch(admin, image, {**gone, "path": "/locations/7"}).status_code == 400
    assert len(patch(admin, image, gone).json()["locations"]) == 1
    assert patch(admin, image, gone).status_code == 403


def test_a_file_is_a_location_as_well(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image = make(owner, DATA)
    place = image["locations"][0]
    assert place["url"].startswith("file:///") and place["metadata"] == {"store": "file"}
    found = patch(owner, image, add(f"{web.url}/disk")).json()
    assert found["stores"] == "file,web"
    gone = {"op": "remove", "path": "/locations/0"}
    found = patch(open_cloud.client("admin"), image, gone).json()
    assert found["stores"] == "web" and not (open_cloud.folder / "images" / image["id"]).exists()
    assert data(owner, image).content == DATA


@pytest.mark.parametrize(
    "url",
    [
        "gopher://example.org/",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "{web}/missing",
        "{web}/silent/disk",
    ],
)
def test_bad_locations_are_refused(owner: Client, web: Site, url: str) -> None:
    image = make(owner)
    answer = patch(owner, image, add(url.format(web=web.url)))
    assert answer.status_code == 400, answer.text
    assert show(owner, image)["status"] == "queued"


@pytest.mark.parametrize(
    ("claimed", "status"),
    [
        ({"checksum": "1" * 32, **HASHES}, 200),
        ({"checksum": "x" * 32, **HASHES}, 409),
        ({**HASHES, "os_hash_algo": "sha256"}, 409),
        ({**HASHES, "os_hash_value": "beef"}, 409),
        ({"os_hash_value": SHA512}, 400),
        ({**HASHES, "colour": "blue"}, 400),
    ],
)
def test_hashes_may_be_told(owner: Client, web: Site, claimed: dict[str, str], status: int) -> None:
    image = make(owner)
    answer = patch(owner, image, add(f"{web.url}/disk", validation_data=claimed))
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["checksum"] == "1" * 32 and answer.json()["os_hash_value"] == SHA512
        other = {**claimed, "checksum": "2" * 32}
        again = patch(owner, image, add(f"{web.url}/disk#2", validation_data=other))
        assert again.status_code == 409
        again = patch(owner, image, add(f"{web.url}/disk#2", validation_data=claimed))
        assert len(again.json()["locations"]) == 2


def test_locations_are_hidden_unless_the_cloud_shows_them(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    image = make(demo, DATA)
    assert "locations" not in image and "direct_url" not in image
    for operation in (
        add("http://example.org/"),
        {"op": "remove", "path": "/locations/0"},
        {"op": "replace", "path": "/locations", "value": []},
    ):
        assert patch(demo, image, operation).status_code == 403
    assert demo.post("image", "/images", json={"locations": []}).status_code == 403


def test_strangers_see_no_locations(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image, admin = on_web(owner, web), open_cloud.client("admin")
    assert patch(admin, image, {"op": "replace", "path": "/visibility", "value": "public"}).json()
    other = open_cloud.client("admin", "demo")
    assert other.get("image", f"/images/{image['id']}").json()["locations"]
    listed = owner.get("image", "/images?visibility=public").json()["images"]
    premade = [one for one in listed if one["id"] != image["id"]]
    assert premade and all(one["locations"] == [] for one in premade)
    assert all("direct_url" not in one for one in premade)


# -- the API of 2.17 -----------------------------------------------------------------------------


def test_a_location_is_added_and_hashed(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image = make(owner)
    answer = told(owner, image, f"{web.url}/disk")
    assert answer.status_code == 202, answer.text
    task = ended(owner, image)
    assert (task["type"], task["status"]) == ("location_import", "success"), task["message"]
    assert task["input"]["loc_url"] == f"{web.url}/disk"
    found = show(owner, image)
    assert found["status"] == "active" and found["stores"] == "web"
    assert found["os_hash_value"] == SHA512 and found["checksum"]
    places = open_cloud.client("admin").get("image", f"/images/{image['id']}/locations").json()
    assert places == [{"url": f"{web.url}/disk", "metadata": {"store": "web"}}]
    assert owner.get("image", f"/images/{image['id']}/locations").status_code == 403
    assert told(owner, image, f"{web.url}/disk").status_code == 409


def test_wrong_hashes_leave_the_image_queued(owner: Client, web: Site) -> None:
    image = make(owner)
    assert told(owner, image, f"{web.url}/other", **HASHES).status_code == 202
    assert ended(owner, image)["status"] == "failure"
    found = show(owner, image)
    assert found["status"] == "queued" and found["stores"] == "web"
    assert found["os_hash_value"] is None and found["os_hash_algo"] is None
    assert told(owner, image, f"{web.url}/disk", **HASHES).status_code == 202
    assert ended(owner, image)["status"] == "success"
    assert len(show(owner, image)["locations"]) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"url": "file:///etc/passwd"}, 403),
        ({"url": "http://192.168.0.1/"}, 400),
        ({"url": "{web}/disk", "validation_data": {"os_hash_value": SHA512}}, 400),
        ({"url": "{web}/disk", "validation_data": {**HASHES, "os_hash_algo": "sha123"}}, 400),
        ({"url": "{web}/disk", "validation_data": {**HASHES, "os_hash_value": "ab"}}, 400),
    ],
)
def test_bad_requests_for_a_location(
    owner: Client, web: Site, body: dict[str, Any], status: int
) -> None:
    image = make(owner)
    if "url" in body:
        body = {**body, "url": body["url"].format(web=web.url)}
    answer = owner.post("image", f"/images/{image['id']}/locations", json=body)
    assert answer.status_code == status, answer.text
    assert show(owner, image)["status"] == "queued"


def test_without_secure_hash_what_is_told_is_kept(tmp_path: Path, web: Site) -> None:
    cloud = cloud_for(tmp_path, web, do_secure_hash=False)
    try:
        demo = cloud.client("demo")
        plain, claimed = make(demo), make(demo)
        assert told(demo, plain, f"{web.url}/disk").status_code == 202
        assert told(demo, claimed, f"{web.url}/disk", **HASHES).status_code == 202
        assert ended(demo, plain)["status"] == ended(demo, claimed)["status"] == "success"
        assert show(demo, plain)["os_hash_value"] is None
        found = show(demo, claimed)
        assert found["os_hash_value"] == SHA512 and found["checksum"] is None
    finally:
        cloud.close()


def test_a_deleted_image_ends_the_hashing(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image = make(owner)
    assert told(owner, image, f"{web.url}/disk").status_code == 202
    assert owner.delete("image", f"/images/{image['id']}").status_code == 204
    admin = open_cloud.client("admin")

    def over() -> bool:
        tasks = admin.get("image", "/tasks").json()["tasks"]
        return all(one["status"] in ("success", "failure") for one in tasks)

    open_cloud.wait(over)
    assert owner.get("image", f"/images/{image['id']}").status_code == 404


# -- the cache -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["web", "file"])
def test_a_copy_is_made_when_asked_for(
    open_cloud: TestCloud, owner: Client, web: Site, where: str
) -> None:
    admin = open_cloud.client("admin")
    image = on_web(owner, web) if where == "web" else make(owner, DATA)
    assert owner.get("image", "/cache").status_code == 403
    assert owner.put("image", f"/cache/{image['id']}").status_code == 403
    assert admin.put("image", f"/cache/{image['id']}").status_code == 202
    open_cloud.wait(lambda: image["id"] in cached(admin))
    web.asked.clear()
    assert data(owner, image).content == DATA and not web.asked
    assert admin.delete("image", f"/cache/{image['id']}").status_code == 204
    assert cached(admin) == {}
    assert data(owner, image).content == DATA


def test_what_cannot_be_cached_and_clearing(open_cloud: TestCloud, owner: Client) -> None:
    admin = open_cloud.client("admin")
    assert admin.put("image", f"/cache/{make(owner)['id']}").status_code == 400
    assert admin.put("image", "/cache/nothing").status_code == 404
    assert admin.delete("image", "/cache/nothing").status_code == 404
    image = make(owner, DATA)
    admin.put("image", f"/cache/{image['id']}")
    open_cloud.wait(lambda: cached(admin))
    for target, left in (("invalid", 1), ("queue", 1), ("cache", 0), ("", 0)):
        answer = admin.delete("image", "/cache", headers={"x-image-cache-clear-target": target})
        assert answer.status_code == (400 if target == "invalid" else 204)
        assert len(cached(admin)) == left


def test_without_a_cache_its_versions_are_not_there(tmp_path: Path, web: Site) -> None:
    cloud = cloud_for(tmp_path, web, cache_max_gb=0, show_multiple_locations=True)
    try:
        demo, admin = cloud.client("demo"), cloud.client("admin")
        assert admin.get("image", "/cache").status_code == 404
        image = on_web(demo, web)
        assert data(demo, image).content == DATA == data(demo, image).content
        versions = demo.get("raw", "/image/versions").json()["versions"]
        assert [one["id"] for one in versions[:4]] == ["v2.17", "v2.15", "v2.13", "v2.12"]
    finally:
        cloud.close()


def test_the_least_used_copy_makes_room(open_cloud: TestCloud, owner: Client) -> None:
    settings = open_cloud.env.settings
    images = [make(owner, DATA) for _ in range(2)]
    for image in images:
        cache.adopt(settings, copied(open_cloud, image), open_cloud.folder / "images" / image["id"])
    assert data(owner, images[0]).content == DATA  # used later than the other
    filling = cache.begin(settings, copied(open_cloud, make(owner)), (10 << 30) - len(DATA))
    assert filling is not None
    filling.close_now(False)
    assert [one.image_id for one in cache.entries(settings)] == [images[0]["id"]]


def test_a_copy_that_was_cut_off_is_none(open_cloud: TestCloud, owner: Client) -> None:
    settings, image = open_cloud.env.settings, make(owner)
    of = copied(open_cloud, image)
    filling = cache.begin(settings, of, 10)
    assert filling is not None
    assert cache.begin(settings, of, 10) is None  # somebody makes it already
    filling.write_now(b"12345")
    filling.close_now(True)
    assert not cache.has(settings, of)


def test_a_copy_of_other_data_is_not_given_out(
    open_cloud: TestCloud, owner: Client, web: Site, tmp_path: Path
) -> None:
    """A hit is checked against the owner, the hashes and the places of the data."""
    admin, settings = open_cloud.client("admin"), open_cloud.env.settings
    image = make(owner, DATA)
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"somebody else's")
    for stale in (cache.Copied(image["id"], "0" * 16), copied(open_cloud, image)):
        cache.adopt(settings, stale, foreign)
    project = admin.get("identity", "/projects?name=admin").json()["projects"][0]["id"]
    assert patch(admin, image, replace("owner", project)).status_code == 200
    assert data(admin, image).content == DATA
    open_cloud.wait(lambda: image["id"] not in cached(admin))


def test_what_was_queued_is_copied_after_a_restart(
    open_cloud: TestCloud, owner: Client, web: Site
) -> None:
    image, settings = on_web(owner, web), open_cloud.env.settings
    gone = "0e0e0e0e-0000-4000-8000-000000000000"
    of = copied(open_cloud, image)
    cache.queue(settings, of)
    cache.queue(settings, cache.Copied(gone, of.generation))
    open_cloud.wait(lambda: cache.has(settings, of))
    assert gone not in cache.queued(settings)


def test_the_store_may_be_chosen(open_cloud: TestCloud, owner: Client, web: Site) -> None:
    image = make(owner, DATA)
    patch(owner, image, add(f"{web.url}/disk"))
    web.asked.clear()
    path = f"/images/{image['id']}/file"
    assert owner.get("image", f"{path}?prefer=second,file").content == DATA and not web.asked
    assert owner.get("image", f"{path}?prefer=web").content == DATA and web.asked
    assert owner.get("image", f"{path}?prefer=moon").status_code == 400
