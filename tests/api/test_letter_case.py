"""Filters by name take no notice of letter case, in every service and every script."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

NAMES = ("Web-1", "Straße", "ÉCOLE", "Дом", "te&st")


def _network(admin: Client, path: str, key: str, **values: Any) -> None:
    for name in NAMES:
        body = {key: {"name": name, **values}}
        assert admin.post("network", path, json=body).status_code == 201


def _networks(admin: Client) -> None:
    _network(admin, "/networks", "network")


def _groups(admin: Client) -> None:
    _network(admin, "/security-groups", "security_group")


def _routers(admin: Client) -> None:
    _network(admin, "/routers", "router")


def _pools(admin: Client) -> None:
    _network(admin, "/subnetpools", "subnetpool", prefixes=["10.5.0.0/16"])


def _images(admin: Client) -> None:
    for name in NAMES:
        body = {"name": name, "container_format": "bare", "disk_format": "raw"}
        assert admin.post("image", "/images", json=body).status_code == 201


def _providers(admin: Client) -> None:
    for name in NAMES:
        assert admin.post("placement", "/resource_providers", json={"name": name}).is_success


def _projects(admin: Client) -> None:
    for name in NAMES:
        body = {"project": {"name": name, "domain_id": "default"}}
        assert admin.post("identity", "/projects", json=body).status_code == 201


def _users(admin: Client) -> None:
    for name in NAMES:
        body = {"user": {"name": name, "domain_id": "default"}}
        assert admin.post("identity", "/users", json=body).status_code == 201


@pytest.mark.parametrize(
    ("service", "path", "collection", "make"),
    [
        ("network", "/networks", "networks", _networks),
        ("network", "/security-groups", "security_groups", _groups),
        ("network", "/routers", "routers", _routers),
        ("network", "/subnetpools", "subnetpools", _pools),
        ("image", "/images", "images", _images),
        ("placement", "/resource_providers", "resource_providers", _providers),
        ("identity", "/projects", "projects", _projects),
        ("identity", "/users", "users", _users),
    ],
)
def test_names_match_in_any_letter_case(
    admin: Client, service: str, path: str, collection: str, make: Any
) -> None:
    make(admin)
    for name in NAMES:
        for asked in (name, name.lower(), name.upper() if "ß" not in name else name):
            answer = admin.get(service, path, params={"name": asked})
            assert answer.status_code == 200, answer.text
            assert [one["name"] for one in answer.json()[collection]] == [name], asked
    assert admin.get(service, path, params={"name": "web-"}).json()[collection] == []
    assert admin.get(service, path, params={"name": "web%"}).json()[collection] == []
