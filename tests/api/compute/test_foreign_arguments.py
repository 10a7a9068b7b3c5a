"""Arguments of compute's requests that name a thing of another project: as if it were not there.

Each body is valid but for the one id (or name, or address), and what comes back must be the same
as for one that never existed: nothing of the other project is told, taken or changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stratolith.compute.api.server_actions import _ACTIONS
from tests.testcloud import Client, TestCloud

from ...estate import Estate

MISSING = "11111111-1111-4111-8111-111111111111"
SERVER = "/servers/{own server}"
ACT = f"{SERVER}/action"
ATTACH = f"{SERVER}/os-interface"


class Case(NamedTuple):
    """``foreign``: what stands for {x} in path and body; ``missing``: the same, not there."""

    method: str
    path: str
    body: Any
    foreign: str
    missing: str = MISSING
    version: str = "2.1"


def act(name: str, value: Any, foreign: str, missing: str = MISSING, version: str = "2.1") -> Case:
    return Case("POST", ACT, {name: value}, foreign, missing, version)


def attach(foreign: str, missing: str = MISSING, **values: Any) -> Case:
    return Case("POST", ATTACH, {"interfaceAttachment": values}, foreign, missing, "2.70")


def create(foreign: str, missing: str = MISSING, hints: Any = None, **values: Any) -> Case:
    body: dict[str, Any] = {"server": values}
    if hints is not None:
        body["os:scheduler_hints"] = hints
    return Case("POST", "/servers", body, foreign, missing, "2.60")


ADDRESS, NO_ADDRESS = "{address}", "10.99.0.7"
DISK = {"boot_index": 0, "source_type": "image", "destination_type": "local", "uuid": "{x}"}
CASES = [
    attach("{ports}", port_id="{x}"),
    attach("{os-interface}", port_id="{x}"),
    attach("{networks}", net_id="{x}"),
    attach("{networks}", net_id="{x}", fixed_ips=[{"ip_address": ADDRESS}]),
    attach(ADDRESS, NO_ADDRESS, net_id="{own network}", fixed_ips=[{"ip_address": "{x}"}]),
    attach("{ports}", port_id="{x}", tag="a"),
    Case("GET", ATTACH + "/{x}", None, "{os-interface}"),
    Case("DELETE", ATTACH + "/{x}", None, "{os-interface}"),
    act("rebuild", {"imageRef": "{x}"}, "{images}"),
    act("rebuild", {"imageRef": "{public image}", "key_name": "{x}"}, "estate", "none", "2.54"),
    act("addSecurityGroup", {"name": "{x}"}, "{security-groups}"),
    act("addSecurityGroup", {"name": "{x}"}, "estate", "nothing"),
    act("removeSecurityGroup", {"name": "{x}"}, "{security-groups}"),
    act("removeSecurityGroup", {"name": "{x}"}, "estate", "nothing"),
    act("addFloatingIp", {"address": "{x}"}, "{floating}", NO_ADDRESS),
    act("removeFloatingIp", {"address": "{x}"}, "{floating}", NO_ADDRESS),
    act("addFloatingIp", {"address": "{own floating}", "fixed_address": "{x}"}, ADDRESS,
        NO_ADDRESS),
    act("addFixedIp", {"networkId": "{x}"}, "{networks}"),
    act("removeFixedIp", {"address": "{x}"}, ADDRESS, NO_ADDRESS),
    create("{images}", imageRef="{x}"),
    create("{images}", imageRef="{public image}", block_device_mapping_v2=[DISK]),
    create("{networks}", networks=[{"uuid": "{x}"}]),
    create("{ports}", networks=[{"port": "{x}"}]),
    create("{os-interface}", networks=[{"port": "{x}"}]),
    create(ADDRESS, NO_ADDRESS, networks=[{"uuid": "{own network}", "fixed_ip": "{x}"}]),
    create("{security-groups}", security_groups=[{"name": "{x}"}]),
    create("estate", "nothing", security_groups=[{"name": "{x}"}]),
    create("estate", "nothing", key_name="{x}"),
    create("{os-server-groups}", hints={"group": "{x}"}),
    create("{os-server-groups}", hints={"group": ["{x}"]}),
    Case("POST", "/os-security-group-rules", {"security_group_rule": {
        "parent_group_id": "{x}", "ip_protocol": "tcp", "from_port": 1, "to_port": 2,
        "cidr": "10.0.0.0/8"}}, "{security-groups}"),
    Case("POST", "/os-security-group-rules", {"security_group_rule": {
        "parent_group_id": "{own group}", "ip_protocol": "tcp", "from_port": 1, "to_port": 2,
        "group_id": "{x}"}}, "{security-groups}"),
    Case("POST", "/os-floating-ips", {"pool": "{x}"}, "{networks}"),
    Case("POST", "/os-floating-ips", {"pool": "{x}"}, "estate", "nothing"),
    Case("POST", "/os-keypairs", {"keypair": {"name": "x", "type": "ssh", "user_id": "{x}"}},
         "{users}", "1" * 32, "2.10"),
    Case("GET", "/os-keypairs?user_id={x}", None, "{users}", "1" * 32, "2.10"),
    Case("GET", "/limits?tenant_id={x}", None, "{projects}", "1" * 32),
    Case("GET", "/os-simple-tenant-usage/{x}", None, "{projects}", "1" * 32),
    Case("GET", "/servers?reservation_id={x}", None, "{reservation}", "r-00000000"),
    Case("GET", "/servers?image={x}", None, "{images}"),
    Case("GET", "/servers?ip={x}", None, ADDRESS, NO_ADDRESS),
    Case("GET", "/servers?uuid={x}", None, "{servers}"),
]  # fmt: skip
# Acts without an argument that names a row.
BARE = {
    "os-start", "os-stop", "reboot", "pause", "unpause", "forceDelete", "lock", "unlock",
    "os-resetState", "injectNetworkInfo", "os-getConsoleOutput", "changePassword",
}  # fmt: skip


class World(NamedTuple):
    estate: Estate
    stranger: Client
    ids: dict[str, str]
    before: dict[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("foreign")) / "cloud")
    estate = Estate(cloud)
    stranger = estate.person("stranger", "member", "other")
    ids = own_things(estate, stranger)
    yield World(estate, stranger, ids, estate.calm_look())
    cloud.close()


def own_things(estate: Estate, stranger: Client) -> dict[str, str]:
    def make(collection: str, key: str, **values: Any) -> dict[str, Any]:
        answer = stranger.post("network", f"/{collection}", json={key: values})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()[key]
        return made

    network = make("networks", "network", name="own")["id"]
    make("subnets", "subnet", network_id=network, ip_version=4, cidr="10.7.0.0/24")
    image = estate.admin.get("image", "/images?visibility=public").json()["images"][0]["id"]
    demo = estate.demo.get("compute", f"/servers/{estate.ids['servers']}", microversion="2.3")
    server = demo.json()["server"]
    ids = {
        **estate.ids,
        "own network": network,
        "own group": make("security-groups", "security_group", name="own")["id"],
        "own floating": make("floatingips", "floatingip", floating_network_id=estate.ids["public"])[
            "floating_ip_address"
        ],
        "public image": image,
        "address": server["addresses"]["estate"][0]["addr"],
        "floating": estate.demo.get("network", "/floatingips").json()["floatingips"][0][
            "floating_ip_address"
        ],
        "reservation": estate.admin.get(
            "compute", f"/servers/{estate.ids['servers']}", microversion="2.3"
        ).json()["server"]["OS-EXT-SRV-ATTR:reservation_id"],
    }
    body = {"server": base(ids)}
    made = stranger.post("compute", "/servers", json=body).json()["server"]["id"]
    path = f"/servers/{made}"
    estate.cloud.wait(lambda: stranger.get("compute", path).json()["server"]["status"] == "ACTIVE")
    return {**ids, "own server": made}


def base(ids: dict[str, str]) -> dict[str, Any]:
    return {"name": "own", "flavorRef": "42", "imageRef": ids["public image"],
            "networks": [{"uuid": ids["own network"]}]}  # fmt: skip


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    if isinstance(value, str):
        for name, found in ids.items():
            value = value.replace(f"{{{name}}}", found)
    return value


def ask(world: World, case: Case, x: str) -> tuple[int, str]:
    """Status and body, without the value that was asked for."""
    ids = {**world.ids, "x": filled(x, world.ids)}
    body = case.body
    if case.path == "/servers" and body:
        body = {**body, "server": {**base(world.ids), **body["server"]}}
    answer = world.stranger.request(
        case.method, "compute", filled(case.path, ids), json=filled(body, ids),
        microversion=case.version,
    )  # fmt: skip
    return answer.status_code, answer.text.replace(ids["x"], "")


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.method} {c.path} {c.body} {c.foreign}")
def test_what_is_foreign_is_not_there(world: World, case: Case) -> None:
    status, said = ask(world, case, case.foreign)
    assert status < 500
    if case.method != "GET":
        assert status >= 400, said
    assert (status, said) == ask(world, case, case.missing)
    assert world.estate.look() == world.before


def test_every_act_with_an_argument_is_tried() -> None:
    """A new act that names rows belongs into the table above."""
    tried = {name for case in CASES if case.path == ACT for name in case.body}
    assert set(_ACTIONS) == tried | BARE


@pytest.mark.parametrize("servers", ["{servers}", ["{servers}"]], ids=["one", "list"])
def test_hints_do_not_lead_to_the_servers_of_others(world: World, servers: Any) -> None:
    """Neither beside nor away from it: one would learn, or choose, on which host it is."""
    server = base(world.ids)
    body = {"server": server, "os:scheduler_hints": {"same_host": filled(servers, world.ids)}}
    made = world.stranger.post("compute", "/servers", json=body).json()["server"]["id"]
    path = f"/servers/{made}"

    def status() -> str:
        found: str = world.stranger.get("compute", path).json()["server"]["status"]
        return found

    world.estate.cloud.wait(lambda: status() != "BUILD")
    assert status() == "ERROR"
    world.stranger.delete("compute", path)
    # away from its own server and the foreign one: the foreign one closes no host
    known = world.estate.admin.get("compute", "/os-hypervisors").json()["hypervisors"]
    shown = world.estate.admin.get("compute", f"/servers/{world.ids['servers']}").json()["server"]
    used = shown["OS-EXT-SRV-ATTR:hypervisor_hostname"]
    others = [one for one in known if one["hypervisor_hostname"] != used]
    services = world.estate.admin.get("compute", "/os-services?binary=nova-compute").json()
    closed = [
        {"host": one["host"], "binary": "nova-compute"}
        for one in services["services"]
        if one["host"] != shown["OS-EXT-SRV-ATTR:host"]
    ]
    assert len(closed) == len(others)
    for one in closed:
        world.estate.admin.put("compute", "/os-services/disable", json=one)
    try:
        hint = {"different_host": filled(servers, world.ids)}
        body = {"server": server, "os:scheduler_hints": hint}
        made = world.stranger.post("compute", "/servers", json=body).json()["server"]["id"]
        path = f"/servers/{made}"
        world.estate.cloud.wait(lambda: status() != "BUILD")
        assert status() == "ACTIVE"
    finally:
        for one in closed:
            world.estate.admin.put("compute", "/os-services/enable", json=one)


def test_the_project_in_the_path_is_that_of_the_token(cloud: TestCloud) -> None:
    demo, admin = cloud.client("demo"), cloud.client("admin")
    unscoped = cloud.client("demo", None)
    found = admin.get("identity", "/projects?name=demo").json()["projects"]
    own = found[0]["id"]
    assert demo.get("raw", f"/compute/v2.1/{own}/servers").status_code == 200
    for who, project in ((demo, "f" * 32), (admin, own), (unscoped, own)):
        for method, path in (("GET", "servers"), ("POST", "os-keypairs"), ("GET", "flavors")):
            answer = who.request(method, "raw", f"/compute/v2.1/{project}/{path}", json={})
            assert answer.status_code == 400, answer.text
            assert "Malformed request URL" in answer.text
    assert cloud.anonymous().get("raw", f"/compute/v2.1/{own}/servers").status_code == 401
