"""Which names and values queries take; what is expected here the real service was seen to do."""

from __future__ import annotations

import pytest

from stratolith.compute.service import SERVICE
from stratolith.kernel.exceptions import ValidationFailed
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.http.routing import Route

from .conftest import World, error_of

# The minor from which a list refuses names it does not know; all others never do.
STRICT = {
    "/servers": 75,
    "/servers/detail": 75,
    "/servers/{server_id}/os-instance-actions": 58,
    "/servers/{server_id}/os-volume_attachments": 75,
    "/flavors": 75,
    "/flavors/detail": 75,
    "/limits": 75,
    "/os-hypervisors": 53,
    "/os-hypervisors/detail": 53,
    "/os-hypervisors/{hypervisor_id}": 53,
    "/os-keypairs": 75,
    "/os-keypairs/{name}": 75,
    "/os-migrations": 59,
    "/os-quota-sets/{project_id}": 75,
    "/os-quota-sets/{project_id}/detail": 75,
    "/os-server-groups": 75,
    "/os-services": 75,
    "/os-simple-tenant-usage": 75,
    "/os-simple-tenant-usage/{project_id}": 75,
}
LISTS = [route for route in SERVICE.routes if route.method == "GET" and not route.root]


def _refuses(route: Route, minor: int) -> bool:
    if route.query is None:
        return False
    try:
        route.query.check({"nope": "1"}, Version(2, minor))
    except ValidationFailed as error:
        assert "('nope' was unexpected)" in str(error)
        return True
    return False


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_unknown_names(route: Route) -> None:
    first = STRICT.get(route.path)
    refused = [minor for minor in range(1, 101) if _refuses(route, minor)]
    assert refused == ([] if first is None else list(range(first, 101)))


@pytest.mark.parametrize("path", [path for path in STRICT if "{" not in path])
def test_unknown_names_over_http(world: World, path: str) -> None:
    before = world.admin.get("compute", f"{path}?nope=1", microversion=f"2.{STRICT[path] - 1}")
    assert before.status_code == 200, before.text
    answer = world.admin.get("compute", f"{path}?nope=1", microversion=f"2.{STRICT[path]}")
    assert answer.status_code == 400
    assert "Additional properties are not allowed ('nope' was unexpected)" in error_of(answer)


REFUSED = [
    "2.1 /images?limit=0",
    "2.1 /images/detail?limit=3&limit=0",
    "2.1 /images?offset=-1",
    "2.1 /servers?limit=",
    "2.1 /servers?access_ip_v4=",
    "2.1 /servers?metadata=x",
    "2.1 /servers?block_device_mapping=x",
    "2.1 /servers?_x=x",
    "2.1 /flavors?limit=x",
    "2.1 /os-server-groups?offset=x",
    "2.1 /os-simple-tenant-usage?start=2020-01-01",
    "2.1 /os-simple-tenant-usage?start=2020-01-01T00:00:00Z",
    "2.59 /os-migrations?limit=abc",
    "2.59 /os-migrations?marker=x",
    "2.59 /os-migrations?changes-since=x",
    "2.59 /os-migrations?limit=1&limit=2",
    "2.66 /os-migrations?changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z",
    "2.66 /servers?changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z",
    "2.79 /servers?name=",
    "2.79 /servers?name=x&name=",
    "2.79 /servers?services=x",
    "2.79 /servers?locked=x",
    "2.79 /os-hypervisors?with_servers=x",
    "2.79 /os-hypervisors?limit=1&limit=2",
    "2.79 /os-hypervisors?hypervisor_hostname_pattern=%25",
    "2.79 /os-keypairs?marker=x",
]
TAKEN = [
    "2.1 /servers?sort_key=locked",
    "2.1 /servers?deleted=x",
    "2.1 /servers?config_drive=x",
    "2.1 /servers?launched_at=x",
    "2.1 /servers?created_at=x",
    "2.1 /servers?locked=x",
    "2.1 /servers?changes-before=x",
    "2.73 /servers?sort_key=locked",
    "2.1 /os-server-groups?all_projects=x",
    "2.1 /os-simple-tenant-usage?end=2030-01-01T00:00:00.5",
    "2.1 /os-migrations?limit=abc&marker=x",
    "2.52 /os-hypervisors?with_servers=x",
    "2.79 /flavors?limit=1&limit=2",
]


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_are_refused(world: World, case: str) -> None:
    version, path = case.split(" ", 1)
    answer = world.admin.get("compute", path, microversion=version)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("case", TAKEN)
def test_values_that_are_taken(world: World, case: str) -> None:
    version, path = case.split(" ", 1)
    answer = world.admin.get("compute", path, microversion=version)
    assert answer.status_code == 200, answer.text


def test_the_refusal_names_the_parameter(world: World) -> None:
    answer = world.admin.get("compute", "/images?limit=0")
    assert error_of(answer).startswith("Invalid input for query parameters limit. Value: 0. ")


def test_others_filters_are_ignored_without_the_right_to_them(world: World) -> None:
    world.create("one", networks="none")
    for query in ("metadata=x", "_x=x", "deleted=x"):
        answer = world.demo.get("compute", f"/servers?{query}", microversion="2.79")
        assert len(answer.json()["servers"]) == 1, answer.text


def test_locked_servers_sort_together(world: World) -> None:
    ids = [world.create(name, networks="none") for name in ("a", "b", "c")]
    world.act(ids[1], "lock")
    path = "/servers?sort_key=locked&sort_dir=desc&limit=1"
    answer = world.demo.get("compute", path, microversion="2.73")
    assert [one["id"] for one in answer.json()["servers"]] == [ids[1]]


def test_managers_see_the_migrations_of_their_project(world: World) -> None:
    manager = world.person("boss", "manager", "demo")
    server = world.show(world.create("one", networks="none"))
    own, foreign = server["tenant_id"], "0" * 32

    def ask(path: str) -> int:
        return manager.get("compute", path, microversion="2.96").status_code

    assert ask(f"/os-migrations?project_id={own}") == 200
    assert ask(f"/servers/{server['id']}/migrations") == 200
    assert ask(f"/os-migrations?project_id={foreign}") == ask("/os-migrations") == 403
    assert ask(f"/servers/{server['id']}/migrations/1") == 403
    path = f"/os-migrations?project_id={own}"
    assert world.demo.get("compute", path, microversion="2.96").status_code == 403
    assert world.admin.get("compute", path, microversion="2.96").status_code == 200


def test_default_quotas_tell_nothing_of_projects(world: World) -> None:
    found = world.admin.get("identity", "/projects?name=admin").json()["projects"][0]["id"]
    for project in (found, "0" * 32):
        path = f"/os-quota-sets/{project}/defaults"
        assert world.demo.get("compute", path).status_code == 200
    assert world.admin.get("compute", path).status_code == 400
