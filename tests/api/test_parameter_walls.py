"""Ids of another project in every parameter of every operation: nothing is found, nothing moves.

Paths, bodies, queries and headers come from the route tables, so a new route is covered without
being named. Who asks is a member, then a reader, of a project with things of its own; each
request is valid but for the one value that belongs to the other project.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from tests.testcloud import Client, TestCloud

from ..estate import QOS_RULES, Estate, body_of, id_of
from ..routes import document, routes, version_headers

# With STRATOLITH_WALLS=all every id goes into every text; else those that the field's name fits.
EVERYTHING = os.environ.get("STRATOLITH_WALLS") == "all"
ROLES = ["member", "reader"]
# Each role's tests, in their order, on a cloud of their own when the tests run side by side
AS_EACH = pytest.mark.parametrize(
    "role", [pytest.param(one, marks=pytest.mark.xdist_group(f"walls {one}")) for one in ROLES]
)
# Collections of the estate whose rows belong to project demo or to its user.
PRIVATE = [
    "networks", "subnets", "ports", "routers", "floatingips", "security-groups",
    "security-group-rules", "subnetpools", "address-scopes", "address-groups", "rbac-policies",
    "images", "servers",
    "os-server-groups", "projects", "users", "OS-EC2", "application_credentials", "credentials",
    "os-interface", "os-instance-actions", "qos/policies", "trunks",
    *(f"{kind}_rules" for kind in QOS_RULES),
]  # fmt: skip
# The part of a field's name -> the collections it may mean.
MEANT = {
    "qos_policy": ["qos/policies"],
    "subnetpool": ["subnetpools"],
    "subnet": ["subnets"],
    "network": ["networks"],
    "net": ["networks"],
    "port": ["ports", "os-interface"],
    "router": ["routers"],
    "device": ["routers", "servers"],
    "floating": ["floatingips", "networks"],
    "address_group": ["address-groups"],
    "security_group": ["security-groups"],
    "group": ["security-groups", "os-server-groups"],
    "scope": ["address-scopes"],
    "trunk": ["trunks"],
    "image": ["images"],
    "server": ["servers"],
    "instance": ["servers"],
    "tenant": ["projects"],
    "project": ["projects"],
    "owner": ["projects"],
    "user": ["users"],
    "credential": ["credentials", "application_credentials"],
    "resource": ["security-groups"],
    "target": ["ports"],
    "object": [
        "networks",
        "qos/policies",
        "security-groups",
        "subnetpools",
        "address-scopes",
        "address-groups",
    ],
    "uuid": ["networks", "images", "ports"],
    "id": ["networks", "images", "servers", "ports"],
}
# Text that means nothing to us: any value is as good as another.
FREE = re.compile(
    r"(^|/)(name|description|display_name|key_name|user_data|metadata|adminPass|password|blob|"
    r"public_key|dns_name|dns_domain|device_id|value|hostname|reason|.*regex|personality|tags?)(/|$)"
)
# (end of the path, field) -> why somebody may write the id of another project there.
ALLOWED = {
    ("/credentials", "credential/project_id"): "as upstream: it gives nothing without a role there",
    ("/credentials/OS-EC2", "tenant_id"): "the same",
    ("/application_credentials", "application_credential/project_id"): "ignored as upstream",
    ("/application_credentials", "application_credential/id"): "ignored as upstream",
    ("/application_credentials", "application_credential/system"): "ignored as upstream",
}
# Own things that are found by their real owner, whoever's id stands before them in the path.
OWNED = ("/application_credentials/{credential_id}", "/credentials/OS-EC2/{access}")
# Fields of answers that show what was written into a field of another name
SHOWN_AS = {"OS-EXT-SRV-ATTR:hostname": "name", "key_name": "name", "addresses": "name"}
QUERIES = [
    "id", "name", "network_id", "subnet_id", "port_id", "router_id", "device_id", "project_id",
    "tenant_id", "owner", "user_id", "security_group_id", "security_groups", "remote_group_id",
    "floating_network_id", "subnetpool_id", "address_scope_id", "object_id", "target_tenant",
    "image", "image_ref", "uuid", "member", "fixed_ips", "allowed_address_pairs", "all_tenants",
    "all_projects", "visibility", "member_status", "reservation_id", "ip", "trustor_user_id",
    "consumer_id", "in_tree", "member_of", "resources", "required",
]  # fmt: skip
HEADERS = [
    "X-Project-Id", "X-Tenant-Id", "X-Auth-Project-Id", "X-User-Id", "X-Instance-ID",
    "X-Service-Project-Id", "X-Image-Meta-Owner", "OpenStack-System-Scope", "X-Trust-Id",
]  # fmt: skip


class Sides:
    """The estate of project demo, and somebody of another project with the same things."""

    def __init__(self, cloud: TestCloud) -> None:
        self.estate = Estate(cloud)
        self.people = {role: self.estate.person(f"{role}-x", role, "other") for role in ROLES}
        self.own = self._own(self.people["member"])
        self.before = self.estate.calm_look()
        # the last name of a place in bodies -> what the askers gave their own things there
        self.written: defaultdict[str, set[str]] = defaultdict(set)
        self.foreign = {one: self.estate.ids[one] for one in PRIVATE}

    def _own(self, who: Client) -> dict[str, str]:
        """As ``estate.ids``, of the other project; what is the cloud's is the same."""

        def make(collection: str, key: str, service: str = "network", **values: Any) -> str:
            answer = who.post(service, f"/{collection}", json={key: values})
            assert answer.status_code in (200, 201, 202), answer.text
            made = answer.json()[key]
            found[collection] = str(made["id"])
            return found[collection]

        found = {**self.estate.ids}
        other = self.estate.admin.get("identity", "/projects?name=other").json()["projects"][0]
        found["projects"] = found["quotas"] = found["os-quota-sets"] = other["id"]
        user = self.estate.admin.get("identity", "/users?name=member-x").json()["users"][0]
        found["users"] = user["id"]
        net = make("networks", "network", name="own")
        make("subnets", "subnet", network_id=net, ip_version=4, cidr="10.7.0.0/24")
        make("ports", "port", network_id=net)
        make("routers", "router", name="own")
        make("security-groups", "security_group", name="own")
        rule = {"security_group_id": found["security-groups"], "direction": "egress"}
        make("security-group-rules", "security_group_rule", **rule, remote_ip_prefix="10.0.0.0/8")
        make("floatingips", "floatingip", floating_network_id=found["public"])
        parent = {"port": {"network_id": net}}
        parent = who.post("network", "/ports", json=parent).json()["port"]["id"]
        make("trunks", "trunk", port_id=parent)
        make("subnetpools", "subnetpool", name="own", prefixes=["10.32.0.0/16"])
        make("address-scopes", "address_scope", name="own", ip_version=4)
        make("address-groups", "address_group", name="own", addresses=["10.32.0.0/16"])
        unlimited = {"quota": dict.fromkeys(("network", "subnet", "port", "router"), -1)}
        unlimited["quota"] |= dict.fromkeys(("floatingip", "security_group"), -1)
        path = f"/quotas/{other['id']}"
        assert self.estate.admin.put("network", path, json=unlimited).status_code == 200
        target = {"object_type": "network", "object_id": net, "action": "access_as_shared"}
        make("rbac-policies", "rbac_policy", target_tenant="0" * 32, **target)
        found["security_groups"] = found["os-security-groups"] = found["security-groups"]
        found["os-security-group-rules"] = found["security-group-rules"]
        found["os-floating-ips"] = found["floatingips"]
        self.estate._qos(found, who)
        self._own_image(who, found)
        self._own_server(who, found, make)
        self._own_credentials(who, found)
        return found

    def _own_image(self, who: Client, found: dict[str, str]) -> None:
        body = {"name": "own", "disk_format": "raw", "container_format": "bare", "tags": ["one"]}
        found["images"] = who.post("image", "/images", json=body).json()["id"]
        stream = {"Content-Type": "application/octet-stream"}
        path = f"/images/{found['images']}/file"
        assert who.put("image", path, content=b"x" * 1024, headers=stream).status_code == 204

    def _own_server(self, who: Client, found: dict[str, str], make: Any) -> None:
        key = {"keypair": {"name": "estate"}}
        assert who.post("compute", "/os-keypairs", json=key).status_code == 200
        group = {"name": "own", "policies": ["affinity"]}
        make("os-server-groups", "server_group", "compute", **group)
        server = make(
            "servers",
            "server",
            "compute",
            name="own",
            flavorRef="42",
            imageRef=found["images"],
            metadata={"colour": "red"},
            networks=[{"uuid": found["networks"]}],
        )
        path = f"/servers/{server}"
        self.estate.cloud.wait(
            lambda: who.get("compute", path).json()["server"]["status"] == "ACTIVE"
        )
        ports = who.get("network", f"/ports?device_id={server}").json()["ports"]
        found["os-interface"] = ports[0]["id"]
        actions = who.get("compute", f"{path}/os-instance-actions").json()["instanceActions"]
        found["os-instance-actions"] = actions[0]["request_id"]

    def _own_credentials(self, who: Client, found: dict[str, str]) -> None:
        user = f"/users/{found['users']}"
        body: dict[str, Any] = {"tenant_id": found["projects"]}
        made = who.post("identity", f"{user}/credentials/OS-EC2", json=body).json()
        found["OS-EC2"] = made["credential"]["access"]
        body = {"application_credential": {"name": "own"}}
        made = who.post("identity", f"{user}/application_credentials", json=body).json()
        found["application_credentials"] = made["application_credential"]["id"]
        body = {"credential": {"type": "cert", "blob": "x", "user_id": found["users"]}}
        made = who.post("identity", "/credentials", json=body).json()
        found["credentials"] = made["credential"]["id"]

    def body(self, route: Route, path: str) -> Any:
        """A valid body about the asker's own things, as far as one is known."""
        estate_ids, self.estate.ids = self.estate.ids, self.own
        try:
            return self.estate.filled(deepcopy(body_of(route, path)))
        finally:
            self.estate.ids = estate_ids

    def path(self, path: str, foreign: int = -1) -> str:
        """With ids of the asker's own things, but for the ``foreign``-th variable."""
        parts, at = path.split("/"), 0
        for n, part in enumerate(parts):
            if part.startswith("{"):
                ids = self.estate.ids if at == foreign else self.own
                parts[n], at = id_of(ids, parts, n), at + 1
        return "/".join(parts)

    def check(self, answer: Any, what: str, sent: str, field: str = "") -> None:
        """Nothing of the other project is in the answer, but what the asker wrote itself.

        sent:  the value that belongs to the other project.
        field: the last name of the place in the body where it stood, if that is free text.
        """
        assert answer.status_code < 500 or answer.status_code == 501, f"{what}: {answer.text}"
        if field and answer.status_code < 400:
            self.written[field].add(sent)
        said = answer.text.replace(sent, "") if sent else answer.text
        if not any(id_ in said for id_ in self.foreign.values()):
            return
        for key, text in texts(answer.json()):
            for one in (sent, *self.written[SHOWN_AS.get(key, key)]):
                text = text.replace(one, "")
            for collection, id_ in self.foreign.items():
                assert id_ not in text, f"{what}: {collection} as {key} in {answer.text[:500]}"


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a document, names as well, with the name of the field that it stands in."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield key, name
            yield from texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)
    elif isinstance(value, str):
        yield key, value


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("parameters")) / "cloud")
    yield Sides(cloud)
    cloud.close()


