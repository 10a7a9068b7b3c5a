"""HTTP stories of images: create, show, list, patch, delete, tags, members, versions."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.image.exceptions import ImageNotActive, ImageNotBootable
from stratolith.image.managers import images
from stratolith.kernel.context import Context
from tests.testcloud import Client, TestCloud

PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
BYTES = {"Content-Type": "application/octet-stream"}
LONG_NAME = "cirros-0.6.3-x86_64-disk"
JSON = {"Accept": "application/json"}


def make(client: Client, data: bytes | None = None, **body: Any) -> dict[str, Any]:
    body = {"disk_format": "raw", "container_format": "bare", **body}
    answer = client.post("image", "/images", json=body)
    assert answer.status_code == 201, answer.text
    image: dict[str, Any] = answer.json()
    if data is not None:
        answer = client.put("image", f"/images/{image['id']}/file", content=data, headers=BYTES)
        assert answer.status_code == 204, answer.text
        image = client.get("image", f"/images/{image['id']}").json()
    return image


def patch(client: Client, image: dict[str, Any], *operations: dict[str, Any]) -> Any:
    return client.patch(
        "image", f"/images/{image['id']}", json=list(operations), headers={**PATCH, **JSON}
    )


def replace(name: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": f"/{name}", "value": value}


def names(client: Client, query: str = "") -> list[str]:
    answer = client.get("image", f"/images{query}")
    assert answer.status_code == 200, answer.text
    return [image["name"] for image in answer.json()["images"]]


def test_a_new_image_is_queued_and_shows_every_attribute(demo: Client) -> None:
    image = make(demo, name="one", architecture="x86_64", tags=["b", "b", "a"], min_disk=1)
    assert image["status"] == "queued"
    assert image["visibility"] == "shared"
    assert image["architecture"] == "x86_64"
    assert sorted(image["tags"]) == ["a", "b"]
    assert image["size"] is None and image["checksum"] is None
    assert image["file"] == f"/v2/images/{image['id']}/file"
    assert demo.get("image", f"/images/{image['id']}").json() == image


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a", "size": 1}, 403),
        ({"name": "a", "status": "active"}, 403),
        ({"name": "a", "os_glance_x": "y"}, 403),
        ({"name": "a", "locations": []}, 403),
        ({"name": "a", "custom": 7}, 400),
        ({"name": "a", "disk_format": "floppy"}, 400),
        ({"name": "a", "container_format": "jar"}, 400),
        ({"name": "a", "min_disk": -1}, 400),
        ({"name": "a", "min_ram": 1 << 40}, 400),
        ({"name": "x" * 256}, 400),
        ({"id": "nonsense"}, 400),
        ({"tags": ["a", 1]}, 400),
        ([], 400),
        ({"owner": "somebody-else"}, 403),
        ({"visibility": "public"}, 403),
        ({f"p{i}": "x" for i in range(129)}, 413),
    ],
)
def test_what_a_body_may_not_hold(demo: Client, body: Any, status: int) -> None:
    answer = demo.post("image", "/images", json=body, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"].startswith(str(status))


def test_an_id_may_be_chosen_once(demo: Client) -> None:
    image = make(demo, id="11111111-2222-3333-4444-555555555555")
    answer = demo.post("image", "/images", json={"id": image["id"]})
    assert answer.status_code == 409


def test_an_empty_id_is_no_image(demo: Client) -> None:
    assert demo.get("image", "/images/").status_code == 404
    assert demo.delete("image", "/images/").status_code == 404
    answer = demo.delete("image", "/images")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_errors_are_html_unless_json_is_wanted(demo: Client) -> None:
    answer = demo.get("image", "/images/nope")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "No image found with ID nope" in answer.text
    assert demo.get("image", "/images/nope", headers=JSON).json()["title"] == "Not Found"


def test_patch_changes_attributes_and_custom_properties(demo: Client) -> None:
    image = make(demo, name="one", kept="1", gone="2")
    answer = patch(
        demo,
        image,
        replace("name", "two"),
        replace("kept", "3"),
        {"op": "remove", "path": "/gone"},
        {"op": "add", "path": "/new~1er", "value": "4"},
        replace("tags", ["x"]),
        replace("os_hidden", True),
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["name"], found["kept"], found["new/er"]) == ("two", "3", "4")
    assert "gone" not in found
    assert found["os_hidden"] is True
    assert found["tags"] == ["x"]


@pytest.mark.parametrize(
    "named",
    [
        "application/json",
        "application/json-patch+json",
        "application/openstack-images-v2.2-json-patch",
        "text/plain",
        "",
    ],
)
@pytest.mark.parametrize("body", [b"", b"[]"])
def test_a_patch_says_what_it_is(demo: Client, named: str, body: bytes) -> None:
    headers = {"Content-Type": named, **JSON} if named else JSON
    path = f"/images/{make(demo)['id']}"
    answer = demo.patch("image", path, content=body, headers=headers)
    assert answer.status_code == 415
    assert answer.headers["accept-patch"] == (
        "application/openstack-images-v2.0-json-patch, application/openstack-images-v2.1-json-patch"
    )
    assert answer.json()["code"] == "415 Unsupported Media Type"
    assert (named or "(none)") in answer.json()["message"]


def test_the_old_patch_dialect(demo: Client) -> None:
    image = make(demo, name="one")
    answer = demo.patch(
        "image",
        f"/images/{image['id']}",
        json=[{"replace": "/name", "value": "two"}, {"add": "/x", "value": "y"}],
        headers={"Content-Type": "application/openstack-images-v2.0-json-patch"},
    )
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["x"]) == ("two", "y")


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (replace("id", "x"), 403),
        (replace("status", "active"), 403),
        (replace("nope", "x"), 409),
        ({"op": "remove", "path": "/nope"}, 409),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "add", "path": "/os_glance_x", "value": "x"}, 403),
        (replace("locations", []), 403),
        ({"op": "add", "path": "/a/b", "value": "x"}, 400),
        ({"op": "add", "path": "a", "value": "x"}, 400),
        ({"op": "add", "path": "/a~2", "value": "x"}, 400),
        ({"op": "add", "path": "/a"}, 400),
        ({"op": "move", "path": "/a", "from": "/b"}, 400),
        (replace("min_ram", -1), 400),
        (replace("visibility", "zz"), 400),
        (replace("visibility", "public"), 403),
        (replace("owner", "somebody"), 403),
        ({"op": "add", "path": "/a", "value": 7}, 400),
    ],
)
def test_what_a_patch_may_not_do(demo: Client, operation: dict[str, Any], status: int) -> None:
    image = make(demo, name="one")
    answer = patch(demo, image, operation)
    assert answer.status_code == status, answer.text
    assert demo.get("image", f"/images/{image['id']}").json() == image


def test_a_patch_needs_its_own_media_type(demo: Client) -> None:
    image = make(demo)
    answer = demo.patch("image", f"/images/{image['id']}", json=[replace("name", "x")])
    assert answer.status_code == 415


def test_formats_are_fixed_once_there_is_data(demo: Client) -> None:
    image = make(demo, b"data")
    assert patch(demo, image, replace("disk_format", "qcow2")).status_code == 403


def test_delete_and_protection(demo: Client, cloud: TestCloud) -> None:
    image = make(demo, b"data", protected=True)
    file = cloud.folder / "images" / image["id"]
    assert file.read_bytes() == b"data"
    assert demo.delete("image", f"/images/{image['id']}").status_code == 403
    assert patch(demo, image, replace("protected", False)).status_code == 200
    assert demo.delete("image", f"/images/{image['id']}").status_code == 204
    assert not file.exists()
    assert demo.delete("image", f"/images/{image['id']}").status_code == 404


def test_private_images_of_others_do_not_exist(admin: Client, demo: Client) -> None:
    image = make(admin, b"data", name="secret", visibility="private")
    for verb, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/file"),
        ("PUT", "/tags/x"),
        ("GET", "/members"),
        ("POST", "/actions/deactivate"),
    ):
        answer = demo.request(verb, "image", f"/images/{image['id']}{path}")
        assert answer.status_code == 404, (verb, path, answer.text)
    assert "secret" not in names(demo)


def test_public_images_are_seen_but_not_changed_by_others(admin: Client, demo: Client) -> None:
    image = make(admin, b"data", name="everybody", visibility="public")
    assert "everybody" in names(demo)
    assert demo.get("image", f"/images/{image['id']}/file").content == b"data"
    assert patch(demo, image, replace("name", "mine")).status_code == 403
    assert demo.delete("image", f"/images/{image['id']}").status_code == 403
    assert demo.put("image", f"/images/{image['id']}/tags/x").status_code == 403


def test_community_images_are_listed_only_when_asked_for(admin: Client, demo: Client) -> None:
    image = make(admin, name="village", visibility="community")
    assert "village" not in names(demo)
    assert "village" in names(demo, "?visibility=community")
    assert "village" in names(demo, "?visibility=all")
    assert demo.get("image", f"/images/{image['id']}").status_code == 200


def test_tags(demo: Client) -> None:
    image = make(demo, tags=["one"])
    path = f"/images/{image['id']}/tags"
    for _ in range(2):
        assert demo.put("image", f"{path}/two").status_code == 204
    assert demo.get("image", f"/images/{image['id']}").json()["tags"] == ["one", "two"]
    assert demo.delete("image", f"{path}/one").status_code == 204
    assert demo.delete("image", f"{path}/one").status_code == 404
    assert demo.put("image", f"{path}/{'x' * 256}").status_code == 400


def test_filters(demo: Client) -> None:
    make(demo, b"12345", name="a", tags=["x", "y"], os_distro="debian")
    make(demo, b"1234567890", name="b", tags=["x"], os_hidden=True)
    make(demo, name="c,d", disk_format="qcow2", protected=True)

    def mine(query: str) -> list[str]:
        return sorted(set(names(demo, f"?{query}")) - {"cirros", "cirros-alt", LONG_NAME})

    assert mine("") == ["a", "c,d"]
    assert mine("os_hidden=true") == ["b"]
    assert mine("name=a") == ["a"]
    assert mine('name=in:a,"c,d",zz') == ["a", "c,d"]
    assert mine("status=queued") == ["c,d"]
    assert mine("disk_format=in:qcow2,iso") == ["c,d"]
    assert mine("size_min=5&size_max=9") == ["a"]
    assert mine("size_min=6") == []
    assert mine("tag=x&tag=y") == ["a"]
    assert mine("tag=z") == []
    assert mine("os_distro=debian") == ["a"]
    assert mine("os_distro=fedora") == []
    assert mine("protected=true") == ["c,d"]
    assert mine("created_at=gt:2000-01-01T00:00:00Z") == ["a", "c,d"]
    assert mine("created_at=lt:2000-01-01T00:00:00Z") == []
    assert mine("owner=nobody") == []
    assert mine("visibility=shared") == ["a", "c,d"]


@pytest.mark.parametrize(
    "query",
    [
        "visibility=zz",
        "member_status=zz",
        "size_min=a",
        "created_at=xx:2020",
        "created_at=gt:later",
        "os_hidden=zz",
        'name=in:"a',
        "limit=-1",
        "limit=a",
        "marker=nope",
        "sort_key=nope",
        "sort_dir=up",
        "sort=name:up",
        "sort=name:asc&sort_key=id",
        "changes-since=1",
    ],
)
def test_filters_that_make_no_sense(demo: Client, query: str) -> None:
    assert demo.get("image", f"/images?{query}").status_code == 400


def test_pages_follow_each_other(demo: Client, cloud: TestCloud) -> None:
    for index in range(5):
        make(demo, name=f"n{index}", visibility="private")
    seen: list[str] = []
    path = "/v2/images?visibility=private&limit=2&sort=name:asc"
    while path:
        answer = demo.get("raw", f"/image{path}").json()
        assert answer["first"].startswith("/v2/images?visibility=private&limit=2")
        seen += [image["name"] for image in answer["images"]]
        path = answer.get("next", "")
    assert seen == [f"n{index}" for index in range(5)]


def test_sorting(demo: Client) -> None:
    for name, data in (("b", b"1"), ("a", b"22"), ("c", b"1")):
        make(demo, data, name=name, visibility="private")
    own = "?visibility=private&"
    assert names(demo, own + "sort_key=size&sort_dir=asc&sort_key=name&sort_dir=desc") == [
        "c",
        "b",
        "a",
    ]
    assert names(demo, own + "sort=size:desc,name:asc") == ["a", "b", "c"]
    assert names(demo, own.rstrip("&")) == ["c", "a", "b"]


def test_sharing(cloud: TestCloud, admin: Client, demo: Client) -> None:
    reader = demo.get("raw", "/identity/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    project = reader.json()["token"]["project"]["id"]
    image = make(admin, b"data", name="offered")
    path = f"/images/{image['id']}"
    assert demo.get("image", path).status_code == 404

    answer = admin.post("image", f"{path}/members", json={"member": project})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "pending"
    assert admin.post("image", f"{path}/members", json={"member": project}).status_code == 409
    assert demo.get("image", path).status_code == 200
    assert "offered" not in names(demo)
    assert names(demo, "?visibility=shared&member_status=pending") == ["offered"]

    member = f"{path}/members/{project}"
    assert demo.put("image", member, json={"status": "maybe"}).status_code == 400
    assert demo.put("image", member, json={"status": "accepted"}).json()["status"] == "accepted"
    assert "offered" in names(demo)
    assert demo.get("image", f"{path}/file").content == b"data"
    assert [m["member_id"] for m in demo.get("image", f"{path}/members").json()["members"]] == [
        project
    ]
    assert demo.post("image", f"{path}/members", json={"member": "x"}).status_code == 403
    assert demo.delete("image", member).status_code == 403
    assert patch(demo, image, replace("name", "mine")).status_code == 403

    assert admin.delete("image", member).status_code == 204
    assert demo.get("image", path).status_code == 404
    assert admin.get("image", member).status_code == 404


def test_the_owner_cannot_accept_for_a_member(cloud: TestCloud, demo: Client) -> None:
    image = make(demo)
    path = f"/images/{image['id']}/members"
    assert demo.post("image", path, json={"member": "somebody"}).status_code == 200
    answer = demo.put("image", f"{path}/somebody", json={"status": "accepted"})
    assert answer.status_code == 403


def test_only_shared_images_have_members(demo: Client) -> None:
    image = make(demo, visibility="private")
    path = f"/images/{image['id']}/members"
    assert demo.post("image", path, json={"member": "x"}).status_code == 403
    assert demo.get("image", path).status_code == 403


def test_versions_are_those_that_are_there(cloud: TestCloud) -> None:
    client = cloud.anonymous()
    answer = client.get("raw", "/image/")
    assert answer.status_code == 300
    found = answer.json()["versions"]
    assert [one["id"] for one in found if one["status"] == "CURRENT"] == ["v2.18"]
    assert len(found) == 19  # what 2.14, 2.16 and 2.18 stand for, the cache, is there
    assert found[0]["links"][0]["href"] == "http://cloud.test/image/v2/"
    assert client.get("raw", "/image/versions").status_code == 200
    assert client.get("image", "/images").status_code == 401


def test_schemas_say_what_answers_hold(demo: Client) -> None:
    schema = demo.get("image", "/schemas/image").json()
    image = make(demo)
    assert set(image) <= set(schema["properties"])
    assert demo.get("image", "/schemas/members").json()["name"] == "members"
    assert demo.get("image", "/schemas/nope").status_code == 404
    assert demo.get("image", "/info/import").json()["import-methods"]["value"] == [
        "glance-direct",
        "web-download",
        "glance-download",
        "copy-image",
    ]
    assert demo.get("image", "/info/stores").json()["stores"][0]["id"] == "file"


def test_premade_images_can_boot(cloud: TestCloud, demo: Client) -> None:

    assert sorted(names(demo)) == sorted(["cirros", "cirros-alt", LONG_NAME])
    first, again = (
        demo.get("image", f"/images?name={name}").json()["images"][0]
        for name in ("cirros", LONG_NAME)
    )
    assert first["os_hash_value"] == again["os_hash_value"] and first["id"] != again["id"]
    assert again["description"] == "The same data as the image cirros"
    admin = cloud.client("admin")
    assert admin.delete("image", f"/images/{again['id']}").status_code == 204
    assert len(demo.get("image", f"/images/{first['id']}/file").content) == first["size"]
    assert names(demo, "?tag=cirros-0.6.3-x86_64-disk") == ["cirros"]
    queued = make(demo)
    boxed = make(demo, b"tar", container_format="ova", disk_format="vmdk")
    found = demo.get("image", "/images?name=cirros").json()["images"][0]
    ctx = Context.of_the_cloud(cloud.env, cloud.env.service("image"))
    try:
        assert images.require_bootable(ctx, found["id"]).size == 65536
        for image in (queued, boxed):
            with pytest.raises((ImageNotActive, ImageNotBootable)):
                images.require_bootable(ctx, image["id"])
    finally:
        ctx.close()


def test_a_list_shows_changes_at_once(demo: Client) -> None:
    """Lists keep the JSON of images; no change may hide behind it."""
    image = make(demo, name="before")
    assert names(demo, "?name=before") == ["before"]
    patch(demo, image, replace("name", "after"))
    assert demo.put("image", f"/images/{image['id']}/tags/t").status_code == 204
    listed = demo.get("image", "/images?name=after").json()["images"]
    assert listed == [demo.get("image", f"/images/{image['id']}").json()]
    data = b"data" * 100
    assert (
        demo.put("image", f"/images/{image['id']}/file", content=data, headers=BYTES).status_code
        == 204
    )
    listed = demo.get("image", "/images?name=after").json()["images"]
    assert (listed[0]["status"], listed[0]["size"]) == ("active", len(data))
    assert demo.delete("image", f"/images/{image['id']}").status_code == 204
    assert names(demo, "?name=after") == []


def test_the_id_of_a_deleted_image_is_never_taken_again(cloud: TestCloud, demo: Client) -> None:
    """Servers, hosts and backups remember an image by its id."""
    chosen = "5d4a0b3c-0000-4000-8000-00000000a8a8"
    made = make(demo, b"mine", id=chosen)
    assert demo.delete("image", f"/images/{made['id']}").status_code == 204
    body = {"disk_format": "raw", "container_format": "bare"}
    for who in (demo, cloud.client("admin")):
        for spelling in (chosen, chosen.upper()):
            answer = who.post("image", "/images", json={**body, "id": spelling})
            assert answer.status_code == 409, answer.text
    random = make(demo)["id"]
    demo.delete("image", f"/images/{random}")
    assert demo.post("image", "/images", json={**body, "id": random}).status_code == 409
    assert demo.get("image", f"/images/{chosen}").status_code == 404
