"""Servers of a real cloud, as a user makes and enters them; and what a host looks like."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient
from tests.installation import Installation

Json = dict[str, Any]


class User:
    """One user of a cloud, with what the tests do often."""

    def __init__(self, cloud: Installation, name: str) -> None:
        self.cloud = cloud
        self.name = name
        access = credentials.access(cloud.layout, cloud.layout.settings())
        self.api = ApiClient(access, name)

    def named(self, service: str, path: str, key: str, name: str) -> str:
        """The id of the thing of that name."""
        found = self.api.get(service, f"{path}?name={name}")[key]
        return str(next(one["id"] for one in found if one["name"] == name))

    def network(self, name: str, cidr: str) -> tuple[str, str]:
        """A network with one subnet: their ids."""
        body = {"network": {"name": name}}
        network = self.api.post("network", "/v2.0/networks", body)["network"]["id"]
        subnet = {"network_id": network, "ip_version": 4, "cidr": cidr, "name": name}
        made = self.api.post("network", "/v2.0/subnets", {"subnet": subnet})["subnet"]
        return str(network), str(made["id"])

    def boot(self, name: str, network: str, **more: Any) -> str:
        """Create a server of the small image and flavor; its id, not waited for."""
        body = {
            "name": name,
            "imageRef": self.named("image", "/v2/images", "images", "cirros"),
            "flavorRef": "42",
            "key_name": "mykey",
            "networks": [{"uuid": network}],
            **more,
        }
        return str(self.api.post("compute", "/servers", {"server": body})["server"]["id"])

    def server(self, server_id: str) -> Json:
        return dict(self.api.get("compute", f"/servers/{server_id}")["server"])

    def wait_status(self, server_id: str, status: str, seconds: float = 60) -> Json:
        def ready() -> Json | None:
            found = self.server(server_id)
            assert found["status"] in (status, "BUILD", "REBOOT", "HARD_REBOOT") or (
                status != "ACTIVE" or found["status"] != "ERROR"
            ), found.get("fault")
            return found if found["status"] == status else None

        return dict(wait(ready, seconds, f"{server_id} {status}"))

    def delete(self, server_id: str) -> None:
        self.api.delete("compute", f"/servers/{server_id}")

    def console(self, server_id: str) -> str:
        body = {"os-getConsoleOutput": {"length": None}}
        answer = self.api.post("compute", f"/servers/{server_id}/action", body)
        return str(answer["output"])

    def floating_ip(self, server_id: str) -> str:
        """A floating IP for the server's first port."""
        ports = self.api.get("network", f"/v2.0/ports?device_id={server_id}")["ports"]
        public = self.named("network", "/v2.0/networks", "networks", "public")
        body = {"floating_network_id": public, "port_id": ports[0]["id"]}
        made = self.api.post("network", "/v2.0/floatingips", {"floatingip": body})["floatingip"]
        return str(made["floating_ip_address"])

    def ssh(self, address: str, command: str) -> subprocess.CompletedProcess[str]:
        return ssh(self.cloud, address, command)

    def wait_ssh(self, address: str, seconds: float = 120) -> None:
        wait(lambda: self.ssh(address, "true").returncode == 0, seconds, f"ssh {address}")


def ssh(cloud: Installation, address: str, command: str) -> subprocess.CompletedProcess[str]:
    """A command in a guest, with the key that ``up`` made."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
    options += ["ConnectTimeout=3", "LogLevel=ERROR", "IdentitiesOnly=yes"]
    flags = [word for option in options for word in ("-o", option)]
    key = cloud.layout.keys / "mykey"
    line = ["ssh", "-F", "/dev/null", "-i", str(key), *flags, f"cirros@{address}", command]
    try:
        return subprocess.run(line, capture_output=True, text=True, timeout=40, stdin=-3)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(line, 255, "", "timed out")


def probe(address: str, port: int) -> str:
    """open, refused or silent."""
    try:
        with socket.create_connection((address, port), timeout=1.5):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"


def wait(check: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until ``check`` gives something true."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def host_state() -> dict[str, list[str]]:
    """Links, namespaces, tables, mounts and our kinds of processes on this host.

    Processes in another mount namespace are those of other tests or of another cloud.
    """
    links = re.findall(r"^\d+: ([^:@]+)", output("ip", "-o", "link"), re.M)
    # iproute2 mounts its directory of namespaces at the first one and never takes it back
    mounts = [one for one in Path("/proc/mounts").read_text().split("\n") if "/netns " not in one]
    processes = []
    own_mounts = os.stat("/proc/self/ns/mnt").st_ino
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.stat(entry / "ns" / "mnt").st_ino != own_mounts:
                    continue
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            name = os.path.basename(words[0]).decode(errors="replace")
            if name.startswith(("qemu", "dnsmasq")) or b"stratolith" in words[:3]:
                processes.append(name)
    return {
        "links": sorted(links),
        "namespaces": sorted(output("ip", "netns", "list").split("\n")),
        "tables": sorted(output("nft", "list", "tables").split("\n")),
        "rules": output("nft", "list", "ruleset").split("\n"),
        "mounts": sorted(mounts),
        "addresses": sorted(re.findall(r"inet6? (\S+)", output("ip", "address"))),
        "forwarding": [Path("/proc/sys/net/ipv4/ip_forward").read_text()],
        "processes": sorted(processes),
    }
