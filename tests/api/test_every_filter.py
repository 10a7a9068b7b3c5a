"""Every filter of every list leaves out a row: none is taken and then forgotten. Every sort key
pages through the whole list.

The filters are read from what the routes of lists declare, or written down here for lists that
have them in code. A list that is not here has no filters.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import event

from stratolith import services
from stratolith.compute.schemas.server_lists import SORT_KEYS
from stratolith.network.api import agents
from tests.estate import Estate
from tests.testcloud import Client, TestCloud

FUTURE, PAST = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00Z"
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
# What no row has, for filters that take no word for a value
NOBODYS: dict[str, str] = {
    **dict.fromkeys(
        (
            "mtu", "ip_version", "revision_number", "provider:segmentation_id",
            "default_prefixlen", "min_prefixlen", "max_prefixlen", "size",
            "max_kbps", "max_burst_kbps", "max_kpps", "max_burst_kpps", "min_kbps", "min_kpps",
            "dscp_mark", "virtual_size", "min_disk", "min_ram", "size_min",
        ),
        "987654",
    ),
    "size_max": "0",
    "changed_since": FUTURE, "changes-since": FUTURE, "changes-before": PAST,
    "created_at": f"lt:{PAST}", "updated_at": f"lt:{PAST}", "password_expires_at": f"lt:{PAST}",
    "fixed_ips": "ip_address=203.0.113.77", "not-tags": "one", "not-tags-any": "one",
    "image": ID, "flavor": ID, "uuid": ID, "in_tree": ID, "member_of": ID, "parent_region_id": ID,
    "resources": "VCPU:987654", "required": "HW_CPU_X86_AVX512F", "owner": ID,
    "visibility": "private", "member_status": "rejected", "status": "error",
    "minDisk": "987654", "minRam": "987654", "associated": "true",
    "cidr": "203.0.113.0/30", "ethertype": "IPv6", "protocol": "udplite",
    "remote_ip_prefix": "203.0.113.0/30", "object_type": "qos_policy",
    "interface": "internal", "service_id": ID, "port_range_min": "64999", "port_range_max": "64999",
    "event": "ACCEPT", "resource_type": "router", "resource_id": ID, "target_id": ID,
    "parent_id": ID, "type": "location_import",
}  # fmt: skip
# Filters by yes and no: both answers together are the whole list, and they have no row in common
FLAGS = {
    "admin_state_up", "is_default", "port_security_enabled", "router:external", "shared",
    "stateful", "belongs_to_default_sg", "used_in_default_sg", "used_in_non_default_sg",
    "enable_dhcp", "enabled", "excluded", "is_domain",
    "protected", "alive", "locked", "config_drive",
}  # fmt: skip
TAGGED = [
    ("identity", "projects"), ("network", "security-groups"), ("network", "subnetpools"),
    ("network", "qos/policies"), ("network", "network_segment_ranges"),
]  # fmt: skip
DECLARED: dict[tuple[str, str], Any] = {
    (service.type, route.path): route.listing
    for service in services.load()
    for route in service.routes
    if route.listing is not None and route.listing.filters
}
WRITTEN: dict[tuple[str, str], str] = {
    ("identity", "/role_assignments"): "user.id role.id group.id scope.project.id scope.domain.id",
    ("network", "/agents"): " ".join((*agents.TEXTS, *agents.FLAGS)),
    ("network", "/availability_zones"): "name resource state",
    ("network", "/service-providers"): "service_type name",
    ("image", "/images"): "tag visibility member_status",
    ("placement", "/resource_providers"): "name uuid member_of resources in_tree required",
    ("placement", "/traits"): "name",
    ("compute", "/servers"): "name status image flavor reservation_id changes-since "
    "changes-before tags not-tags tags-any not-tags-any locked config_drive user_id project_id "
    "host uuid key_name availability_zone ip ip6",
    ("compute", "/flavors"): "minDisk minRam",
    ("compute", "/os-services"): "binary host",
    ("compute", "/os-hypervisors"): "hypervisor_hostname_pattern",
}
# Filters that answer with an error where nothing matches, as upstream does
ERRORS = {("compute", "/os-hypervisors", "hypervisor_hostname_pattern"): 404}
# Lists that are empty in a small cloud, and filters that every row passes there
NOTHING_TO_LEAVE_OUT = {
    ("identity", "/users", "password_expires_at"),  # no password expires
    ("identity", "/domains", "not-tags"),  # no domain has tags
    ("identity", "/domains", "not-tags-any"),
    ("identity", "/projects", "is_domain"),  # domains are shown for true only
    ("image", "/images", "member_status"),  # of images shared with somebody
}


def _lists() -> dict[tuple[str, str], list[str]]:
    """(service, path) -> names of filters."""
    found: dict[tuple[str, str], list[str]] = {}
    for place, declared in DECLARED.items():
        found[place] = sorted(declared.filters)
    for place, text in WRITTEN.items():
        found[place] = [*found.get(place, []), *text.split()]
    return found


LISTS = _lists()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A cloud with at least one row in every list, and two kinds of row for every flag."""
    cloud = TestCloud(tmp_path_factory.mktemp("filters") / "cloud")
    cloud.start_hosts()
    estate = Estate(cloud)
    _more(estate)
    yield estate
    cloud.close()


