"""Every rule of the policies decides something: one request fails and one succeeds by it.

Requests run against an estate whose transactions are undone, so that each may be tried twice:
once with the rule overridden by "!" (nobody) and once by "@" (everybody).
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from stratolith.services import load
from tests.testcloud import Client, TestCloud

from ...estate import Estate
from ...furniture import furnish
from ...routes import routes
from .rule_requests import REQUESTS
from .rules_kept import KEPT, NOT_THERE

RULES = [(s.type, rule.name) for s in load() for rule in s.policies]
Probe = Callable[[], Any]


class Desk:
    """Sends requests whose effects are undone, and notes which rules each of them asks."""

    def __init__(self, folder: Path) -> None:
        self.cloud = TestCloud(folder)
        self.estate = Estate(self.cloud)
        furnish(self.estate)
        self.cloud.settle()
        self.admin = self.cloud.client("admin")
        self._more()
        self.asked: dict[tuple[str, str], list[Probe]] = defaultdict(list)
        self._undo()
        self._note()

    def _more(self) -> None:
        """What the estate lacks."""

        def made(service: str, path: str, body: Any, who: Client = self.admin) -> Any:
            answer = who.post(service, path, json=body)
            assert answer.status_code in (200, 201, 202), answer.text
            return answer.json() if answer.content else {}

        ids, demo = self.estate.ids, self.estate.demo
        role = {"role": {"name": "in-domain", "domain_id": ids["domains"]}}
        ids["domain role"] = made("identity", "/roles", role)["role"]["id"]
        domain = {"domain": {"name": "closed", "enabled": False}}
        ids["closed domain"] = made("identity", "/domains", domain)["domain"]["id"]
        roles = self.admin.get("identity", "/roles?name=member").json()["roles"]
        ids["trust role"] = roles[0]["id"]
        flavor = {"flavor": {"name": "zero", "ram": 64, "vcpus": 1, "disk": 0}}
        ids["zero flavor"] = made("compute", "/flavors", flavor)["flavor"]["id"]
        made("compute", f"/servers/{ids['servers']}/action", {"lock": None})
        outside = made("network", "/networks", {"network": {"name": "outside"}}, demo)["network"]
        ids["outside"] = outside["id"]
        subnet = {"network_id": outside["id"], "ip_version": 4, "cidr": "10.62.0.0/24"}
        made("network", "/subnets", {"subnet": subnet}, demo)
        external = {"network": {"router:external": True}}
        answer = self.admin.put("network", f"/networks/{outside['id']}", json=external)
        assert answer.status_code == 200, answer.text
        agents = self.cloud.env.agents
        assert agents is not None
        place = Offers(tunnel_address="192.0.2.2")
        agents.seen("elsewhere", "1", ["network"], self.cloud.env.clock.now(), place)
        path = f"/ports/{ids['os-interface']}/bindings"
        service = self.estate.person("mover", "service", "demo")
        made("network", path, {"binding": {"host": "elsewhere"}}, service)

    def _undo(self) -> None:
        db = self.cloud.env.db
        commit = db.commit

        def instead(session: Any) -> None:
            if threading.current_thread().name.startswith("request"):
                session.rollback()
            else:
                commit(session)  # of hosts, which report as always

        db.commit = instead  # type: ignore[method-assign]

    def _note(self) -> None:
        policies = self.cloud.env.policies
        allows = policies.allows
        now: set[tuple[str, str]] = set()

        def noting(service: str, name: str, identity: Any, target: Mapping[str, Any]) -> bool:
            now.add((service, name))
            return allows(service, name, identity, target)

        policies.allows = noting  # type: ignore[method-assign]
        for probe in self._probes():
            now.clear()
            probe()
            for key in now:
                self.asked[key].append(probe)
        policies.allows = allows  # type: ignore[method-assign]

    def _probes(self) -> Iterator[Probe]:
        for service, method, path, body in REQUESTS:
            yield self._plain(service, method, path, self.estate.filled(body))
        for found in routes():
            yield self._route(*found)

    def _plain(self, service: str, method: str, path: str, body: Any) -> Probe:
        path, _, asked = path.partition("#")
        filled = re.sub(r"\{([^}]+)\}", lambda m: self.estate.ids[m[1]], path)
        version = asked or {"compute": "2.96", "placement": "1.39"}.get(service)
        options: dict[str, Any] = {"microversion": version} if version else {}
        if body is not None:
            options["json"] = body
        return lambda: self.admin.request(method, service, filled, **options)

    def _route(self, service: Service, route: Route, path: str) -> Probe:
        return lambda: self.estate.send(service, route, path, self.admin)

    def under(self, probe: Probe, rule: str, text: str) -> Any:
        self.cloud.env.policies.override({rule: text})
        try:
            return probe()
        finally:
            self.cloud.env.policies.override({})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    found = Desk(Path(tmp_path_factory.mktemp("rules")) / "cloud")
    yield found
    found.cloud.close()


def shape(value: Any) -> Any:
    """Which attributes an answer has and how many things, not what they are."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return None


def outcome(answer: Any) -> Any:
    try:
        return answer.status_code, shape(answer.json())
    except ValueError:
        return answer.status_code, None


def used_by(service: str, name: str) -> set[str]:
    """The rules of a service whose text names this one, or one that names it."""
    texts = {rule.name: rule.check for s in load() if s.type == service for rule in s.policies}
    found: set[str] = set()
    todo = {name}
    while todo:
        words = {f"rule:{one}" for one in todo}
        todo = {n for n, text in texts.items() if words & set(re.split(r"[\s()]+", text))} - found
        found |= todo
    return found


def test_the_security_page_names_the_rules_without_effect() -> None:
    page = (Path(__file__).parents[3] / "docs/explanation/security.md").read_text()
    missing = [name for (_, name), why in KEPT.items() if why == NOT_THERE and name not in page]
    assert not missing


@pytest.mark.parametrize(("service", "name"), RULES)
def test_a_rule_decides(service: str, name: str, desk: Desk) -> None:
    if (service, name) in KEPT:
        is_asked = (service, name) in desk.asked
        assert not is_asked, "asked after all: take it off the list"
        return
    probes = desk.asked.get((service, name), [])
    if not probes:
        users = used_by(service, name)
        assert any((service, one) in desk.asked for one in users), "nothing asks this rule"
        return
    seen = []
    for probe in probes[:12]:
        refused = outcome(desk.under(probe, name, "!"))
        allowed = outcome(desk.under(probe, name, "@"))
        if refused != allowed and allowed[0] != 403:
            return
        seen.append((refused[0], allowed[0]))
    pytest.fail(f"it decides nothing: {seen}")
