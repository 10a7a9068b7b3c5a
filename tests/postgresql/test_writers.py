"""Many writers at once, through two server processes: every rule holds as with one writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from tests.postgresql.servers import Server

Pair = list[Server]
THREADS = 16
NETWORK = "/networking/v2.0"


def at_once(pair: Pair, ask: Callable[[Server, int], httpx.Response]) -> list[httpx.Response]:
    """The answers to 16 requests that begin together, every other one at each server."""
    barrier = Barrier(THREADS)

    def one(number: int) -> httpx.Response:
        barrier.wait(10)
        return ask(pair[number % len(pair)], number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    unexpected = [answer.text for answer in answers if answer.status_code >= 500]
    assert not unexpected
    return Counter(answer.status_code for answer in answers)


class Tenant:
    """A project with a member of its own."""

    def __init__(self, server: Server) -> None:
        self.admin = server.log_in()
        name = uuid4().hex
        identity = "/identity/v3"
        project = server.made(f"{identity}/projects", self.admin, {"project": {"name": name}})
        user = server.made(
            f"{identity}/users", self.admin, {"user": {"name": name, "password": name}}
        )
        roles = server.call("GET", f"{identity}/roles?name=member", self.admin).json()["roles"]
        self.project_id = project["id"]
        path = f"{identity}/projects/{project['id']}/users/{user['id']}/roles/{roles[0]['id']}"
        assert server.call("PUT", path, self.admin).status_code == 204
        self.token = server.log_in(name, name, name)


@pytest.fixture
def tenant(pair: Pair) -> Iterator[Tenant]:
    yield Tenant(pair[0])


def limit(pair: Pair, tenant: Tenant, resource: str, most: int) -> None:
    path = f"{NETWORK}/quotas/{tenant.project_id}"
    answer = pair[0].call("PUT", path, tenant.admin, json={"quota": {resource: most}})
    assert answer.status_code == 200, answer.text


def made_subnet(pair: Pair, tenant: Tenant) -> tuple[str, str]:
    """(network id, subnet id) of 10.7.0.0/24."""
    network = pair[0].made(f"{NETWORK}/networks", tenant.token, {"network": {"name": "n"}})
    values = {"network_id": network["id"], "cidr": "10.7.0.0/24", "ip_version": 4}
    subnet = pair[0].made(f"{NETWORK}/subnets", tenant.token, {"subnet": values})
    return network["id"], subnet["id"]


def test_the_last_unit_of_a_quota_goes_to_one(pair: Pair, tenant: Tenant) -> None:
    limit(pair, tenant, "network", 10)

    def ask(server: Server, number: int) -> httpx.Response:
        document = {"network": {"name": f"n{number}"}}
        return server.call("POST", f"{NETWORK}/networks", tenant.token, json=document)

    assert statuses(at_once(pair, ask)) == {201: 10, 409: 6}
    assert statuses(at_once(pair, ask)) == {409: 16}
    found = pair[1].call("GET", f"{NETWORK}/networks?project_id={tenant.project_id}", tenant.token)
    assert len(found.json()["networks"]) == 10


def test_a_compute_quota_says_403(pair: Pair, tenant: Tenant) -> None:
    path = f"/compute/v2.1/os-quota-sets/{tenant.project_id}"
    body = {"quota_set": {"server_groups": 10}}
    assert pair[0].call("PUT", path, tenant.admin, json=body).status_code == 200

    def ask(server: Server, number: int) -> httpx.Response:
        document = {"server_group": {"name": f"g{number}", "policies": ["affinity"]}}
        path = "/compute/v2.1/os-server-groups"
        return server.call("POST", path, tenant.token, json=document)

    assert statuses(at_once(pair, ask)) == {200: 10, 403: 6}


def test_an_address_goes_to_one_port(pair: Pair, tenant: Tenant) -> None:
    network, subnet = made_subnet(pair, tenant)
    fixed = [{"subnet_id": subnet, "ip_address": "10.7.0.77"}]

    def ask(server: Server, number: int) -> httpx.Response:
        document = {"port": {"network_id": network, "fixed_ips": fixed}}
        return server.call("POST", f"{NETWORK}/ports", tenant.token, json=document)

    assert statuses(at_once(pair, ask)) == {201: 1, 409: 15}


def test_addresses_that_are_chosen_differ(pair: Pair, tenant: Tenant) -> None:
    network, _ = made_subnet(pair, tenant)

    def ask(server: Server, number: int) -> httpx.Response:
        document = {"port": {"network_id": network}}
        return server.call("POST", f"{NETWORK}/ports", tenant.token, json=document)

    answers = at_once(pair, ask)
    assert statuses(answers) == {201: 16}
    chosen = {answer.json()["port"]["fixed_ips"][0]["ip_address"] for answer in answers}
    assert len(chosen) == 16
    assert len({answer.json()["port"]["mac_address"] for answer in answers}) == 16


def test_the_first_use_of_the_network_makes_one_default_group(pair: Pair, tenant: Tenant) -> None:
    def ask(server: Server, number: int) -> httpx.Response:
        return server.call("GET", f"{NETWORK}/security-groups", tenant.token)

    assert statuses(at_once(pair, ask)) == {200: 16}
    found = pair[0].call("GET", f"{NETWORK}/security-groups", tenant.token).json()
    assert [group["name"] for group in found["security_groups"]] == ["default"]


@pytest.mark.parametrize("kind", ["project", "user", "role", "group", "domain"])
def test_a_name_goes_to_one(pair: Pair, kind: str) -> None:
    token, name = pair[0].log_in(), uuid4().hex

    def ask(server: Server, number: int) -> httpx.Response:
        document = {kind: {"name": name}}
        return server.call("POST", f"/identity/v3/{kind}s", token, json=document)

    assert statuses(at_once(pair, ask)) == {201: 1, 409: 15}


def test_a_key_pair_name_goes_to_one(pair: Pair, tenant: Tenant) -> None:
    def ask(server: Server, number: int) -> httpx.Response:
        document = {"keypair": {"name": "k"}}
        return server.call("POST", "/compute/v2.1/os-keypairs", tenant.token, json=document)

    assert statuses(at_once(pair, ask)) == {200: 1, 409: 15}


def test_an_image_id_goes_to_one(pair: Pair, tenant: Tenant) -> None:
    image = {"id": str(uuid4()), "name": "i"}

    def ask(server: Server, number: int) -> httpx.Response:
        return server.call("POST", "/image/v2/images", tenant.token, json=image)

    assert statuses(at_once(pair, ask)) == {201: 1, 409: 15}


def test_what_a_host_has_is_claimed_once(pair: Pair) -> None:
    """Placement: 16 consumers want one of four processors each."""
    token, provider = pair[0].log_in(), str(uuid4())
    pinned = {"X-Auth-Token": token, "OpenStack-API-Version": "placement 1.28"}
    http = pair[0].http
    host = f"/placement/resource_providers/{provider}"
    values = {"name": provider, "uuid": provider}
    answer = http.post("/placement/resource_providers", json=values, headers=pinned)
    assert answer.status_code == 200, answer.text
    inventory = {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4}}}
    answer = http.put(f"{host}/inventories", json=inventory, headers=pinned)
    assert answer.status_code == 200, answer.text

    def ask(server: Server, number: int) -> httpx.Response:
        claim = {
            "allocations": {provider: {"resources": {"VCPU": 1}}},
            "consumer_generation": None,
            "project_id": "p",
            "user_id": "u",
        }
        path = f"/placement/allocations/{uuid4()}"
        return server.http.put(path, json=claim, headers=pinned)

    assert statuses(at_once(pair, ask)) == {204: 4, 409: 12}
    used = http.get(f"{host}/usages", headers=pinned).json()["usages"]
    assert used == {"VCPU": 4}
