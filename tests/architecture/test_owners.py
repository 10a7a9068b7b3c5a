"""Nobody owns what belongs to nobody: the empty project equals no project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import stratolith
from tests.testcloud import Client, TestCloud

from ..estate import LOOKS, Estate
from ..people import PASSWORD, made, nobody
from ..routes import routes

SOURCES = Path(stratolith.__file__).parent
BARE = re.compile(r"[!=]= ctx\.project_id|ctx\.project_id [!=]=|ctx\.project_id (not )?in ")
READS = [(s, r, p) for s, r, p in routes() if r.method in ("GET", "HEAD") and not r.public]


def test_owners_are_compared_by_the_context_only() -> None:
    found = [
        f"{path.relative_to(SOURCES)}:{number}: {line.strip()}"
        for path in sorted(SOURCES.rglob("*.py"))
        if path != SOURCES / "kernel/context.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if BARE.search(line)
    ]
    assert not found, f"use ctx.owns() or ctx.own(), which know of tokens without project: {found}"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("owners")) / "cloud")
    try:
        yield Estate(cloud)
    finally:
        cloud.close()


def in_domain(estate: Estate) -> Client:
    """Somebody with a role on the domain that appears in no rule, and a token for the domain."""
    admin = estate.admin
    nobody(estate.cloud, "of-the-domain")
    user, role = made(admin, "users", "of-the-domain"), made(admin, "roles", "role-without-rights")
    path = f"/domains/default/users/{user}/roles/{role}"
    assert admin.put("identity", path).status_code == 204
    return estate.cloud.client("of-the-domain", None, password=PASSWORD, domain="Default")


def on_system(estate: Estate) -> Client:
    """A reader of the system without a role on any project."""
    nobody(estate.cloud, "of-the-system")
    user, role = made(estate.admin, "users", "of-the-system"), made(estate.admin, "roles", "reader")
    answer = estate.admin.put("identity", f"/system/users/{user}/roles/{role}")
    assert answer.status_code == 204
    return estate.cloud.client("of-the-system", None, password=PASSWORD, system=True)


@pytest.fixture(scope="module", params=["unscoped", "domain", "system"])
def stranger(request: pytest.FixtureRequest, estate: Estate) -> tuple[str, Client]:
    """(scope of the token, its owner)"""
    match request.param:
        case "unscoped":
            return "unscoped", nobody(estate.cloud)
        case "domain":
            return "domain", in_domain(estate)
        case _:
            return "system", on_system(estate)


@pytest.fixture(scope="module")
def secrets(estate: Estate) -> dict[str, str]:
    """id -> kind of everything that belongs to somebody or to nobody, by the admin's lists."""
    found: dict[str, str] = {}
    for collections in LOOKS.values():
        for one in collections:
            if one != "os-quota-sets" and len(estate.ids[one]) >= 32:
                found[estate.ids[one]] = one
    for kind in ("ports", "routers", "floatingips", "security-groups", "subnetpools"):
        answer = estate.admin.get("network", f"/{kind}").json()
        found |= {row["id"]: kind for row in answer[kind.replace("-", "_")]}
    return found


def test_a_token_without_project_reads_nothing_of_others(
    estate: Estate, stranger: tuple[str, Client], secrets: dict[str, str]
) -> None:
    who, person = stranger
    shown = []
    for service, route, path in READS:
        if service.type == "identity" and who == "system":
            continue  # its rules let readers of the system read everything, as upstream's
        answer = estate.send(service, route, path, person)
        assert answer.status_code < 500, f"{path}: {answer.text}"
        if answer.status_code >= 400:
            continue
        asked = estate.path(path)
        shown += [
            f"{path} shows {kind} {one}"
            for one, kind in secrets.items()
            if one in answer.text and one not in asked
        ]
        if any(f"/{one}" in asked for one in secrets):
            shown.append(f"{path}: {answer.text[:200]}")
    assert not shown, "\n".join(shown)
