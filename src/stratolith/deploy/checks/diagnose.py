"""`diagnose server`: the way of a server's packets, up to the first part that fails."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from stratolith.deploy import hosts, wording
from stratolith.deploy.layout import Layout

SECONDS = 60.0
_MARKS = {True: "pass", False: "FAIL", None: "note"}


def server(layout: Layout, name: str, *, as_json: bool, everything: bool) -> int:
    """Print the hops of each port; 1 when one fails. Raises DeployError.

    ``everything``: also the hops after the first one that fails.
    """
    path = f"/v1/cloud/servers/{quote(name, safe='')}/diagnosis"
    answer = hosts.ask(layout, "POST", path, seconds=SECONDS)
    failed = not answer["hop"]["passed"] or any(map(_first_failure, answer["ports"]))
    if as_json:
        print(json.dumps(answer, indent=2))
        return 1 if failed else 0
    of_server = answer["server"]
    print(f"Server {of_server['name']} ({of_server['id']})")
    _print(layout, {"host": "", **answer["hop"]})
    for port in answer["ports"] if answer["hop"]["passed"] or everything else ():
        _port(layout, port, everything=everything)
    if not answer["ports"]:
        print("  It has no port: no network.")
    return 1 if failed else 0


def _port(layout: Layout, port: dict[str, Any], *, everything: bool) -> None:
    addresses = ", ".join(port["addresses"]) or "no address"
    network = port["network"] or port["network_id"]
    print(f"\nPort {port['port_id']}: {addresses} on network {network}")
    first = _first_failure(port)
    for hop in port["hops"]:
        _print(layout, hop)
        if hop is first and not everything:
            print("  The hops after it were not looked at: --all shows them, too.")
            return


def _first_failure(port: dict[str, Any]) -> dict[str, Any] | None:
    return next((hop for hop in port["hops"] if hop["passed"] is False), None)


def _print(layout: Layout, hop: dict[str, Any]) -> None:
    place = f"{hop['host']}: " if hop["host"] else ""
    print(f"  {_MARKS[hop['passed']]}  {hop['name']:<14} {place}{hop['text']}")
    if hop["advice"]:
        print(wording.spelled_out(f"        {'':<13} to do: {hop['advice']}", layout.state_dir))
