"""A tenant reads the names of hosts nowhere, whatever is asked and whatever went wrong."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import Client, TestCloud

from ..estate import Estate
from ..routes import routes

READS = [(s, r, p) for s, r, p in routes() if r.method in ("GET", "HEAD") and not r.public]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "control-machine")
        cloud = TestCloud(Path(tmp_path_factory.mktemp("hosts")) / "cloud")
        try:
            yield Estate(cloud)
        finally:
            cloud.close()


@pytest.fixture(scope="module")
def hosts(estate: Estate) -> set[str]:
    """Names and ids of what only administrators know: hosts, their agents and services."""
    compute = estate.admin.get("compute", "/os-hypervisors/detail", microversion="2.53").json()
    services = estate.admin.get("compute", "/os-services", microversion="2.53").json()
    agents = estate.admin.get("network", "/agents").json()["agents"]
    found = {one["hypervisor_hostname"] for one in compute["hypervisors"]}
    found |= {one["host"] for one in [*services["services"], *agents]}
    found |= {one["id"] for one in [*compute["hypervisors"], *services["services"], *agents]}
    assert {"control-machine"} < found
    return found


def failed(estate: Estate, **values: Any) -> str:
    """The id of a server of the tenant that found no host."""
    body = {"name": "failed", "flavorRef": "42", "imageRef": estate.ids["images"], **values}
    body |= {"networks": "none"}
    answer = estate.demo.post("compute", "/servers", json={"server": body}, microversion="2.74")
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["server"]["id"]
    path = f"/servers/{found}"
    estate.cloud.wait(
        lambda: estate.demo.get("compute", path).json()["server"]["status"] == "ERROR"
    )
    return found


@pytest.mark.parametrize("who", ["member", "reader"])
def test_no_read_tells_a_host(estate: Estate, hosts: set[str], who: str) -> None:
    size = {"vcpus": 1, "ram": 64, "disk": 1 << 24}
    huge = {"name": f"huge-{who}", "id": f"huge-{who}", **size}
    answer = estate.admin.post("compute", "/flavors", json={"flavor": huge})
    assert answer.status_code == 200
    server = failed(estate, flavorRef=huge["id"])
    person: Client = estate.person(f"a-{who}", who, "demo")
    shown = []
    told_names = re.compile("|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" for one in hosts))
    asked = estate.ids["servers"]
    for service, route, path in READS:
        for one in {asked, server} if "{server_id}" in path or "/servers/" in path else {asked}:
            estate.ids["servers"] = one
            answer = estate.send(service, route, path, person)
            told = f"{answer.text} {dict(answer.headers)}"
            shown += [f"{path} shows {one}: {told[:300]}" for one in told_names.findall(told)]
    estate.ids["servers"] = asked
    assert not shown, "\n".join(shown)
    fault = estate.admin.get("compute", f"/servers/{server}").json()["server"]["fault"]
    assert any(name in fault["details"] for name in hosts), "administrators lost the reason"
