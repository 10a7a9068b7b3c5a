#!/usr/bin/env python3
"""How long after the answer a change is in force, on a host that has many ports already.

    ./stratolith up                       # on the machine to measure, with its real network driver
    . <(./stratolith openrc --admin)      # OS_AUTH_URL, OS_USERNAME and so on
    .venv/bin/python tools/bench_one_port.py --ports 500 --router
    .venv/bin/python tools/bench_one_port.py --ports 500 --change rule
    .venv/bin/python tools/bench_one_port.py --ports 500 --change floating-ip
    .venv/bin/python tools/bench_one_port.py --ports 500 --change none --pause 60

Must run on the machine of the cloud, in its network namespace: it looks for the ports' taps and
for new rules there. A tap is plugged in after its filters are in force, so from then on the port
works. A rule is one more in the security group of all ports; it is in force when the kernel's
tables have changed. A floating IP is translated before its agent reports it ACTIVE. Everything
it makes it takes away again. Processor time is for each change, with what the processes do
anyway; on a busy machine it says more than the seconds. Without a change it is the part of a
processor that they use while nothing happens.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import time
from pathlib import Path
from typing import Any

import httpx

from stratolith.network.drivers.linux.host_kernel import netlink

SECONDS = 300.0  # to wait for anything


class Api:
    """The network API as the administrator that OS_* names."""

    def __init__(self) -> None:
        self.http = httpx.Client(timeout=SECONDS)
        user = {
            "name": os.environ["OS_USERNAME"],
            "password": os.environ["OS_PASSWORD"],
            "domain": {"name": os.environ.get("OS_USER_DOMAIN_NAME", "Default")},
        }
        project = {
            "name": os.environ["OS_PROJECT_NAME"],
            "domain": {"name": os.environ.get("OS_PROJECT_DOMAIN_NAME", "Default")},
        }
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
        root = os.environ["OS_AUTH_URL"].rstrip("/").removesuffix("/v3")
        answer = self.http.post(f"{root}/v3/auth/tokens", json={"auth": auth})
        answer.raise_for_status()
        self.http.headers["x-auth-token"] = answer.headers["x-subject-token"]
        token = answer.json()["token"]
        self.project_id = token["project"]["id"]
        (network,) = [one for one in token["catalog"] if one["type"] == "network"]
        endpoints = [one["url"] for one in network["endpoints"] if one["interface"] == "public"]
        self.root = f"{endpoints[0].rstrip('/')}/v2.0"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.root}{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def has_tap(port_id: str) -> bool:
    try:
        socket.if_nametoindex(f"tap{port_id[:11]}")
    except OSError:
        return False
    return True


def processor_time(role: str) -> float:
    """Seconds that the cloud's server or agent in this network namespace has used so far."""
    own, ticks = os.stat("/proc/self/ns/net").st_ino, 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            is_ours = b"stratolith" in words and role.encode() in words
            if is_ours and (process / "ns/net").stat().st_ino == own:
                numbers = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(numbers[11]) + int(numbers[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait(what: str, check: Any, pause: float = 0.0005) -> float:
    """Until it is so; gives the seconds that it took."""
    started = time.perf_counter()
    while not check():
        if time.perf_counter() - started > SECONDS:
            raise SystemExit(f"{what} did not come")
        time.sleep(pause)
    return time.perf_counter() - started


class Bench:
    def __init__(self, api: Api, router: bool) -> None:
        self.api, self.router, self.external = api, "", ""
        self.before = api.ask("GET", f"/quotas/{api.project_id}")["quota"]["port"]
        api.ask("PUT", f"/quotas/{api.project_id}", {"quota": {"port": -1}})
        agents = api.ask("GET", "/agents?alive=true&binary=neutron-l3-agent")["agents"]
        self.host = agents[0]["host"]
        self.network = api.ask("POST", "/networks", {"network": {"name": "bench"}})["network"]["id"]
        subnet = {"network_id": self.network, "cidr": "10.99.0.0/16", "ip_version": 4}
        self.subnet = api.ask("POST", "/subnets", {"subnet": subnet})["subnet"]["id"]
        if router:
            made = api.ask("POST", "/routers", {"router": {"name": "bench", **self.gateway()}})
            self.router = made["router"]["id"]
            joined = {"subnet_id": self.subnet}
            api.ask("PUT", f"/routers/{self.router}/add_router_interface", joined)

    def gateway(self) -> dict[str, Any]:
        """To the first external network, if there is one."""
        external = self.api.ask("GET", "/networks?router:external=true&fields=id")["networks"]
        self.external = external[0]["id"] if external else ""
        return {"external_gateway_info": {"network_id": self.external}} if external else {}

    def ports(self, number: int) -> list[str]:
        one = {"network_id": self.network, "binding:host_id": self.host, "name": "bench"}
        found = self.api.ask("POST", "/ports", {"ports": [one] * number})["ports"]
        return [port["id"] for port in found]

    def fill(self, number: int) -> None:
        made: list[str] = []
        while len(made) < number:
            made += self.ports(min(50, number - len(made)))
        wait("the taps", lambda: all(map(has_tap, made)), 0.1)

    def port(self) -> dict[str, float]:
        """Seconds from the answer until the port's tap is there, and until it is ACTIVE."""
        (port_id,) = self.ports(1)
        tap = wait("the tap", lambda: has_tap(port_id))
        path = f"/ports/{port_id}?fields=status"
        active = wait(
            "ACTIVE", lambda: self.api.ask("GET", path)["port"]["status"] == "ACTIVE", 0.01
        )
        return {"tap and filters": tap, "ACTIVE": tap + active}

    def rule(self) -> dict[str, float]:
        """Seconds from the answer until the host's rules are others."""
        port = self.api.ask("GET", f"/ports?network_id={self.network}&name=bench&limit=1")
        (group,) = port["ports"][0]["security_groups"]
        values = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
        values |= {"port_range_min": 9999, "port_range_max": 9999, "ethertype": "IPv4"}
        before = netlink.rules_generation()
        made = self.api.ask("POST", "/security-group-rules", {"security_group_rule": values})
        took = wait("the rule", lambda: netlink.rules_generation() != before)
        before = netlink.rules_generation()
        self.api.ask("DELETE", f"/security-group-rules/{made['security_group_rule']['id']}")
        wait("the rule's end", lambda: netlink.rules_generation() != before)
        return {"rule in force": took}

    def floating_ip(self) -> dict[str, float]:
        """Seconds from the answer until the floating IP is ACTIVE."""
        port = self.api.ask("GET", f"/ports?network_id={self.network}&name=bench&limit=1")
        values = {"floating_network_id": self.external, "port_id": port["ports"][0]["id"]}
        made = self.api.ask("POST", "/floatingips", {"floatingip": values})["floatingip"]
        path = f"/floatingips/{made['id']}"
        took = wait(
            "ACTIVE",
            lambda: self.api.ask("GET", path)["floatingip"]["status"] == "ACTIVE",
            0.01,
        )
        self.api.ask("DELETE", path)
        return {"floating IP ACTIVE": took}

    def clean(self) -> None:
        path = f"/ports?network_id={self.network}&name=bench&fields=id"
        for port in self.api.ask("GET", path)["ports"]:
            self.api.ask("DELETE", f"/ports/{port['id']}")
        if self.router:
            left = {"subnet_id": self.subnet}
            self.api.ask("PUT", f"/routers/{self.router}/remove_router_interface", left)
            self.api.ask("DELETE", f"/routers/{self.router}")
        self.api.ask("DELETE", f"/networks/{self.network}")
        self.api.ask("PUT", f"/quotas/{self.api.project_id}", {"quota": {"port": self.before}})


def told(what: str, seconds: list[float]) -> None:
    milliseconds = sorted(one * 1000 for one in seconds)
    print(
        f"{what}: median {statistics.median(milliseconds):.0f} ms, "
        f"least {milliseconds[0]:.0f} ms, most {milliseconds[-1]:.0f} ms"
    )


def idle(bench: Bench, ports: int, seconds: float) -> None:
    try:
        bench.fill(ports)
        time.sleep(30)  # what follows from the new ports
        before = {role: processor_time(role) for role in ("server", "agent")}
        started = time.perf_counter()
        time.sleep(seconds)
        passed = time.perf_counter() - started
        for role, used in before.items():
            print(f"idle {role}: {(processor_time(role) - used) / passed:.2%} of a processor")
    finally:
        bench.clean()


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from the answer to a change in force.")
    parser.add_argument("--ports", type=int, default=500, help="that the host has before")
    parser.add_argument("--times", type=int, default=30, help="one more is made")
    parser.add_argument("--change", choices=("port", "rule", "floating-ip", "none"), default="port")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two of them")
    parser.add_argument("--router", action="store_true", help="the network has a router")
    chosen = parser.parse_args()
    bench = Bench(Api(), chosen.router or chosen.change == "floating-ip")
    if chosen.change == "none":
        idle(bench, chosen.ports, chosen.pause)
        return
    once = {"port": bench.port, "rule": bench.rule, "floating-ip": bench.floating_ip}
    try:
        bench.fill(chosen.ports)
        time.sleep(5)
        before = {role: processor_time(role) for role in ("server", "agent")}
        results = []
        for _ in range(chosen.times):
            results.append(once[chosen.change]())
            time.sleep(chosen.pause)
        for role, seconds in before.items():
            used = (processor_time(role) - seconds) / chosen.times
            print(f"processor time of the {role}: {used * 1000:.0f} ms")
        for what in results[0]:
            told(what, [result[what] for result in results])
    finally:
        bench.clean()


if __name__ == "__main__":
    main()
