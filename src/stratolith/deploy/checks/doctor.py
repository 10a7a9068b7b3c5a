"""`doctor`: problems of a running cloud, one line each, with what the user can do about it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from stratolith.deploy import status, wording
from stratolith.deploy.credentials import api_address
from stratolith.deploy.layout import Layout
from stratolith.kernel.config import ApiSection, Settings
from stratolith.network.drivers.ovn import central, ways
from stratolith.network.settings import NetworkSettings

LARGEST_SKEW = 2.0  # seconds between the clocks of this machine and of the server
TIMEOUT_SECONDS = 5.0
MOST_LEFT_OUT = 20  # objects that are named
LEFT_OUT_FIX = "mend or delete the object of this id; all else is as it should be"


@dataclass(frozen=True)
class Complaint:
    """A problem to look at; ``is_broken``: something does not work now."""

    text: str
    fix: str
    is_broken: bool = True


def doctor(layout: Layout) -> int:
    """Print what is wrong; 0 when nothing is broken."""
    settings = layout.settings()
    problems = list(complaints(layout, settings))
    for problem in problems:
        mark = "WRONG" if problem.is_broken else "note "
        text = f"{mark}  {problem.text}\n       {problem.fix}"
        print(wording.spelled_out(text, layout.state_dir))
    if not problems:
        print("Nothing is wrong: processes, disk, clock, agent, hosts and servers were checked.")
    return 1 if any(problem.is_broken for problem in problems) else 0


def complaints(layout: Layout, settings: Settings) -> Iterator[Complaint]:
    """All problems, the most severe first."""
    document = status.collect(layout, settings)
    if document["disk"]["problem"]:
        yield Complaint(document["disk"]["problem"], "free some space")
    for reason in document["missing"]:
        yield Complaint(f"Missing: {reason}", "stratolith up; see stratolith logs server")
    yield from _of_agent(settings)
    yield from _of_clock(settings)
    yield from _of_ovn(layout, settings)
    for row in document["services"]:
        if not row["is_up"]:
            text = f"{row['name']} on {row['host']} does not report"
            yield Complaint(text, "see stratolith logs agent")
    failed = document["servers"].get("ERROR", 0)
    if failed:
        text = f"{failed} servers are in ERROR"
        yield Complaint(text, "openstack server list --all-projects --status ERROR", False)
    for row in document["processes"]:
        if row["restarts"]:
            text = f"The {row['role']} was started again {row['restarts']} times"
            yield Complaint(text, f"see stratolith logs {row['role']}", False)
    for helper, count in sorted(document["helper_restarts"].items()):
        if count:
            text = f"The helper {helper} ended by itself and was started again {count} times"
            yield Complaint(text, "see stratolith logs agent", False)


def _of_agent(settings: Settings) -> Iterator[Complaint]:
    """Problems that the agent reports about its last full check."""
    if settings.fake:
        return
    from stratolith.agent import health_port

    port = health_port(settings)
    code, text, _ = _ask("127.0.0.1", port, "/readyz")
    if code == 0:
        yield Complaint(f"The agent does not answer on port {port}", "stratolith up")
        return
    if code != 200:
        yield Complaint(f"The agent: {text.strip()}", "see stratolith logs agent")
    code, text, _ = _ask("127.0.0.1", port, "/left-out")
    yield from _left_out(json.loads(text) if code == 200 else {})


def _left_out(left_out: dict[str, str]) -> Iterator[Complaint]:
    for object_id, reason in list(left_out.items())[:MOST_LEFT_OUT]:
        yield Complaint(f"{object_id} is not as it should be: {reason}", LEFT_OUT_FIX, False)
    more = len(left_out) - MOST_LEFT_OUT
    if more > 0:
        yield Complaint(f"So are {more} others", "see stratolith logs agent", False)


def _of_ovn(layout: Layout, settings: Settings) -> Iterator[Complaint]:
    directory = central.directory_of(layout.state_dir)
    is_used = settings.of(NetworkSettings).driver == "ovn" and not settings.fake
    if not is_used or not (directory / "nb.db").exists():  # it is on the server's machine only
        return
    fault = ways.fault_of_translator(directory)
    if fault:
        yield Complaint(fault, "see STATE/ovn/northd.log; stratolith up starts it if it ended")
    yield from _left_out(central.read_faults(directory))


def _of_clock(settings: Settings) -> Iterator[Complaint]:
    port = settings.of(ApiSection).port
    _, _, headers = _ask(api_address(settings).strip("[]"), port, "/healthz")
    if "date" in headers:
        skew = abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time())
        if skew > LARGEST_SKEW:
            yield Complaint(f"The clocks differ by {skew:.0f} s", "set them by NTP")


def _ask(host: str, port: int, path: str) -> tuple[int, str, dict[str, Any]]:
    """(status, body, headers with lower-case names); status 0 when nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read().decode(errors="replace"), headers
    except (OSError, http.client.HTTPException):
        return 0, "", {}
    finally:
        connection.close()
