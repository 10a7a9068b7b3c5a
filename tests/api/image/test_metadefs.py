"""HTTP stories of metadata definitions."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.image.managers import definitions
from tests.api.identity.people import persona
from tests.testcloud import Client, TestCloud

NS = "/metadefs/namespaces"
PREMADE = {one.name for one in definitions.NAMESPACES}
FULL = {
    "namespace": "OS::Compute::Test",
    "display_name": "Test",
    "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:"}],
    "properties": {"cpu": {"title": "CPU", "type": "string", "enum": ["a", "b"]}},
    "objects": [{"name": "o", "properties": {"size": {"title": "Size", "type": "integer"}}}],
    "tags": [{"name": "fast"}],
}


def make(client: Client, **body: Any) -> dict[str, Any]:
    answer = client.post("image", NS, json={"namespace": "ns", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(client: Client, query: str = "") -> list[str]:
    answer = client.get("image", f"{NS}{query}")
    assert answer.status_code == 200, answer.text
    found = [one["namespace"] for one in answer.json()["namespaces"]]
    return [name for name in found if name not in PREMADE]


def test_a_namespace_is_made_with_its_content(admin: Client) -> None:
    make(admin, **FULL)
    url = f"{NS}/OS::Compute::Test"
    shown = admin.get("image", url).json()
    assert shown["visibility"] == "private" and shown["protected"] is False
    assert shown["properties"] == FULL["properties"]
    assert shown["objects"][0]["properties"]["size"]["type"] == "integer"
    assert shown["tags"] == [{"name": "fast"}]
    prefixed = admin.get("image", f"{url}?resource_type=OS::Nova::Flavor").json()
    assert list(prefixed["properties"]) == ["hw:cpu"]
    assert list(prefixed["objects"][0]["properties"]) == ["hw:size"]
    one = admin.get("image", f"{url}/properties/hw:cpu?resource_type=OS::Nova::Flavor").json()
    assert one["name"] == "hw:cpu"


def test_namespaces_are_filtered_and_paged(admin: Client) -> None:
    for name in "abc":
        make(admin, namespace=name, visibility="public" if name == "b" else "private")
    make(admin, **FULL)
    assert names(admin, "?visibility=public") == ["b"]
    assert names(admin, "?resource_types=OS::Nova::Flavor,x") == [FULL["namespace"]]
    first = names(admin, "?visibility=private&sort_key=namespace&sort_dir=asc&limit=2")
    assert first == ["OS::Compute::Test", "a"]
    found, path = [], f"{NS}?limit=3"
    while path:
        page = admin.get("image", path).json()
        assert 0 < len(page["namespaces"]) <= 3
        found += [one["namespace"] for one in page["namespaces"]]
        path = page.get("next", "").removeprefix("/v2")
    assert sorted(found) == sorted({"a", "b", "c", "OS::Compute::Test", *PREMADE})
    for bad in ("?visibility=x", "?sort_key=x", "?limit=-1", "?marker=none"):
        assert admin.get("image", f"{NS}{bad}").status_code == 400, bad


def test_others_see_public_namespaces_and_change_none(admin: Client, demo: Client) -> None:
    make(admin, namespace="hidden", tags=[{"name": "t"}])
    make(admin, namespace="shown", visibility="public", tags=[{"name": "t"}])
    assert names(demo) == ["shown"]
    assert demo.get("image", f"{NS}/hidden").status_code == 404
    assert demo.get("image", f"{NS}/hidden/tags/t").status_code == 404
    assert demo.get("image", f"{NS}/shown/tags/t").status_code == 200
    assert demo.post("image", NS, json={"namespace": "mine"}).status_code == 403
    assert demo.put("image", f"{NS}/shown", json={"namespace": "shown"}).status_code == 403
    assert demo.post("image", f"{NS}/shown/tags/u").status_code == 403
    assert demo.post("image", f"{NS}/hidden/tags/u").status_code == 404
    assert demo.delete("image", f"{NS}/shown").status_code == 403


def test_a_protected_namespace_keeps_what_is_in_it(admin: Client) -> None:
    make(admin, protected=True, tags=[{"name": "t"}])
    assert admin.delete("image", f"{NS}/ns").status_code == 403
    assert admin.delete("image", f"{NS}/ns/tags/t").status_code == 403
    assert admin.delete("image", f"{NS}/ns/tags").status_code == 403
    body = {"namespace": "ns", "protected": False}
    assert admin.put("image", f"{NS}/ns", json=body).json()["protected"] is False
    assert admin.delete("image", f"{NS}/ns").status_code == 204
    assert admin.get("image", f"{NS}/ns").status_code == 404


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("objects", {"description": "d", "properties": {"p": {"title": "t", "type": "number"}}}),
        ("properties", {"title": "t", "type": "string", "pattern": "^a"}),
    ],
)
def test_objects_and_properties_live_in_a_namespace(
    admin: Client, kind: str, rule: dict[str, Any]
) -> None:
    make(admin)
    url = f"{NS}/ns/{kind}"
    assert admin.post("image", url, json={"name": "one", **rule}).status_code == 201
    assert admin.post("image", url, json={"name": "one", **rule}).status_code == 409
    assert admin.post("image", url, json={"name": "two", **rule}).status_code == 201
    assert admin.put("image", f"{url}/two", json={"name": "one", **rule}).status_code == 409
    changed = admin.put("image", f"{url}/one", json={"name": "new", **rule})
    assert changed.status_code == 200 and changed.json()["name"] == "new"
    assert admin.get("image", f"{url}/one").status_code == 404
    shown = admin.get("image", f"{url}/new").json()
    assert {name: shown[name] for name in rule} == rule
    assert len(admin.get("image", url).json()[kind]) == 2
    assert admin.delete("image", f"{url}/new").status_code == 204
    assert admin.delete("image", url).status_code == 204
    assert not admin.get("image", url).json()[kind]


def test_tags_are_replaced_or_appended(admin: Client) -> None:
    make(admin)
    url = f"{NS}/ns/tags"
    three = {"tags": [{"name": name} for name in "abc"]}
    assert admin.post("image", url, json=three).json() == three
    more = {"tags": [{"name": "d"}]}
    admin.post("image", url, json=more, headers={"X-Openstack-Append": "True"})
    assert len(admin.get("image", url).json()["tags"]) == 4
    page = admin.get("image", f"{url}?marker=b&limit=1").json()
    assert page["tags"] == [{"name": "c"}]
    admin.post("image", url, json=more)
    assert admin.get("image", url).json()["tags"] == [{"name": "d"}]
    assert admin.put("image", f"{url}/d", json={"name": "e"}).json()["name"] == "e"
    assert admin.post("image", f"{url}/e").status_code == 409
    assert admin.post("image", url, json={"tags": [{"name": "x"}] * 2}).status_code == 409
    assert admin.get("image", url).json()["tags"] == [{"name": "e"}]


def test_resource_types_are_known_and_associated(admin: Client) -> None:
    make(admin)
    types = admin.get("image", "/metadefs/resource_types").json()["resource_types"]
    assert "OS::Nova::Flavor" in [one["name"] for one in types]
    url = f"{NS}/ns/resource_types"
    answer = admin.post("image", url, json={"name": "My::Type", "prefix": "my_"})
    assert answer.status_code == 201 and answer.json()["prefix"] == "my_"
    listed = admin.get("image", url).json()["resource_type_associations"]
    assert [one["name"] for one in listed] == ["My::Type"]
    assert admin.delete("image", f"{url}/My::Type").status_code == 204
    assert admin.delete("image", f"{url}/My::Type").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"namespace": ""},
        {"namespace": "x" * 81},
        {"namespace": "n", "visibility": "shared"},
        {"namespace": "n", "created_at": "2020-01-01"},
        {"namespace": "n", "unknown": 1},
        {"namespace": "n", "objects": [{}]},
        {"namespace": "n", "properties": {"p": {"title": "no type"}}},
        {"namespace": "n", "properties": {"p": {"title": "t", "type": "text"}}},
    ],
)
def test_bad_namespaces_are_refused(admin: Client, body: dict[str, Any]) -> None:
    assert admin.post("image", NS, json=body).status_code == 400


def test_the_schemas_are_published(demo: Client) -> None:
    for name in ("namespace", "object", "property", "tag", "resource_type"):
        assert "name" in demo.get("image", f"/schemas/metadefs/{name}").json()["required"] or (
            name == "namespace"
        )
    for name in ("namespaces", "objects", "properties", "tags", "resource_types"):
        assert demo.get("image", f"/schemas/metadefs/{name}").json()["links"]
    assert demo.get("image", "/schemas/metadefs/none").status_code == 404


def test_a_new_cloud_knows_definitions(demo: Client, admin: Client) -> None:
    path = f"{NS}/OS::Compute::VirtCPUTopology"
    shown = demo.get("image", path).json()
    assert shown["visibility"] == "public" and shown["protected"] is True
    assert shown["properties"]["cpu_max_cores"]["type"] == "integer"
    types = {one["name"]: one.get("prefix") for one in shown["resource_type_associations"]}
    assert types["OS::Nova::Flavor"] == "hw:" and types["OS::Glance::Image"] == "hw_"
    flavored = demo.get("image", f"{path}?resource_type=OS::Nova::Flavor").json()
    assert "hw:cpu_cores" in flavored["properties"]
    for one in demo.get("image", NS).json()["namespaces"]:
        found = demo.get("image", f"{NS}/{one['namespace']}/properties").json()["properties"]
        assert found or demo.get("image", f"{NS}/{one['namespace']}").json()["objects"]
        assert all(each["title"] and each["type"] for each in found.values())
        # each could have been made by the API
        for name, document in found.items():
            made = {"name": f"copy_{name}", **document}
            answer = admin.post("image", f"{NS}/{one['namespace']}/properties", json=made)
            assert answer.status_code == 201, answer.text


def test_a_new_cloud_has_definitions_for_servers(demo: Client) -> None:
    """Dashboards offer them when a server is launched."""
    query = "?resource_types=OS::Nova::Server&properties_target=metadata&sort_key=namespace"
    found = demo.get("image", f"{NS}{query}&sort_dir=asc").json()["namespaces"]
    assert [one["namespace"] for one in found] == [
        "OS::Software::DBMS",
        "OS::Software::Runtimes",
        "OS::Software::WebServers",
    ]
    for one in found:
        shown = demo.get("image", f"{NS}/{one['namespace']}?resource_type=OS::Nova::Server").json()
        targets = {
            a["name"]: a.get("properties_target") for a in shown["resource_type_associations"]
        }
        assert targets["OS::Nova::Server"] == "metadata"
        for group in shown["objects"]:
            assert group["description"] and group["properties"]
            for name, described in group["properties"].items():
                assert name.startswith("sw_") and described["title"] and described["type"]


ITEMS: dict[str, dict[str, Any]] = {
    "objects": {"name": "x"},
    "properties": {"name": "x", "title": "t", "type": "string"},
    "tags": {"name": "x"},
}


def test_who_may_change_nothing_is_not_told_what_is_not_there(
    cloud: TestCloud, admin: Client
) -> None:
    """As upstream: to change or delete is forbidden first, to show tells what is there."""
    reader = persona(cloud, "reader")
    make(admin, namespace="seen", visibility="public")
    for collection, body in ITEMS.items():
        path = f"{NS}/seen/{collection}/nothing"
        assert reader.get("image", path).status_code == 404
        assert reader.put("image", path, json=body).status_code == 403
        assert reader.delete("image", path).status_code == 403
        assert admin.delete("image", path).status_code == 404
        assert reader.delete("image", path.replace("seen", "unseen")).status_code == 404
    path = f"{NS}/seen/resource_types/nothing"
    assert reader.delete("image", path).status_code == 403
    assert reader.get("image", "/tasks/nothing").status_code == 403
    assert admin.get("image", "/tasks/nothing").status_code == 404


def test_without_the_right_to_read_there_is_nothing(cloud: TestCloud, admin: Client) -> None:
    admin.post("identity", "/roles", json={"role": {"name": "powerless"}})
    nobody = persona(cloud, "powerless")
    make(admin, namespace="seen", visibility="public")
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"namespace": "other"}),
        ("GET", "/seen", None),
        ("PUT", "/seen", {"namespace": "seen"}),
        ("DELETE", "/seen", None),
        ("GET", "/seen/objects", None),
        ("POST", "/seen/objects", ITEMS["objects"]),
        ("PUT", "/seen/tags/x", ITEMS["tags"]),
    ):
        answer = nobody.request(method, "image", NS + path, json=body)
        assert answer.status_code == 404, (method, path)
    assert nobody.get("image", "/metadefs/resource_types").status_code == 404
    assert nobody.get("image", "/tasks").status_code == 403


@pytest.mark.parametrize("part", ["resource_type_associations", "objects", "tags"])
def test_parts_of_a_namespace_have_no_other_names(admin: Client, part: str) -> None:
    body = {"namespace": "odd", part: [{"name": "one", "bogus": 1}]}
    answer = admin.post("image", "/metadefs/namespaces", json=body)
    assert answer.status_code == 400
    assert "bogus" in answer.text
