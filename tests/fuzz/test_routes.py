"""Every route, fuzzed: whatever comes in, the answer is never a 500 and never takes long.

Bodies come from the route's own schema, from that with pieces replaced by junk, and from
nowhere; path variables are ids of things that exist, ids of nothing, and junk (source.py).
STRATOLITH_FUZZ_REQUESTS=100000 asks for as many requests, over all routes.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from tests.testcloud import TestCloud

from ..estate import Estate
from ..furniture import furnish
from ..routes import routes
from .source import Source

MOST_SECONDS = 2.0


def ordered() -> list[Any]:
    """Writes first, so that reads meet what they left; what deletes comes when all is done.

    Routes of one service share a cloud, also when tests run side by side.
    """
    moments = {"POST": 0, "PUT": 0, "PATCH": 0, "GET": 1, "HEAD": 1, "DELETE": 2}
    return [
        pytest.param(
            service,
            route,
            path,
            id=f"{route.method} {path}",
            marks=pytest.mark.xdist_group(f"fuzz {'compute' if service.type == 'compute' else ''}"),
        )
        for service, route, path in sorted(routes(), key=lambda found: moments[found[1].method])
    ]


ROUTES = ordered()
# of each route; a push sends some, to see that the machinery works
EXAMPLES = ceil(int(os.environ.get("STRATOLITH_FUZZ_REQUESTS", "3900")) / len(ROUTES))


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("fuzz")) / "cloud")
    found = Estate(cloud)
    furnish(found)
    # never the caller's own user, project, domain: what follows would only be 401s
    found.person("victim", "member", "victims")
    for one in ("users", "projects"):
        answer = found.admin.get("identity", f"/{one}?name=victim{'s' * (one == 'projects')}")
        found.ids[one] = answer.json()[one][0]["id"]
    yield found
    cloud.close()


def worked() -> float:
    """Processor seconds of the server's threads: of work, not of waiting.

    Other programs do not count, nor do the simulated hosts and the client in this process.
    """
    return sum(
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident is not None and thread.name.startswith(("request", "asyncio-portal"))
    )


@pytest.mark.parametrize(("service", "route", "path"), ROUTES)
def test_no_request_gives_a_500(
    service: Service,
    route: Route,
    path: str,
    estate: Estate,
    record_property: Callable[[str, object], None],
) -> None:
    statuses: Counter[int] = Counter()
    source = Source(service, route, path, estate, EXAMPLES)
    for _ in range(EXAMPLES):
        request = source.request()
        before = worked()
        answer = estate.cloud.http.request(**request)
        took = worked() - before
        statuses[answer.status_code] += 1
        assert took < MOST_SECONDS, f"{took:.1f} s of work for {request}"
        assert answer.status_code < 500 or answer.status_code == 501, f"{request}: {answer.text}"
    record_property("answers", dict(statuses))
    for who in (estate.admin, estate.demo):  # they still have what they ask with
        assert who.get("identity", "/auth/projects").status_code == 200