def _more(estate: Estate) -> None:
    """What an estate has none of: an import task, agents that were heard, an NDP proxy."""
    _ndp_proxy(estate)
    admin = estate.admin
    new = {"name": "imported", "container_format": "bare", "disk_format": "raw"}
    image = admin.post("image", "/images", json=new).json()["id"]
    data = {"Content-Type": "application/octet-stream"}
    staged = admin.put("image", f"/images/{image}/stage", content=b"x" * 512, headers=data)
    assert staged.status_code == 204, staged.text
    method = {"method": {"name": "glance-direct"}}
    assert admin.post("image", f"/images/{image}/import", json=method).status_code == 202
    service = admin.get("identity", "/services").json()["services"][0]["id"]
    limit = {"service_id": service, "resource_name": "things", "default_limit": 5}
    made = admin.post("identity", "/registered_limits", json={"registered_limits": [limit]})
    assert made.status_code == 201, made.text
    own = {"service_id": service, "resource_name": "things", "resource_limit": 3}
    own["project_id"] = estate.ids["projects"]
    made = admin.post("identity", "/limits", json={"limits": [own]})
    assert made.status_code == 201, made.text
    person = admin.get("identity", "/auth/tokens", headers={"X-Subject-Token": admin.token})
    token = person.json()["token"]
    trust = {"trustor_user_id": token["user"]["id"], "trustee_user_id": estate.ids["users"]}
    trust |= {"project_id": token["project"]["id"], "impersonation": False}
    trust["roles"] = [{"name": "reader"}]
    made = admin.post("identity", "/OS-TRUST/trusts", json={"trust": trust})
    assert made.status_code == 201, made.text
    for service, collection in TAGGED:
        rows = admin.get(service, f"/{collection}").json()[
            collection.rpartition("/")[2].replace("-", "_")
        ]
        tags = f"/{collection}/{rows[0]['id']}/tags/one"
        assert admin.put(service, tags).is_success
    ruled = {
        "name": "ruled",
        "access_rules": [{"service": "compute", "method": "GET", "path": "/"}],
    }
    path = f"/users/{estate.ids['users']}/application_credentials"
    made = estate.demo.post("identity", path, json={"application_credential": ruled})
    assert made.status_code == 201, made.text
    estate.cloud.wait(lambda: admin.get("network", "/agents").json()["agents"])


def _ndp_proxy(estate: Estate) -> None:
    """On a router of its own, whose networks are in one IPv6 address scope."""
    scope = estate._made(
        "network",
        "/address-scopes",
        {"address_scope": {"name": "six", "ip_version": 6, "shared": True}},
        "address_scope",
    )
    pool = {"name": "six", "prefixes": ["fd00:9::/40"], "default_prefixlen": 64}
    pool |= {"address_scope_id": scope, "shared": True}
    pooled = {
        "ip_version": 6,
        "subnetpool_id": estate._made(
            "network", "/subnetpools", {"subnetpool": pool}, "subnetpool"
        ),
    }
    outer = {"network": {"name": "six", "router:external": True}}
    outside = estate._made("network", "/networks", outer, "network")
    inside = estate._made("network", "/networks", {"network": {}}, "network", by="demo")
    for network, by in ((outside, "admin"), (inside, "demo")):
        body = {"subnet": {"network_id": network, **pooled}}
        subnet = estate._made("network", "/subnets", body, "subnet", by=by)
    router = {"external_gateway_info": {"network_id": outside}, "enable_ndp_proxy": True}
    routing = estate._made("network", "/routers", {"router": router}, "router", by="demo")
    add = f"/routers/{routing}/add_router_interface"
    assert estate.demo.put("network", add, json={"subnet_id": subnet}).status_code == 200
    body = {"port": {"network_id": inside}}
    port = estate._made("network", "/ports", body, "port", by="demo")
    proxy = {"ndp_proxy": {"router_id": routing, "port_id": port}}
    estate._made("network", "/ndp-proxies", proxy, "ndp_proxy", by="demo")


