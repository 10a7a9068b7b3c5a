"""Our answers beside those recorded from the real services."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud
from tests.testcloud.cloud import PASSWORD

from .asking import FOLDER, ask_all, cases, plain, shape, without

SERVER = re.compile(r"/v2\.1/servers/[0-9a-f-]{36}$")
RECORDED: dict[str, Any] = json.loads((FOLDER / "recorded.json").read_text())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("parity")) / "cloud")
    cloud.start_hosts()
    admin = cloud.client("admin")
    cloud.wait(lambda: admin.get("compute", "/os-hypervisors").json()["hypervisors"])
    try:
        project = admin.get("identity", "/projects?name=admin").json()["projects"][0]["id"]

        def status_of(path: str, headers: dict[str, str]) -> int:
            return int(cloud.http.request("GET", path, headers=headers).status_code)

        def ask(
            method: str, service: str, path: str, headers: dict[str, str], content: bytes | None
        ) -> tuple[int, dict[str, str], str]:
            mount = cloud.env.service(service).mount
            found = cloud.http.request(method, mount + path, headers=headers, content=content)
            if method == "DELETE" and SERVER.search(path):  # the next case needs the quota
                cloud.wait(lambda: status_of(mount + path, headers) == 404)
            return found.status_code, dict(found.headers), found.text

        values = {"token": admin.token, "admin_project": project, "password": PASSWORD}

        def rest() -> None:
            cloud.settle()
            time.sleep(0.01)

        return ask_all(ask, values, rest)
    finally:
        cloud.close()


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['service']}: {case['name']}")
def test_the_answer_is_like_the_real_one(case: dict[str, Any], answers: dict[str, Any]) -> None:
    name = f"{case['service']}: {case['name']}"
    ours, theirs = answers[name], RECORDED[name]
    problem = difference(case, ours, theirs)
    if problem and case.get("later"):
        assert ours["status"] in (400, 404), "a plain no until it is there"
        pytest.xfail("we do not have this yet")
    assert not problem, problem


def difference(case: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """What a client would notice, in words; empty when there is nothing."""
    if ours["status"] != theirs["status"]:
        return f"{ours} instead of {theirs}"
    wanted = without(theirs["body"], case.get("ignore", []))
    found = without(ours["body"], case.get("ignore", []))
    compare = case.get("compare", "shape")
    if compare == "exact" and plain(found) != plain(wanted):
        return f"{found} instead of {wanted}"
    return "\n".join(lacking(shape(wanted), shape(found))) if compare == "shape" else ""


def lacking(wanted: Any, found: Any, where: str = "") -> list[str]:
    """What of ``wanted``'s shape is not in ``found``; a null may stand where a value stands."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [] if found == "NoneType" else [f"{where}: not an object"]
        gone = [f"{where}.{key}" for key in wanted if key not in found]
        both = [key for key in wanted if key in found]
        inner = [lacking(wanted[key], found[key], f"{where}.{key}") for key in both]
        return gone + [one for some in inner for one in some]
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return [f"{where}: not a list"]
        return lacking(wanted[0], found[0], f"{where}[]") if wanted and found else []
    if isinstance(found, dict | list):
        return [] if wanted == "NoneType" else [f"{where}: {found} instead of {wanted}"]
    same = wanted == found or "NoneType" in (wanted, found) or {wanted, found} == {"int", "float"}
    return [] if same else [f"{where}: {found} instead of {wanted}"]
