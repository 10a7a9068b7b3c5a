"""What walks of every route need beside the estate: what is the cloud's, or administrators'."""

from __future__ import annotations

from typing import Any

from .estate import Estate

NAMESPACE = "Q"


def furnish(estate: Estate) -> None:
    """Adds to ``estate.ids``, so that the routes of these things find one, too."""
    admin, ids = estate.admin, estate.ids
    _hosts(estate)
    _definitions(estate)
    _limits(estate)
    ids["allocations"] = ids["servers"]
    ids["os-simple-tenant-usage"] = ids["projects"]
    ids["network-ip-availabilities"] = ids["networks"]
    ids["cache"] = ids["images"]
    ids["extensions"] = "router"
    specs = {"extra_specs": {"estate:colour": "blue"}}
    _sent(admin.post("compute", f"/flavors/{ids['flavors']}/os-extra_specs", json=specs))
    ids["os-extra_specs"] = "estate:colour"
    config = {"config": {"identity": {"driver": "sql"}}}
    _sent(admin.put("identity", f"/domains/{ids['domains']}/config", json=config))
    # what stands before the name of an option is the name of its group
    ids |= {"config": "identity", "identity": "driver"}
    member = admin.get("identity", "/roles?name=member").json()["roles"][0]["id"]
    trustee = admin.get("identity", "/users?name=admin").json()["users"][0]["id"]
    trust = {"trustor_user_id": ids["users"], "trustee_user_id": trustee, "impersonation": True,
             "project_id": ids["projects"], "roles": [{"id": member}]}  # fmt: skip
    made = _sent(estate.demo.post("identity", "/OS-TRUST/trusts", json={"trust": trust}))
    ids["trusts"] = made["trust"]["id"]


def _sent(answer: Any) -> Any:
    assert answer.status_code in (200, 201, 202, 204), answer.text
    return answer.json() if answer.content else None


def _hosts(estate: Estate) -> None:
    admin = estate.admin
    agents = estate.cloud.wait(lambda: admin.get("network", "/agents").json()["agents"])
    estate.ids["agents"] = agents[0]["id"]
    found = admin.get("compute", "/os-hypervisors", microversion="2.53").json()["hypervisors"]
    estate.ids |= {"os-hypervisors": found[0]["id"], "os-hosts": "simulated-1"}


def _definitions(estate: Estate) -> None:
    def make(path: str, body: Any = None) -> None:
        _sent(estate.admin.post("image", f"/metadefs/namespaces{path}", json=body))

    make("", {"namespace": NAMESPACE})
    make(f"/{NAMESPACE}/objects", {"name": "o"})
    make(f"/{NAMESPACE}/properties", {"name": "o", "title": "O", "type": "string"})
    make(f"/{NAMESPACE}/tags/o")
    make(f"/{NAMESPACE}/tags/{estate.ids['tags']}")
    make(f"/{NAMESPACE}/resource_types", {"name": "OS::O"})
    estate.ids |= {"namespaces": NAMESPACE, "objects": "o", "properties": "o"}
    estate.ids["resource_types"] = "OS::O"


def _limits(estate: Estate) -> None:
    ids = estate.ids
    project: dict[str, Any] = {"project_id": ids["projects"], "resource_limit": 4}
    # one that has a limit, by which it cannot be changed, and one that can
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("registered_limits", "used", {"default_limit": 5}),
        ("limits", "used", project),
        ("registered_limits", "unused", {"default_limit": 5}),
    ]
    for collection, resource, more in wanted:
        one = {"service_id": ids["services"], "resource_name": resource, **more}
        answer = estate.admin.post("identity", f"/{collection}", json={collection: [one]})
        ids[collection] = _sent(answer)[collection][0]["id"]
