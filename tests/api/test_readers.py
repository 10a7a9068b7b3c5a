"""Members and readers of a project may read what the real services let them read.

``refused_to_readers.txt`` has what a member or a reader of a project is refused: the first part
was compared with the real services, route by route; the second has the routes that name one rule,
with what this code refused when they were written down.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.estate import Estate
from tests.routes import routes
from tests.testcloud import TestCloud

TABLE = Path(__file__).with_name("refused_to_readers.txt")
# Reads about the own project or the own user, that come with values of their own
OWN = [
    "/placement/usages?project_id={project}",
    "/compute/v2.1/os-simple-tenant-usage/{project}",
    "/compute/v2.1/os-quota-sets/{project}",
    "/compute/v2.1/os-quota-sets/{project}/detail",
    "/compute/v2.1/os-quota-sets/{project}/defaults",
    "/networking/v2.0/quotas/{project}",
    "/networking/v2.0/quotas/{project}/default",
    "/networking/v2.0/quotas/{project}/details",
    "/networking/v2.0/quotas/project",
    "/identity/v3/projects/{project}",
    "/identity/v3/projects/{project}/tags",
    "/identity/v3/limits?project_id={project}",
]


def _told() -> dict[str, str]:
    """Path -> who is refused: member, reader or both."""
    lines = (line for line in TABLE.read_text().splitlines() if line and line[0] == "/")
    return {path: who for path, _, who in (line.partition(" ") for line in lines)}


@pytest.mark.timeout(600)
def test_reads_of_members_and_readers(cloud: TestCloud) -> None:
    cloud.start_hosts()
    estate = Estate(cloud)
    people = {"member": estate.demo, "reader": estate.person("looker", "reader", "demo")}
    found = {}
    for service, route, path in routes():
        if route.method != "GET" or path.startswith(("/metadata", "/compute/v2/")):
            continue
        answers = {
            name: estate.send(service, route, path, who).status_code for name, who in people.items()
        }
        refused = [name for name, status in answers.items() if status == 403]
        if refused:
            found[path] = " ".join(refused)
    assert found == _told()
    for path in OWN:
        own = path.replace("{project}", estate.ids["projects"])
        for name, who in people.items():
            version = {"OpenStack-API-Version": "placement 1.39"}
            answer = who.get("raw", own, headers=version)
            assert answer.status_code == 200, (name, own, answer.text)
