"""What a caller may not see is not there, for every verb and every scope of a token."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.image.service import SERVICE
from tests.api.image.test_images import BYTES, PATCH, make
from tests.testcloud import Client, TestCloud
from tests.testcloud.cloud import PASSWORD

# what a request needs so that it is not refused for its form; by verb and path behind the image
FORMS: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", ""): {"json": [{"op": "replace", "path": "/name", "value": "x"}], "headers": PATCH},
    ("PUT", "/file"): {"content": b"x", "headers": BYTES},
    ("PUT", "/stage"): {"content": b"x", "headers": BYTES},
    ("POST", "/import"): {"json": {"method": {"name": "glance-direct"}}},
    ("POST", "/members"): {"json": {"member": "somebody"}},
    ("PUT", "/members/{}"): {"json": {"status": "accepted"}},
    ("POST", "/locations"): {"json": {"url": "http://192.0.2.1/"}},
}


def operations() -> list[tuple[str, str]]:
    """Every route under an image, from the route table."""
    found = []
    for route in SERVICE.routes:
        start, _, rest = route.path.partition("/images/{image_id}")
        if not start and route.path.startswith("/images/{image_id}"):
            parts = ["{}" if part.startswith("{") else part for part in rest.split("/")]
            found.append((route.method, "/".join(parts)))
    return sorted(found)


@pytest.fixture
def system(cloud: TestCloud) -> dict[str, Client]:
    admin = cloud.client("admin")
    roles = {one["name"]: one["id"] for one in admin.get("identity", "/roles").json()["roles"]}
    found = {}
    for role in ("reader", "member", "manager", "admin"):
        body = {"name": f"system-{role}", "password": PASSWORD, "domain_id": "default"}
        user = admin.post("identity", "/users", json={"user": body}).json()["user"]
        path = f"/system/users/{user['id']}/roles/{roles[role]}"
        assert admin.put("identity", path).status_code == 204
        found[role] = cloud.client(f"system-{role}", None, system=True)
    return found


def test_an_image_is_not_there_for_tokens_of_the_system(
    demo: Client, system: dict[str, Client]
) -> None:
    image = make(demo, b"data")
    assert len(operations()) > 15
    for role, client in system.items():
        for method, rest in operations():
            path = f"/images/{image['id']}{rest.format('something')}"
            answer = client.request(method, "image", path, **FORMS.get((method, rest), {}))
            assert answer.status_code == 404, (role, method, rest, answer.text)
        assert client.get("image", "/images").status_code == 403
    assert demo.get("image", f"/images/{image['id']}").json() == image


@pytest.mark.parametrize("how", ["", "&sort_key=name", "&sort_key=size&sort_dir=asc"])
def test_what_is_hidden_is_no_marker(cloud: TestCloud, demo: Client, how: str) -> None:
    """Its place among others would tell its name, by halves."""
    admin = cloud.client("admin")
    hidden = make(admin, b"data", name="middle", visibility="private")
    own = make(demo, name="own")
    unknown = demo.get("image", f"/images?marker=00000000-0000-4000-8000-000000000000{how}")
    answer = demo.get("image", f"/images?marker={hidden['id']}{how}")
    assert answer.status_code == unknown.status_code == 400, answer.text
    for visible in (own, make(admin, b"data", visibility="community")):
        assert demo.get("image", f"/images?marker={visible['id']}{how}").status_code == 200
    body = {"namespace": f"hidden{len(how)}", "visibility": "private"}
    assert admin.post("image", "/metadefs/namespaces", json=body).status_code == 201
    answer = demo.get("image", f"/metadefs/namespaces?marker={body['namespace']}")
    assert answer.status_code == 400