def leaves(schema: Any, at: tuple[Any, ...] = (), depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """The places in a document of this schema where a text may stand."""
    if not isinstance(schema, dict) or depth > 8:
        return
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(key, ()):
            yield from leaves(inner, at, depth + 1)
    kinds = schema.get("type", ())
    if kinds == "string" or (isinstance(kinds, list) and "string" in kinds) or not schema:
        yield at
    for name, inner in schema.get("properties", {}).items():
        yield from leaves(inner, (*at, name), depth + 1)
    if isinstance(schema.get("items"), dict):
        yield from leaves(schema["items"], (*at, 0), depth + 1)
    if schema.get("type") == "array" and "items" not in schema:
        yield (*at, 0)


def replaced(body: Any, at: tuple[Any, ...], value: str) -> Any:
    """A copy of the body with a value at a place, which is made if it is not there."""
    if not at:
        return value
    first, rest = at[0], at[1:]
    if first == 0:
        items = list(body) if isinstance(body, list) else []
        return [replaced(items[0] if items else None, rest, value), *items[1:]]
    found = dict(body) if isinstance(body, dict) else {}
    return {**found, first: replaced(found.get(first), rest, value)}


def fitting(name: str, foreign: dict[str, str]) -> list[str]:
    """The foreign ids that a field of this name may mean."""
    if EVERYTHING:
        return list(foreign.values())
    lowered = name.lower()
    found = next((kinds for part, kinds in MEANT.items() if part in lowered), [])
    return [foreign[kind] for kind in found]


def named(routes_: Iterator[Any] | list[Any]) -> list[Any]:
    return [
        pytest.param(service, route, path, id=f"{route.method} {path}")
        for service, route, path in routes_
        if not (route.public or ("agents" in path and service.type == "kernel"))
    ]


def options(service: Service, route: Route) -> dict[str, str]:
    headers = version_headers(service)
    if route.until is not None:
        headers["OpenStack-API-Version"] = f"{service.type} {route.until}"
    if route.body is not None:
        headers["Content-Type"] = route.media_types[0]
    return headers


WITH_VARIABLES = named([one for one in routes() if "{" in one[2]])
WITH_BODIES = named([one for one in routes() if one[1].body is not None])
LISTS = named([one for one in routes() if one[1].method == "GET" and "{" not in one[2]])


@AS_EACH
@pytest.mark.parametrize(("service", "route", "path"), WITH_VARIABLES)
def test_paths(role: str, service: Service, route: Route, path: str, sides: Sides) -> None:
    who, headers = sides.people[role], options(service, route)
    for n in range(path.count("{")):
        asked = sides.path(path, foreign=n)
        if asked == sides.path(path):
            continue  # a variable for something that is the cloud's, such as a flavor
        sent = next(a for a, b in zip(asked.split("/"), sides.path(path).split("/"), strict=True)
                    if a != b)  # fmt: skip
        body = sides.body(route, path) if route.body is not None else None
        answer = who.request(route.method, "raw", asked, headers=headers, json=body)
        what = f"{route.method} {asked}"
        if not (path.endswith(OWNED) and n == 0):
            assert answer.status_code not in (201, 202, 204), f"{what}: {answer.text}"
        sides.check(answer, what, sent)
    if route.is_write:
        assert sides.estate.look() == sides.before


@AS_EACH
@pytest.mark.parametrize(("service", "route", "path"), LISTS)
def test_queries(role: str, service: Service, route: Route, path: str, sides: Sides) -> None:
    who, headers = sides.people[role], options(service, route)
    schema = document(route.query)["properties"] if route.query is not None else {}
    for name in dict.fromkeys([*QUERIES, *schema]):
        values = fitting(name, sides.foreign)[:1] if not EVERYTHING else sides.foreign.values()
        for value in values or ["1"]:
            answer = who.request("GET", "raw", f"{path}?{name}={value}", headers=headers)
            sides.check(answer, f"GET {path}?{name}={value}", value)
    for value in sides.foreign.values():
        answer = who.request("GET", "raw", f"{path}?marker={value}", headers=headers)
        sides.check(answer, f"GET {path}?marker={value}", value)


@AS_EACH
@pytest.mark.parametrize(("service", "route", "path"), LISTS)
def test_headers(role: str, service: Service, route: Route, path: str, sides: Sides) -> None:
    who = sides.people[role]
    for name in HEADERS:
        for value in ("projects", "users", "servers"):
            headers = {**options(service, route), name: sides.foreign[value]}
            answer = who.request("GET", "raw", path, headers=headers)
            sides.check(answer, f"GET {path} with {name}", sides.foreign[value])


@AS_EACH
@pytest.mark.parametrize(("service", "route", "path"), WITH_BODIES)
def test_bodies(role: str, service: Service, route: Route, path: str, sides: Sides) -> None:
    who, headers, asked = sides.people[role], options(service, route), sides.path(path)
    body = sides.body(route, path)
    assert route.body is not None
    for place in dict.fromkeys(leaves(document(route.body))):
        field = "/".join(str(step) for step in place)
        if any(path.endswith(end) and field == known for end, known in ALLOWED):
            continue
        name = next((str(step) for step in reversed(place) if step != 0), "")
        for value in fitting(name, sides.foreign):
            sent = replaced(body, place, value)
            answer = who.request(route.method, "raw", asked, headers=headers, json=sent)
            what = f"{route.method} {asked} with {value} as {field}"
            sides.check(answer, what, value, name if FREE.search(field) else "")
            if not EVERYTHING and not FREE.search(field):
                assert answer.status_code >= 400, f"{what}: {answer.status_code} {answer.text}"
    assert sides.estate.look() == sides.before
