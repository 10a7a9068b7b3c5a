"""Paths that end in a slash: another path, or the same one; the real services were asked."""

from __future__ import annotations

import pytest

from tests.testcloud import Client, TestCloud

UUID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("compute", "/servers/"),
        ("compute", "/servers//"),
        ("compute", "/servers/?limit=1"),
        ("compute", "/servers/detail/"),
        ("compute", "/flavors/"),
        ("compute", "/os-keypairs/"),
        ("compute", "/limits/"),
        ("compute", f"/os-quota-sets/{UUID}/"),
        ("image", "/images/"),
        ("image", "/schemas/image/"),
        ("image", "/metadefs/namespaces/"),
        ("image", "/info/import/"),
        ("image", "/tasks/"),
        ("placement", "/resource_providers/"),
        ("placement", "/traits//"),
        ("placement", "/usages/"),
        ("placement", f"/allocations/{UUID}/"),
    ],
)
def test_another_path(admin: Client, service: str, path: str) -> None:
    version = {"microversion": "1.39"} if service == "placement" else {}
    assert admin.get(service, path, **version).status_code == 404
    assert Client(admin.cloud, "").get(service, path, **version).status_code == 401
    without = path.partition("?")[0].rstrip("/")
    assert admin.get(service, without, **version).status_code != 404


@pytest.mark.parametrize(
    ("service", "path", "body"),
    [
        ("compute", "/servers/", {"server": {}}),
        ("compute", f"/servers/{UUID}/action/", {"lock": None}),
        ("image", "/images/", {}),
        ("image", "/metadefs/namespaces/", {"namespace": "n"}),
        ("placement", "/resource_providers/", {"name": "n"}),
    ],
)
def test_nothing_is_made_there(admin: Client, service: str, path: str, body: object) -> None:
    assert admin.post(service, path, json=body).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/compute/", 200),
        ("/compute/v2.1/", 200),
        ("/image/", 300),
        ("/placement/", 200),
        ("/networking/v2.0/networks/", 200),
        ("/networking/v2.0/networks//", 200),
        ("/networking/v2.0/extensions/router/", 200),
        ("/identity/v3/", 200),
        ("/identity/v3/projects/", 200),
    ],
)
def test_the_same_path(cloud: TestCloud, admin: Client, path: str, status: int) -> None:
    assert admin.get("raw", path).status_code == status