def _rows(who: Client, service: str, path: str, params: Mapping[str, str]) -> list[str]:
    headers = {}
    microversions = who.cloud.env.service(service).microversions
    if microversions is not None:
        headers["OpenStack-API-Version"] = f"{service} {microversions.maximum}"
    if service == "compute" and path == "/servers":
        params = {"all_tenants": "1", **params}
    answer = who.get(service, path, params=params, headers=headers)
    if answer.status_code != 200:
        return [f"{answer.status_code}: {answer.text}"]
    body = answer.json()
    lists = [value for key, value in body.items() if isinstance(value, list) and "links" not in key]
    return [str(one) for one in lists[0]]


def _wrong(world: Estate, who: Client, service: str, path: str, name: str) -> str:
    """What is wrong with a filter, or nothing."""
    everything = _rows(who, service, path, {})
    if not everything:
        return "a list without rows proves nothing"
    if name.partition("__")[0] in FLAGS:
        both = [
            row for value in ("true", "false") for row in _rows(who, service, path, {name: value})
        ]
        return "" if sorted(both) == sorted(everything) else f"yes and no: {len(both)} rows"
    value = "startswith:none" if path == "/traits" else NOBODYS.get(name, "no-such-value")
    if (path, name) == ("/tasks", "status"):
        value = "failure"
    found = _rows(who, service, path, {name: value})
    if (service, path, name) in ERRORS:
        return "" if found[0].startswith(str(ERRORS[service, path, name])) else found[0]
    if not set(found) <= set(everything):
        return found[0][:200]
    return "" if len(found) < len(everything) else "every row passes"


@pytest.mark.parametrize(("service", "path"), list(LISTS))
def test_filters_leave_out(world: Estate, service: str, path: str) -> None:
    real = world.path(path)
    who = world.demo if "{user_id}" in path else world.admin
    wrong = {
        name: said
        for name in LISTS[service, path]
        if (service, path, name) not in NOTHING_TO_LEAVE_OUT
        and (said := _wrong(world, who, service, real, name))
    }
    assert not wrong


@pytest.mark.parametrize(("service", "path"), list(LISTS))
def test_more_values_make_no_more_subqueries(world: Estate, service: str, path: str) -> None:
    """A database plans each subquery against the others: a thousand of them take it minutes."""
    real = world.path(path)
    who = world.demo if "{user_id}" in path else world.admin
    grown = {}
    for name in LISTS[service, path]:
        if name in FLAGS:
            few, many = ["true", "false"], ["true", "false"] * 20
        else:
            value = "VCPU:" if name == "resources" else NOBODYS.get(name, "no-such-value")
            few, many = ([f"{value}{n}" for n in range(count)] for count in (2, 40))
        for form in (list, ",".join):
            before, after = (
                _subqueries(world, who, service, real, {name: form(values)})
                for values in (few, many)
            )
            if after > before:
                grown[name] = (before, after)
    assert not grown


def _subqueries(world: Estate, who: Client, service: str, path: str, params: Any) -> int:
    """The most SELECTs that one statement of the request has."""
    counts = [0]

    def look(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if threading.current_thread().name.startswith(
            "request"
        ):  # hosts ask for things of their own
            counts.append(statement.count("SELECT"))

    engine = world.cloud.env.db.engine
    event.listen(engine, "before_cursor_execute", look)
    _rows(who, service, path, params)
    event.remove(engine, "before_cursor_execute", look)
    return max(counts)


SORTED = {
    (service.type, route.path): sorted(route.listing.sort_keys)
    for service in services.load()
    for route in service.routes
    if route.listing is not None and route.listing.sort_keys and "{user_id}" not in route.path
}
for unsorted in ("/regions", "/OS-EP-FILTER/endpoint_groups"):  # know no sort_key in a query
    SORTED.pop(("identity", unsorted))
SORTED["compute", "/servers/detail"] = sorted(SORT_KEYS)


def _ids(world: Estate, service: str, path: str, params: Mapping[str, str]) -> list[str]:
    everybody = {"all_tenants": "1"} if path == "/servers/detail" else {}
    answer = world.admin.get(service, world.path(path), params={**everybody, **params})
    assert answer.status_code == 200, (params, answer.text)
    body = answer.json()
    rows = next(v for k, v in body.items() if isinstance(v, list) and not k.endswith("links"))
    if path == "/os-keypairs":
        rows = [row["keypair"] for row in rows]
    name = {"/os-keypairs": "name", "/metadefs/namespaces": "namespace"}.get(path, "id")
    return [str(row.get(name, row.get("network_id"))) for row in rows]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize(("service", "path"), list(SORTED))
def test_sort_keys_page_through_all_rows(
    world: Estate, service: str, path: str, direction: str
) -> None:
    for key in SORTED[service, path]:
        params = {"sort_key": key, "sort_dir": direction}
        everything = _ids(world, service, path, params)
        walked: list[str] = []
        for _ in everything[:12]:
            after = {"marker": walked[-1]} if walked else {}
            walked += _ids(world, service, path, {**params, "limit": "1", **after})
        assert walked == everything[:12], key
