"""A project's things are not there for another project: 404 by every route, and unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.compute.api import removed
from stratolith.compute.api.server_actions import _ACTIONS
from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.http.resource import Attributes, Invalid
from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from stratolith.network.schemas.floatingips import FLOATING_IP
from stratolith.network.schemas.networks import NETWORK
from stratolith.network.schemas.ports import PORT
from stratolith.network.schemas.rbac_policies import RBAC_POLICY
from stratolith.network.schemas.routers import ROUTER
from stratolith.network.schemas.security_groups import RULE, SECURITY_GROUP
from stratolith.network.schemas.subnetpools import ADDRESS_SCOPE, SUBNETPOOL
from stratolith.network.schemas.subnets import SUBNET
from tests.testcloud import Client, TestCloud

from ..estate import LOOKS, QOS_RULES, Estate
from ..people import made
from ..routes import routes, version_headers

# Collections whose members belong to a project or a user, by what stands before the variable.
PRIVATE = {
    *(one for collections in LOOKS.values() for one in collections),
    *("policies", *(f"alias_{kind}_rules" for kind in QOS_RULES)),
    *(f"alias-{kind.replace('_', '-')}-rules" for kind in QOS_RULES),
    *("security_groups", "os-security-groups", "os-security-group-rules", "os-floating-ips"),
}
# Quotas of others, and the agents of anything, are a matter of rights, not of sight.
FORBIDDEN = ("/quotas/", "/os-quota-sets/", "/l3-agents", "/dhcp-agents")
# Everybody may know what a project gets that has no limits of its own.
OPEN = "/os-quota-sets/{project_id}/defaults"


def private_routes() -> list[tuple[Service, Route, str]]:
    found = []
    for service, route, path in routes():
        owner = path.partition("/{")[0].rpartition("/")[2] if "{" in path else ""
        if path.endswith(OPEN) or route.handler is removed.gone:
            continue
        if service.type in LOOKS and owner in PRIVATE and not route.public:
            found.append((service, route, path))
    return found


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("walls")) / "cloud")
    try:
        yield Estate(cloud)
    finally:
        cloud.close()


@pytest.fixture(scope="module")
def stranger(estate: Estate) -> Client:
    """A member of another project, with things of its own to reach out from."""
    return estate.person("stranger", "member", "other")


@pytest.fixture(scope="module")
def before(estate: Estate, stranger: Client) -> dict[str, Any]:
    """What the owner sees once nothing moves any more."""
    return estate.calm_look()


@pytest.mark.parametrize(
    ("service", "route", "path"),
    private_routes(),
    ids=lambda v: f"{v.method}" if isinstance(v, Route) else v if isinstance(v, str) else "",
)
def test_a_stranger_finds_nothing_behind_an_id(
    service: Service,
    route: Route,
    path: str,
    estate: Estate,
    stranger: Client,
    before: dict[str, Any],
) -> None:
    answer = estate.send(service, route, path, stranger)
    allowed = (403, 404) if any(part in path for part in FORBIDDEN) else (404,)
    assert answer.status_code in allowed, f"{route.method} {path}: {answer.text}"
    if route.method not in ("GET", "HEAD"):
        assert estate.look() == before


@pytest.mark.parametrize("name", sorted(_ACTIONS))
def test_a_stranger_cannot_act_on_a_server(
    name: str, estate: Estate, stranger: Client, before: dict[str, Any]
) -> None:
    path = f"/servers/{estate.ids['servers']}/action"
    answer = stranger.post("compute", path, json={name: None})
    assert answer.status_code == 404, answer.text
    assert estate.look() == before


def test_lists_show_nothing_of_others(estate: Estate, stranger: Client) -> None:
    for service, collections in LOOKS.items():
        for one in collections:
            if one == "os-quota-sets":
                continue
            answer = stranger.get(service, f"/{one}")
            assert answer.status_code == 200, answer.text
            assert estate.ids[one] not in answer.text.split('"'), one


@pytest.mark.parametrize("query", ["all_tenants=1", "project_id={}", "tenant_id={}"])
def test_filters_do_not_open_lists(query: str, estate: Estate, stranger: Client) -> None:
    asked = query.format(estate.ids["projects"])
    for service, path in [
        ("compute", "/servers"),
        ("network", "/ports"),
        ("network", "/networks"),
        ("image", "/images"),
    ]:
        answer = stranger.get(service, f"{path}?{asked}&owner={estate.ids['projects']}")
        assert answer.status_code in (200, 400, 403), answer.text
        assert estate.ids[path[1:]] not in answer.text, path


RESOURCES = [NETWORK, SUBNET, PORT, ROUTER, FLOATING_IP, RULE, SECURITY_GROUP, SUBNETPOOL,
             ADDRESS_SCOPE, RBAC_POLICY]  # fmt: skip
MISSING = "11111111-1111-4111-8111-111111111111"
LISTS = [
    (service, path)
    for service, route, path in routes()
    if service.type in LOOKS and route.method == "GET" and not route.public
    and "/flavors/" not in path  # everybody's
    and path.rpartition("/")[2] in {*LOOKS[service.type], "detail", "tasks"}
]  # fmt: skip


@pytest.mark.parametrize(("service", "path"), LISTS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_strangers_marker_tells_nothing(
    service: Service, path: str, estate: Estate, stranger: Client
) -> None:
    """A marker that one cannot see counts as one that is not there, and the same is told."""
    kind = path.removesuffix("/detail").rpartition("/")[2]
    foreign, headers = estate.ids.get(kind, MISSING), version_headers(service)

    def ask(marker: str) -> tuple[int, str]:
        where = f"{path}?marker={marker}&limit=1"
        answer = stranger.get("raw", where, headers=headers)
        return answer.status_code, answer.text.replace(marker, "")

    assert ask(foreign) == ask(MISSING), path


def identity_lists() -> list[str]:
    """Lists of the identity service: of everything, or of what belongs to a user or project."""
    return [
        path
        for service, route, path in routes()
        if service.type == "identity" and route.method == "GET" and not route.public
        and not path.endswith("}")
        and all(part in ("users", "projects") for part in owners(path))
    ]  # fmt: skip


def owners(path: str) -> list[str]:
    """What stands before the variables of a path."""
    parts = path.split("/")
    return [parts[at - 1] for at, part in enumerate(parts) if part.startswith("{")]


@pytest.mark.parametrize("path", identity_lists())
def test_a_strangers_marker_tells_nothing_in_identity(
    path: str, estate: Estate, stranger: Client
) -> None:
    mine = stranger.get("identity", "/auth/projects").json()["projects"][0]["id"]
    me = made(estate.admin, "users", "stranger")
    here = re.sub(r"projects/{\w+}", f"projects/{mine}", path)
    here = re.sub(r"users/{\w+}", f"users/{me}", here)
    foreign = {one for one in estate.ids.values() if len(one) >= 32}

    def ask(marker: str) -> tuple[int, str]:
        answer = stranger.get("raw", f"{here}?marker={marker}&limit=1&sort_key=name")
        said = f"marker={marker}" if answer.status_code == 200 else marker
        return answer.status_code, answer.text.replace(said, "")

    if ask(MISSING)[0] in (403, 404) and stranger.get("raw", here).status_code == 403:
        return  # not the stranger's to read
    for marker in foreign:
        assert ask(marker) == ask(MISSING), f"{path}: {marker}"


REACHES: list[tuple[str, str, str, Any]] = [
    ("network", "POST", "/ports", {"port": {"network_id": "{networks}"}}),
    ("network", "POST", "/subnets", {"subnet": {"network_id": "{networks}", "ip_version": 4,
                                                "cidr": "10.8.0.0/24"}}),
    ("network", "PUT", "/routers/{own router}/add_router_interface", {"subnet_id": "{subnets}"}),
    ("network", "PUT", "/routers/{own router}/add_router_interface", {"port_id": "{ports}"}),
    ("network", "PUT", "/routers/{own router}",
     {"router": {"external_gateway_info": {"network_id": "{networks}"}}}),
    ("network", "PUT", "/routers/{own router}/add_external_gateways",
     {"router": {"external_gateways": [{"network_id": "{networks}"}]}}),
    ("network", "POST", "/floatingips",
     {"floatingip": {"floating_network_id": "{public}", "port_id": "{ports}"}}),
    ("network", "PUT", "/ports/{own port}", {"port": {"security_groups": ["{security-groups}"]}}),
    ("network", "POST", "/security-group-rules",
     {"security_group_rule": {"security_group_id": "{security-groups}", "direction": "ingress"}}),
    ("network", "POST", "/security-group-rules",
     {"security_group_rule": {"security_group_id": "{own group}", "direction": "ingress",
                              "remote_group_id": "{security-groups}"}}),
    ("network", "POST", "/rbac-policies",
     {"rbac_policy": {"object_type": "network", "object_id": "{networks}",
                      "action": "access_as_shared", "target_tenant": "*"}}),
    ("network", "POST", "/networks", {"network": {"name": "x", "project_id": "{projects}"}}),
    ("network", "POST", "/ports",
     {"ports": [{"network_id": "{own network}"}, {"network_id": "{networks}"}]}),
    ("network", "POST", "/ports",
     {"port": {"network_id": "{own network}", "security_groups": ["{security-groups}"]}}),
    ("network", "POST", "/ports",
     {"port": {"network_id": "{own network}", "fixed_ips": [{"subnet_id": "{subnets}"}]}}),
    ("network", "POST", "/trunks", {"trunk": {"port_id": "{ports}"}}),
    ("network", "POST", "/subnets",
     {"subnet": {"network_id": "{own network}", "ip_version": 4,
                 "subnetpool_id": "{subnetpools}"}}),
    ("network", "POST", "/subnets",
     {"subnet": {"network_id": "{own network}", "ip_version": 4, "cidr": "10.9.0.0/24",
                 "segment_id": "{segments}"}}),
    ("network", "POST", "/subnetpools",
     {"subnetpool": {"name": "x", "prefixes": ["10.3.0.0/16"],
                     "address_scope_id": "{address-scopes}"}}),
    ("network", "POST", "/floatingips", {"floatingip": {"floating_network_id": "{networks}"}}),
    ("network", "POST", "/floatingips",
     {"floatingip": {"floating_network_id": "{public}", "subnet_id": "{subnets}"}}),
    ("network", "POST", "/routers",
     {"router": {"external_gateway_info": {"network_id": "{networks}"}}}),
    ("network", "POST", "/routers",
     {"router": {"external_gateway_info": {"network_id": "{public}",
                                           "external_fixed_ips": [{"subnet_id": "{subnets}"}]}}}),
    ("network", "PUT", "/routers/{own router}/remove_router_interface", {"subnet_id": "{subnets}"}),
    ("network", "PUT", "/routers/{own router}/remove_router_interface", {"port_id": "{ports}"}),
    ("network", "POST", "/rbac-policies",
     {"rbac_policy": {"object_type": "security_group", "object_id": "{security-groups}",
                      "action": "access_as_shared", "target_tenant": "{other}"}}),
    ("network", "POST", "/rbac-policies",
     {"rbac_policy": {"object_type": "qos_policy", "object_id": "{qos/policies}",
                      "action": "access_as_shared", "target_tenant": "{other}"}}),
    ("network", "POST", "/networks", {"network": {"qos_policy_id": "{qos/policies}"}}),
    ("network", "POST", "/ports",
     {"port": {"network_id": "{own network}", "qos_policy_id": "{qos/policies}"}}),
    ("network", "POST", "/floatingips",
     {"floatingip": {"floating_network_id": "{public}", "qos_policy_id": "{qos/policies}"}}),
    ("network", "POST", "/floatingips",
     {"floatingip": {"floating_network_id": "{public}", "port_id": "{own port}",
                     "router_id": "{routers}"}}),
    ("network", "PUT", "/routers/{own router}",
     {"router": {"external_gateway_info": {"network_id": "{public}",
                                           "qos_policy_id": "{qos/policies}"}}}),
    ("network", "POST", "/local-ips", {"local_ip": {"network_id": "{networks}"}}),
    ("network", "POST", "/local-ips", {"local_ip": {"local_port_id": "{ports}"}}),
    ("network", "POST", "/local_ips/{own local ip}/port_associations",
     {"port_association": {"fixed_port_id": "{ports}"}}),
    ("compute", "POST", "/servers", {"server": {"imageRef": "{images}"}}),
    ("compute", "POST", "/servers", {"server": {"networks": [{"uuid": "{networks}"}]}}),
    ("compute", "POST", "/servers", {"server": {"networks": [{"port": "{ports}"}]}}),
    ("compute", "POST", "/servers", {"server": {"key_name": "{os-keypairs}"}}),
    ("compute", "POST", "/servers",
     {"server": {"security_groups": [{"name": "{security-groups}"}]}}),
    ("image", "POST", "/images/{images}/members", {"member": "{other}"}),
    ("image", "PUT", "/images/{images}/members/{other}", {"status": "accepted"}),
]  # fmt: skip


def rows_named_by(resource: Attributes) -> set[str]:
    """The attributes of a resource that take the id of a row and nothing else."""

    def takes(convert: Any, value: Any) -> bool:
        try:
            convert(value)
        except (Invalid, ApiError):
            return False
        return True

    found = set()
    for name, attribute in resource.attributes.items():
        convert = attribute.convert
        if convert is None:
            continue
        one, many = takes(convert, MISSING), takes(convert, [MISSING])
        if (one and not takes(convert, "x")) or (many and not takes(convert, ["x"])):
            found.add(name)
    return found


def test_every_attribute_that_names_a_row_is_reached_through() -> None:
    """A new attribute with an id belongs into the table above."""
    tried: dict[str, set[str]] = {}
    for service, _, _, body in REACHES:
        for key, inner in body.items() if service == "network" else ():
            items = inner if isinstance(inner, list) else [inner]
            for item in items:
                if isinstance(item, dict):
                    tried.setdefault(key.removesuffix("s"), set()).update(item)
    for resource in RESOURCES:
        missing = rows_named_by(resource) - tried.get(resource.name, set())
        assert not missing, f"{resource.name}: {missing}"


@pytest.fixture(scope="module")
def own(estate: Estate, stranger: Client, before: dict[str, Any]) -> dict[str, str]:
    """The stranger's own things, beside the ids of the estate."""

    def make(collection: str, key: str, **values: Any) -> str:
        answer = stranger.post("network", f"/{collection}", json={key: values})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[key]["id"])

    network = make("networks", "network", name="own")
    make("subnets", "subnet", network_id=network, ip_version=4, cidr="10.7.0.0/24")
    public = stranger.get("network", "/networks?name=public").json()["networks"][0]["id"]
    other = estate.admin.get("identity", "/projects?name=other").json()["projects"][0]["id"]
    image = estate.admin.get("image", "/images?visibility=public").json()["images"][0]["id"]
    return {
        **estate.ids,
        "own network": network,
        "own port": make("ports", "port", network_id=network),
        "own router": make("routers", "router", name="own"),
        "own local ip": make("local-ips", "local_ip", network_id=network),
        "own group": make("security-groups", "security_group", name="own"),
        "public": public,
        "public image": image,
        "other": other,
    }


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    if isinstance(value, str):
        for name, found in ids.items():
            value = value.replace(f"{{{name}}}", found)
    return value


