"""Ways to more rights with images, by name; each of them must lead nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.image.exceptions import DownloadFailed, UriRefused
from stratolith.image.settings import ImageSettings
from stratolith.image.store import web as web_store
from tests.api.image.pages import Site, site
from tests.api.image.test_images import BYTES, PATCH, make, patch, replace
from tests.api.image.test_imports import ended, show, start
from tests.testcloud import Client, TestCloud

DATA = b"belongs to somebody else"
INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",  # one decimal number
    "http://0x7f000001/",
    "http://0177.0.0.1/",  # octal
    "http://0/",
    "http://localhost/",
    "http://localhost./",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fc00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "ftp://example.org/",
    "gopher://example.org/",
    "unix:///run/stratolith/agent.sock",
    "http:///etc/passwd",
    "http://user:secret@example.org/",
    "http://example.org:22/",
    "http://example.org\\@127.0.0.1/",
    "http://example.org/\r\nX-Injected: 1",
    "//127.0.0.1/",
]


@pytest.fixture
def victim(admin: Client) -> dict[str, Any]:
    return make(admin, DATA, name="private", visibility="private")


# -- images of others ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "", {}),
        ("PATCH", "", {"json": [replace("name", "mine")], "headers": PATCH}),
        ("DELETE", "", {}),
        ("GET", "/file", {}),
        ("PUT", "/file", {"content": b"x", "headers": BYTES}),
        ("PUT", "/stage", {"content": b"x", "headers": BYTES}),
        ("POST", "/import", {"json": {"method": {"name": "glance-direct"}}}),
        ("POST", "/actions/deactivate", {}),
        ("POST", "/actions/reactivate", {}),
        ("PUT", "/tags/mine", {}),
        ("DELETE", "/tags/mine", {}),
        ("GET", "/members", {}),
        ("POST", "/members", {"json": {"member": "mine"}}),
        ("GET", "/tasks", {}),
        ("GET", "/locations", {}),
        ("POST", "/locations", {"json": {"url": "http://example.org/"}}),
    ],
)
def test_an_image_of_another_project_is_not_there(
    demo: Client, victim: dict[str, Any], method: str, path: str, more: Any
) -> None:
    for image_id in (victim["id"], victim["id"].upper()):
        answer = demo.request(method, "image", f"/images/{image_id}{path}", **more)
        assert answer.status_code == 404, answer.text
        assert DATA not in answer.content


def test_no_list_tells_of_an_image_of_another_project(demo: Client, victim: Any) -> None:
    for query in (
        f"id={victim['id']}",
        f"id=in:{victim['id']}",
        f"owner={victim['owner']}",
        f"checksum={victim['checksum']}",
        f"os_hash_value={victim['os_hash_value']}",
        "name=private",
        "visibility=private",
        "visibility=all",
        "visibility=shared&member_status=all",
        "member_status=all",
        "sort=id:asc&limit=1000",
        "is_public=None",
    ):
        answer = demo.get("image", f"/images?{query}")
        assert answer.status_code == 400 or victim["id"] not in str(answer.json()["images"]), query
    assert demo.get("image", f"/images?marker={victim['id']}").status_code == 400


def test_a_public_image_of_another_project_stays_his(admin: Client, demo: Client) -> None:
    image = make(admin, DATA, visibility="public")
    path = f"/images/{image['id']}"
    assert patch(demo, image, replace("name", "mine")).status_code == 403
    assert patch(demo, image, replace("visibility", "private")).status_code == 403
    assert demo.delete("image", path).status_code == 403
    assert demo.post("image", f"{path}/actions/deactivate").status_code == 403
    assert demo.put("image", f"{path}/file", content=b"x", headers=BYTES).status_code == 403
    assert demo.delete("image", f"/stores/file/{image['id']}").status_code == 403
    assert demo.put("image", f"/cache/{image['id']}").status_code == 403
    assert start(demo, image, "copy-image", all_stores=True).status_code == 403
    assert demo.post("image", f"{path}/locations", json={"url": "http://a.org"}).status_code == 403


def test_a_record_cannot_be_given_to_or_taken_from_others(demo: Client, admin: Client) -> None:
    theirs = show(admin, make(admin))["owner"]
    assert demo.post("image", "/images", json={"owner": theirs}).status_code == 403
    image = make(demo)
    assert patch(demo, image, replace("owner", theirs)).status_code == 403
    assert demo.post("image", "/images", json={"visibility": "public"}).status_code == 403
    assert patch(demo, image, replace("visibility", "public")).status_code == 403


def test_a_reader_changes_nothing(cloud: TestCloud, admin: Client, demo: Client) -> None:
    image = make(demo, DATA)
    reader = _user(cloud, admin, "reader")
    assert show(reader, image)["id"] == image["id"]
    assert reader.post("image", "/images", json={}).status_code == 403
    assert patch(reader, image, replace("name", "x")).status_code == 403
    assert reader.delete("image", f"/images/{image['id']}").status_code == 403
    assert reader.get("image", f"/images/{image['id']}/file").status_code == 403
    assert reader.put("image", f"/images/{image['id']}/tags/x").status_code == 403


# -- members -------------------------------------------------------------------------------------


def test_a_member_makes_no_members_and_changes_nothing(
    cloud: TestCloud, admin: Client, demo: Client
) -> None:
    image = make(admin, DATA, visibility="shared")
    path = f"/images/{image['id']}/members"
    member = show(demo, make(demo))["owner"]
    assert admin.post("image", path, json={"member": member}).status_code == 200
    assert demo.put("image", f"{path}/{member}", json={"status": "accepted"}).status_code == 200
    assert demo.post("image", path, json={"member": "third"}).status_code == 403
    assert demo.delete("image", f"{path}/{member}").status_code == 403
    assert patch(demo, image, replace("name", "mine")).status_code == 403
    assert patch(demo, image, replace("visibility", "community")).status_code == 403
    assert demo.delete("image", f"/images/{image['id']}").status_code == 403
    assert admin.post("image", path, json={"member": "third"}).status_code == 200
    # nor does it see or answer for another member
    assert [one["member_id"] for one in demo.get("image", path).json()["members"]] == [member]
    assert demo.get("image", f"{path}/third").status_code == 404
    assert demo.put("image", f"{path}/third", json={"status": "accepted"}).status_code == 404


def test_nobody_makes_himself_a_member(admin: Client, demo: Client) -> None:
    image = make(admin, visibility="shared")
    mine = show(demo, make(demo))["owner"]
    path = f"/images/{image['id']}/members"
    assert demo.post("image", path, json={"member": mine}).status_code == 404
    assert demo.put("image", f"{path}/{mine}", json={"status": "accepted"}).status_code == 404


def test_a_member_no_more_sees_nothing_more(admin: Client, demo: Client) -> None:
    image = make(admin, DATA, visibility="shared")
    mine = show(demo, make(demo))["owner"]
    path = f"/images/{image['id']}"
    admin.post("image", f"{path}/members", json={"member": mine})
    demo.put("image", f"{path}/members/{mine}", json={"status": "accepted"})
    assert demo.get("image", f"{path}/file").content == DATA
    assert patch(admin, image, replace("visibility", "private")).status_code == 200
    assert demo.get("image", path).status_code == 404
    assert patch(admin, image, replace("visibility", "shared")).status_code == 200
    admin.delete("image", f"{path}/members/{mine}")
    for tail in ("", "/file", "/members"):
        assert demo.get("image", path + tail).status_code == 404
    assert image["id"] not in demo.get("image", "/images?visibility=shared").text


# -- data from the inside ------------------------------------------------------------------------


@pytest.mark.parametrize("uri", INSIDE)
def test_nothing_is_imported_from_an_internal_address(demo: Client, uri: str) -> None:
    image = make(demo)
    answer = start(demo, image, "web-download", uri=uri)
    if answer.status_code == 202:  # a name: judged when it is looked up
        assert ended(demo, image)["status"] == "failure"
    else:
        assert answer.status_code == 400, answer.text
    assert show(demo, image)["status"] == "queued"


@pytest.mark.parametrize("uri", INSIDE)
def test_no_location_is_an_internal_address(demo: Client, uri: str) -> None:
    image = make(demo)
    answer = demo.post("image", f"/images/{image['id']}/locations", json={"url": uri})
    if answer.status_code == 202:
        assert ended(demo, image)["status"] == "failure"
    else:
        assert answer.status_code in (400, 403), answer.text
    assert show(demo, image)["status"] == "queued"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[tuple[TestCloud, Site]]:
    """A cloud for which 127.0.0.1 is outside, and 127.0.0.2 still inside."""
    with site({"data": DATA}) as web:
        image = {
            "import_ports": [80, web.server_port],
            "import_private_networks": ["127.0.0.1/32"],
            "show_multiple_locations": True,
        }
        cloud = TestCloud(tmp_path / "outside", image=image)
        yield cloud, web
        cloud.close()


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2/", "http://169.254.169.254/", "file:///etc/passwd", "/to/x://y"]
)
def test_redirects_do_not_lead_inside(outside: tuple[TestCloud, Site], target: str) -> None:
    cloud, web = outside
    demo = cloud.client("demo")
    image = make(demo)
    assert start(demo, image, "web-download", uri=f"{web.url}/to/{target}").status_code == 202
    assert ended(demo, image)["status"] == "failure"
    add = {"op": "add", "path": "/locations/-"}
    place = {"url": f"{web.url}/to/{target}", "metadata": {}}
    assert patch(demo, image, {**add, "value": place}).status_code == 400


def test_a_redirect_that_comes_later_does_not_lead_inside(
    outside: tuple[TestCloud, Site],
) -> None:
    """A location that was harmless when it was added."""
    cloud, web = outside
    demo = cloud.client("demo")
    image = make(demo)
    place = {"url": f"{web.url}/data", "metadata": {}}
    added = patch(demo, image, {"op": "add", "path": "/locations/-", "value": place})
    assert added.status_code == 200, added.text
    web.moved["/data"] = "http://169.254.169.254/data"
    assert demo.get("image", f"/images/{image['id']}/file").status_code == 503


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the connection goes to the address that was judged."""
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings = ImageSettings()
    request = web_store.pinned(settings, "http://rebinding.example.org/data")
    assert request["url"] == "http://93.184.216.34:80/data"
    assert request["headers"]["Host"] == "rebinding.example.org"
    with pytest.raises(UriRefused):
        web_store.pinned(settings, "http://rebinding.example.org/data")


