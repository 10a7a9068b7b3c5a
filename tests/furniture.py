"""What walks of every route need beside the estate: what is the cloud's, or administrators'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .estate import Estate

NAMESPACE = "Q"


def furnish(estate: Estate) -> None:
    """Adds to ``estate.ids``, so that the routes of these things find one, too."""
    admin, ids = estate.admin, estate.ids
    _hosts(estate)
    _networks(estate)
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


def _networks(estate: Estate) -> None:
    ids = estate.ids

    def make(path: str, key: str, **values: Any) -> Any:
        return _sent(estate.admin.post("network", f"/{path}", json={key: values}))[key]

    numbers = {"network_type": "vxlan", "minimum": 9_100_000, "maximum": 9_100_009}
    made = make("network_segment_ranges", "network_segment_range", name="r", **numbers)
    ids["network_segment_ranges"] = ids["network-segment-ranges"] = made["id"]
    kinds = [{"provider:network_type": kind} for kind in ("vxlan", "geneve")]
    ids["segmented"] = make("networks", "network", name="segmented", segments=kinds)["id"]
    path = f"/segments?network_id={ids['segmented']}"
    ids["segments"] = _sent(estate.admin.get("network", path))["segments"][0]["id"]
    ids["ndp_proxies"] = ids["ndp-proxies"] = _ndp_proxy(estate, make)


def _ndp_proxy(estate: Estate, make: Callable[..., Any]) -> str:
    """Of a router between two networks of one address scope."""
    scope = make("address-scopes", "address_scope", name="six", ip_version=6)["id"]
    pool = make("subnetpools", "subnetpool", name="six", prefixes=["fd00:64::/40"],
                address_scope_id=scope, default_prefixlen=64)["id"]  # fmt: skip
    six = {"ip_version": 6, "subnetpool_id": pool}
    outside = make("networks", "network", name="six", **{"router:external": True})["id"]
    make("subnets", "subnet", network_id=outside, **six)
    inside = make("networks", "network", name="inside")["id"]
    subnet = make("subnets", "subnet", network_id=inside, **six)["id"]
    gateway = {"network_id": outside}
    router = make("routers", "router", name="six", external_gateway_info=gateway)["id"]
    path, body = f"/routers/{router}", {"subnet_id": subnet}
    _sent(estate.admin.put("network", f"{path}/add_router_interface", json=body))
    _sent(estate.admin.put("network", path, json={"router": {"enable_ndp_proxy": True}}))
    port = make("ports", "port", network_id=inside)["id"]
    return str(make("ndp-proxies", "ndp_proxy", router_id=router, port_id=port)["id"])


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
