"""`status`: what runs, where, how much memory it takes, and how guests are run."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from stratolith import __version__
from stratolith import services as catalogue
from stratolith.compute.drivers.base import DriverError
from stratolith.deploy import credentials, host
from stratolith.deploy.api_client import ApiClient
from stratolith.deploy.checks import requirements
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.supervision import processes, restarts, running
from stratolith.kernel.config import Settings
from stratolith.kernel.policy.enforcer import Policies, PolicyError, read_overrides

Json = dict[str, Any]
STARTING_SECONDS = 30.0


def status(layout: Layout, *, as_json: bool) -> int:
    """Print the state of the cloud; 0 when everything works."""
    settings = layout.settings()
    document = collect(layout, settings)
    if as_json:
        print(json.dumps(document, indent=2))
    else:
        print("\n".join(_lines(document)))
    return 0 if document["is_ready"] else 1


def collect(layout: Layout, settings: Settings) -> Json:
    """Everything `status` shows, as data."""
    missing = running.missing_doors(settings)
    disk = requirements.room(layout.state_dir, layout.run_dir)
    document: Json = {
        "version": __version__,
        "state_dir": str(layout.state_dir),
        "auth_url": credentials.auth_url(settings),
        "is_fake": settings.fake,
        "is_ready": not missing
        and not disk["problem"]
        and set(running.roles(settings)) <= set(running.pids(layout)),
        "is_starting": bool(missing) and _is_starting(layout, settings),
        "missing": missing,
        "disk": disk,
        "policy": _policy_problem(layout),
        "processes": _processes(layout, settings),
        "services": [],
        "hosts": [],
        "servers": {},
        "acceleration": _acceleration(settings),
        "helper_restarts": restarts.of_helpers(settings),
    }
    if not missing:
        try:
            client = ApiClient(credentials.access(layout, settings), "admin")
            document |= {"services": _services(client), "hosts": _hosts(client)}
            document["servers"] = _servers(client)
        except DeployError as error:
            document["is_ready"] = False
            document["missing"].append(error.problem)
    return document


def _policy_problem(layout: Layout) -> str:
    """Why policy.yaml is not in use; empty when it is in use or does not exist."""
    path = layout.state_dir / "policy.yaml"
    if not path.exists():
        return ""  # the usual case; loading every service takes a second
    rules = {service.type: service.policies for service in catalogue.load()}
    try:
        Policies(rules, read_overrides(path))
    except PolicyError as error:
        return f"policy.yaml is not in use, earlier rules are: {error}"
    return ""


def _is_starting(layout: Layout, settings: Settings) -> bool:
    """Whether all processes run and at least one was started a short time ago."""
    alive = running.pids(layout)
    ages = [time.time() - child["started_at"] for child in running.children(layout).values()]
    is_young = any(0 <= age < STARTING_SECONDS for age in ages)
    return is_young and {"supervisor", *running.roles(settings)} <= set(alive)


def _processes(layout: Layout, settings: Settings) -> list[Json]:
    children = running.children(layout)
    rows = []
    for pid, role in sorted(host.own_processes(layout, settings).items()):
        child = children.get(role, {})
        rows.append(
            {
                "role": role,
                "pid": pid,
                "pss_kib": processes.proportional_kib(pid),
                "restarts": child.get("restarts"),
                "started_at": child.get("started_at"),
            }
        )
    return rows


def _acceleration(settings: Settings) -> Json:
    """How guests run on this host: kind (kvm, tcg, none) and why; the driver caches its test."""
    if settings.fake or os.geteuid() != 0:
        return {}
    try:
        facts = host.hypervisor(settings).facts()
    except (DriverError, OSError) as error:
        return {"kind": "none", "why": str(error)}
    return {"kind": facts.acceleration, "why": facts.acceleration_detail}


def _services(client: ApiClient) -> list[Json]:
    compute = client.get("compute", "/os-services")["services"]
    network = client.get("network", "/v2.0/agents")["agents"]
    return [
        {"name": row["binary"], "host": row["host"], "is_up": row["state"] == "up"}
        for row in compute
    ] + [
        {"name": row["binary"], "host": row["host"], "is_up": bool(row["alive"])} for row in network
    ]


def _hosts(client: ApiClient) -> list[Json]:
    return [
        {
            "name": row["hypervisor_hostname"],
            "type": row["hypervisor_type"],
            "version": _dotted(row["hypervisor_version"]),
            "vcpus": [row.get("vcpus_used"), row.get("vcpus")],
            "memory_mb": [row.get("memory_mb_used"), row.get("memory_mb")],
            "disk_gb": [row.get("local_gb_used"), row.get("local_gb")],
        }
        for row in client.get("compute", "/os-hypervisors/detail")["hypervisors"]
    ]


def _dotted(version: int) -> str:
    """7002000 -> 7.2.0, as the compute API packs a version."""
    return f"{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}"


def _servers(client: ApiClient) -> dict[str, int]:
    """Server status -> how many, over all projects."""
    counts: dict[str, int] = {}
    path = "/servers/detail?all_tenants=1&limit=1000"
    marker = ""
    while True:
        page = client.get("compute", path + marker)["servers"]
        for server in page:
            counts[server["status"]] = counts.get(server["status"], 0) + 1
        if len(page) < 1000:
            return counts
        marker = f"&marker={page[-1]['id']}"


def _lines(document: Json) -> list[str]:
    state = "ready" if document["is_ready"] else "NOT READY"
    if document["is_starting"]:
        state = "starting"
    kind = ", simulated hosts" if document["is_fake"] else ""
    lines = [
        f"Stratolith {document['version']}: {state}{kind}",
        f"  state directory {document['state_dir']}, auth URL {document['auth_url']}",
    ]
    lines += [f"  missing: {reason}" for reason in document["missing"]]
    if document["disk"]["problem"]:
        lines.append(f"  {document['disk']['problem']}")
    if document["policy"]:
        lines.append(f"  {document['policy']}")
    lines += _process_lines(document["processes"])
    lines += _table("Helpers that ended and were started again", [
        f"{name:<12} {count} times since the agent started"
        for name, count in sorted(document["helper_restarts"].items())
    ])  # fmt: skip
    lines += _table("Services", [
        f"{row['name']:<28} {row['host']:<24} {'up' if row['is_up'] else 'DOWN'}"
        for row in document["services"]
    ])  # fmt: skip
    for row in document["hosts"]:
        lines += _host_lines(row)
    lines += _acceleration_lines(document["acceleration"])
    total = sum(document["servers"].values())
    by_status = ", ".join(f"{n} {name}" for name, n in sorted(document["servers"].items()))
    return [*lines, "", f"Servers: {total}{f' ({by_status})' if total else ''}"]


def _process_lines(rows: list[Json]) -> list[str]:
    own = [row for row in rows if row["role"] != "guest"]
    guests = [row for row in rows if row["role"] == "guest"]
    text = []
    for row in own:
        line = f"{row['role']:<12} pid {row['pid']:<8} {row['pss_kib'] >> 10:>5} MiB"
        if row["started_at"]:
            line += f"  up {_age(time.time() - row['started_at'])}"
        if row["restarts"]:
            line += f", restarted {row['restarts']} times"
        text.append(line)
    text.append(f"{'together':<25} {sum(row['pss_kib'] for row in own) >> 10:>5} MiB")
    if guests:
        used = sum(row["pss_kib"] for row in guests) >> 10
        text.append(f"{f'{len(guests)} guests':<25} {used:>5} MiB")
    return _table("Processes (proportional memory)", text)


def _host_lines(row: Json) -> list[str]:
    def used(pair: list[object], unit: str) -> str:
        return f"{pair[0]} of {pair[1]} {unit}"

    lines = [
        f"{row['name']}: {row['type']} {row['version']}, {used(row['vcpus'], 'vCPUs')}, "
        f"{used(row['memory_mb'], 'MiB')}, {used(row['disk_gb'], 'GiB disk')} in use"
    ]
    return _table("Host", lines)


def _acceleration_lines(acceleration: Json) -> list[str]:
    if not acceleration:
        return []
    headline = {
        "kvm": "KVM (hardware)",
        "tcg": "*** NONE: guests are EMULATED by TCG, many times slower ***",
    }.get(acceleration["kind"], "*** NO GUEST CAN RUN ***")
    return _table("Acceleration", [headline, acceleration["why"]])


def _table(title: str, lines: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