def test_one_bad_address_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (one, port)) for one in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises((UriRefused, DownloadFailed)):
        web_store.pinned(ImageSettings(), "http://two.example.org/")


# -- paths, headers, reserved names --------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/images/../../etc/passwd",
        "/images/%2e%2e%2f%2e%2e%2fetc%2fpasswd/file",
        "/images/..%2f..%2fstratolith.db/file",
        "/images/%00/file",
        "/images/file%00/file",
        "/stores/..%2f..%2fetc/passwd",
        "/cache/..%2f..%2fsecrets.json",
        "/cache/%2e%2e",
    ],
)
def test_paths_lead_nowhere(admin: Client, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        data = {"Content-Type": "application/octet-stream"}
        answer = admin.request(method, "image", path, headers=data)
        assert answer.status_code in (300, 400, 403, 404, 405, 409), (method, answer.text)
        assert b"root:" not in answer.content and b"password" not in answer.content


def test_a_cached_path_must_be_an_id(admin: Client, cloud: TestCloud) -> None:
    secrets = cloud.folder / "secrets.json"
    before = secrets.read_bytes()
    assert admin.get("image", "/cache").status_code == 200
    for name in ("..%2fsecrets.json", "..%2f..%2fsecrets.json", "queue", "incomplete"):
        admin.delete("image", f"/cache/{name}")
        admin.put("image", f"/cache/{name}")
    assert secrets.read_bytes() == before
    assert (cloud.folder / "image-data-cache" / "queue").is_dir()


def test_an_id_that_is_a_path_is_refused(demo: Client) -> None:
    for image_id in ("../../etc/passwd", "a/b", ".", "", "x" * 36):
        answer = demo.post("image", "/images", json={"id": image_id})
        assert answer.status_code in (400, 403), answer.text


@pytest.mark.parametrize("store", ["../../etc", "/etc", "web", "staging", "moon", "file/../x"])
def test_headers_choose_only_stores_that_are_there(demo: Client, store: str) -> None:
    image = make(demo)
    headers = {**BYTES, "x-image-meta-store": store}
    answer = demo.put("image", f"/images/{image['id']}/file", content=b"x", headers=headers)
    assert answer.status_code == 400, answer.text
    staged = make(demo)
    demo.put("image", f"/images/{staged['id']}/stage", content=b"x", headers=BYTES)
    assert start(demo, staged, "glance-direct", stores=[store]).status_code == 400


def test_headers_of_old_releases_say_nothing(demo: Client, victim: dict[str, Any]) -> None:
    headers = {
        "X-Identity-Status": "Confirmed",
        "X-Roles": "admin",
        "X-Project-Id": victim["owner"],
        "X-Is-Admin-Project": "True",
        "X-Image-Meta-Owner": victim["owner"],
        "X-Image-Meta-Property-Os_Glance_Stage_Host": "http://127.0.0.1/",
    }
    path = f"/images/{victim['id']}"
    assert demo.get("image", path, headers=headers).status_code == 404
    made = demo.post("image", "/images", json={}, headers=headers)
    assert made.json()["owner"] != victim["owner"]


@pytest.mark.parametrize(
    "name",
    [
        "os_glance_import_task",
        "os_glance_stage_host",
        "os_glance_importing_to_stores",
        "os_glance_anything",
        "locations",
        "direct_url",
        "stores",
        "status",
        "checksum",
        "os_hash_value",
        "size",
        "deleted",
    ],
)
def test_reserved_properties_cannot_be_written(demo: Client, name: str) -> None:
    assert demo.post("image", "/images", json={name: "x"}).status_code == 403
    image = make(demo)
    for operation in ("add", "replace", "remove"):
        wanted = {"op": operation, "path": f"/{name}", "value": "x"}
        assert patch(demo, image, wanted).status_code in (400, 403), operation
    assert show(demo, image) == image


def _user(cloud: TestCloud, admin: Client, role: str) -> Client:
    """Somebody who has only this role in the project of demo."""
    body = {"user": {"name": f"only-{role}", "password": "secret-word"}}
    user = admin.post("identity", "/users", json=body).json()["user"]["id"]
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    known = admin.get("identity", f"/roles?name={role}").json()["roles"][0]["id"]
    granted = admin.put("identity", f"/projects/{project}/users/{user}/roles/{known}")
    assert granted.status_code == 204
    return cloud.client(f"only-{role}", "demo", password="secret-word")
