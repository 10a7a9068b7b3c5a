"""The unmodified openstack client: regions, services, endpoints and who is shown them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation

from .openstack_client import Shell, attempt, of_user


@pytest.fixture
def service(admin_shell: Shell) -> Iterator[str]:
    """A service with an endpoint in a region of its own."""
    admin_shell("region create moon")
    made = admin_shell("service create --name lunar --description Moon telescope")
    admin_shell("endpoint create --region moon lunar public http://moon.example:1/%(project_id)s")
    yield made["id"]
    admin_shell("service delete lunar")
    admin_shell("region delete moon")


def test_a_region(admin_shell: Shell) -> None:
    made = admin_shell("region create --description Near --parent-region RegionOne near")
    assert made == {"region": "near", "description": "Near", "parent_region": "RegionOne"}
    listed = admin_shell("region list --parent-region RegionOne")
    assert [row["Region"] for row in listed] == ["near"]
    admin_shell("region set --description Nearer near")
    assert admin_shell("region show near")["description"] == "Nearer"
    assert "409" in admin_shell.refused("region create near")
    admin_shell("region delete near")
    assert "No Region found" in admin_shell.refused("region show near")


def test_a_service(admin_shell: Shell) -> None:
    made = admin_shell("service create --name dns --description Names --disable dns-service")
    assert (made["type"], made["enabled"], made["description"]) == ("dns-service", False, "Names")
    admin_shell("service set --type dns --name designate --description Zones --enable dns")
    shown = admin_shell("service show designate")
    assert shown == {
        "id": made["id"],
        "name": "designate",
        "type": "dns",
        "enabled": True,
        "description": "Zones",
    }
    listed = {row["Name"]: row for row in admin_shell("service list --long")}
    assert listed["designate"]["Description"] == "Zones"
    assert {"keystone", "nova", "neutron", "glance", "placement"} <= set(listed)
    admin_shell("service delete designate")
    assert "designate" not in admin_shell.names("service list")


def test_an_endpoint(admin_shell: Shell, service: str) -> None:
    made = admin_shell("endpoint create --disable --region moon lunar internal http://moon:2/")
    assert (made["service_id"], made["enabled"]) == (service, False)
    wanted = "endpoint list --service lunar --interface internal --region moon"
    assert [row["ID"] for row in admin_shell(wanted)] == [made["id"]]
    assert len(admin_shell("endpoint list --service lunar")) == 2
    admin_shell(
        f"endpoint set --url http://moon:3/ --interface admin --region RegionOne --enable "
        f"{made['id']}"
    )
    shown = admin_shell(f"endpoint show {made['id']}")
    assert (shown["url"], shown["interface"]) == ("http://moon:3/", "admin")
    assert (shown["region"], shown["enabled"]) == ("RegionOne", True)
    admin_shell(f"endpoint delete {made['id']}")
    assert len(admin_shell("endpoint list --service lunar")) == 1


def test_the_catalogue(admin_shell: Shell, service: str) -> None:
    project = admin_shell("project show admin")["id"]
    shown = admin_shell("catalog show lunar")
    assert (shown["id"], shown["type"]) == (service, "telescope")
    assert [one["url"] for one in shown["endpoints"]] == [f"http://moon.example:1/{project}"]
    assert {"lunar", "nova", "keystone"} <= admin_shell.names("catalog list")
    admin_shell("service set --disable lunar")
    assert "lunar" not in admin_shell.names("catalog list")
    assert "not found" in attempt("catalog show lunar", admin_shell.env).err


def test_endpoints_of_a_project(admin_shell: Shell, fake_cloud: Installation, service: str) -> None:
    """A project that endpoints were added to is shown those alone."""
    demo = Shell(of_user(fake_cloud, "demo"))
    telescope = admin_shell("endpoint list --service lunar")[0]["ID"]
    identity = admin_shell("endpoint list --service keystone --interface public")[0]["ID"]
    for endpoint in (telescope, identity):
        admin_shell(f"endpoint add project {endpoint} demo")
    assert {row["ID"] for row in admin_shell("endpoint list --project demo")} == {
        telescope,
        identity,
    }
    assert demo.names("catalog list") == {"lunar", "keystone"}
    for endpoint in (telescope, identity):
        admin_shell(f"endpoint remove project {endpoint} demo")
    assert "nova" in demo.names("catalog list")


def test_an_endpoint_group(admin_shell: Shell, service: str, tmp_path: Path) -> None:
    filters = tmp_path / "filters.json"
    filters.write_text(json.dumps({"service_id": service, "interface": "public"}))
    made = admin_shell(f"endpoint group create --description Moon moons {filters}")
    assert made["filters"] == {"service_id": service, "interface": "public"}
    assert admin_shell.names("endpoint group list") == {"moons"}
    admin_shell("endpoint group add project moons demo")
    assert [row["ID"] for row in admin_shell("endpoint group list --project demo")] == [made["id"]]
    assert len(admin_shell("endpoint group list --endpointgroup moons")) == 1
    admin_shell("endpoint group remove project moons demo")
    filters.write_text(json.dumps({"interface": "admin"}))
    admin_shell(f"endpoint group set --name skies --description Sky --filters {filters} moons")
    shown = admin_shell("endpoint group show skies")
    assert (shown["description"], shown["filters"]) == ("Sky", {"interface": "admin"})
    admin_shell("endpoint group delete skies")
    assert admin_shell("endpoint group list") == []


def test_the_configuration(admin_shell: Shell, fake_cloud: Installation) -> None:
    assert admin_shell("configuration show")["auth.password"] == "<redacted>"
    shown = admin_shell("configuration show --unmask")
    assert shown["auth.password"] == fake_cloud.password("admin")
    assert shown["auth.auth_url"] == fake_cloud.auth_url
    assert attempt("versions show --service identity -f value", admin_shell.env).out.count("3.14")