@pytest.mark.parametrize(("service", "method", "path", "body"), REACHES)
def test_a_stranger_cannot_reach_through(
    service: str,
    method: str,
    path: str,
    body: Any,
    estate: Estate,
    stranger: Client,
    before: dict[str, Any],
    own: dict[str, str],
) -> None:
    if path == "/servers":
        fine = {"name": "x", "flavorRef": "42", "imageRef": own["public image"],
                "networks": [{"uuid": own["own network"]}]}  # fmt: skip
        body = {"server": {**fine, **body["server"]}}
    answer = stranger.request(method, service, filled(path, own), json=filled(body, own))
    assert 400 <= answer.status_code < 500, answer.text
    assert estate.look() == before


def test_the_stranger_may_do_the_same_with_its_own(
    estate: Estate, stranger: Client, own: dict[str, str]
) -> None:
    """Else the walls above would stand for another reason."""
    body = {"name": "x", "flavorRef": "42", "imageRef": own["public image"],
            "networks": [{"port": own["own port"]}],
            "security_groups": [{"name": own["own group"]}]}  # fmt: skip
    assert stranger.post("compute", "/servers", json={"server": body}).status_code == 202
    rule = {"security_group_id": own["own group"], "direction": "ingress",
            "remote_group_id": own["own group"]}  # fmt: skip
    answer = stranger.post("network", "/security-group-rules", json={"security_group_rule": rule})
    assert answer.status_code == 201
