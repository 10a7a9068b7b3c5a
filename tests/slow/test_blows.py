"""Blow after blow at a working cloud, chosen by a seed: everything comes back by itself.

Each round gives the cloud some work (a build, a delete, a hard reboot, or none), strikes at a
random moment of it, and then expects a whole cloud. STRATOLITH_BLOWS_SEED repeats a run that
failed; STRATOLITH_BLOWS says how many rounds.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stratolith.deploy.errors import DeployError
from tests.e2e.guests import User, wait
from tests.installation import Installation
from tests.slow.test_taken_away import ours

ROUNDS = int(os.environ.get("STRATOLITH_BLOWS", "60"))
SEED = int(os.environ.get("STRATOLITH_BLOWS_SEED", "0")) or random.randrange(1, 1 << 31)
WHOLE_SECONDS = 60.0
pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(3600)]
Dice = random.Random


# -- blows ---------------------------------------------------------------------------------------


def kill_processes(cloud: Installation, dice: Dice) -> str:
    """One or both of server and agent, or all with the supervisor, which `up` starts again."""
    roles = dice.choice([["server"], ["agent"], ["agent", "server"], list(cloud.pids())])
    for pid in [running(cloud, role) for role in roles]:
        os.kill(pid, signal.SIGKILL)
    if "supervisor" in roles:
        cloud.up_real()
    return f"kill {roles}"


def running(cloud: Installation, role: str) -> int:
    """The process of a role; after the former blow it may still be starting."""
    return int(wait(lambda: cloud.pids().get(role), 60, f"the {role} runs"))


def hold_a_process(cloud: Installation, dice: Dice) -> str:
    role, seconds = dice.choice(["server", "agent"]), dice.uniform(1, 12)
    pid = running(cloud, role)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    return f"hold {role} for {seconds:.0f} s"


def kill_a_guest(cloud: Installation, dice: Dice) -> str:
    """One that runs: the start of a server whose process is killed meanwhile fails, and says so."""
    now = time.time()
    pids = [pid for pid in guests(cloud).values() if now - os.stat(f"/proc/{pid}").st_ctime > 5]
    if not pids:
        return "no guest to kill"
    os.kill(dice.choice(pids), signal.SIGKILL)
    return "kill a guest"


def take_an_object_away(_cloud: Installation, dice: Dice) -> str:
    words = dice.choice(ours())
    subprocess.run(words, check=False, capture_output=True)
    return " ".join(words)


def remove_sockets(cloud: Installation, _dice: Dice) -> str:
    found = [path for path in cloud.layout.run_dir.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    for path in found:
        path.unlink()
    return f"remove {[path.name for path in found]}"


def remove_logs(cloud: Installation, _dice: Dice) -> str:
    for path in cloud.layout.logs.iterdir():
        path.unlink()
    return "remove the logs"


def remove_cache(cloud: Installation, _dice: Dice) -> str:
    for path in cloud.state_dir.glob("image*cache"):
        shutil.rmtree(path, ignore_errors=True)
    return "remove the image caches"


BLOWS: list[Callable[[Installation, Dice], str]] = [
    kill_processes, kill_processes, hold_a_process, kill_a_guest, take_an_object_away,
    take_an_object_away, remove_sockets, remove_logs, remove_cache,
]  # fmt: skip


# -- what the cloud works at meanwhile -----------------------------------------------------------


def work(demo: User, dice: Dice, number: int, others: list[str]) -> str:
    """Start something, without waiting for it; what it is."""
    kind = dice.choice(["build", "build", "delete", "reboot", "nothing"])
    if kind == "build":
        network = demo.named("network", "/v2.0/networks", "networks", "private")
        unheeded(lambda: demo.boot(f"blow-{number}", network))
    elif kind == "delete" and others:
        gone = dice.choice(others)
        unheeded(lambda: demo.delete(gone))
    elif kind == "reboot" and others:
        path = f"/servers/{dice.choice(others)}/action"
        unheeded(lambda: demo.api.post("compute", path, {"reboot": {"type": "HARD"}}))
    return kind


def unheeded(request: Callable[[], object]) -> None:
    """Send it from a thread; it may fail with the server that it was sent to."""

    def send() -> None:
        with contextlib.suppress(DeployError, OSError):
            request()

    threading.Thread(target=send, daemon=True).start()


# -- what must be true afterwards ----------------------------------------------------------------


def guests(cloud: Installation) -> dict[str, int]:
    """server id -> pid of its process, of this cloud."""
    mark = str(cloud.state_dir).encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"-uuid\0" in words and mark in words:
                found[words.split(b"-uuid\0")[1].split(b"\0")[0].decode()] = int(entry.name)
    return found


def unrest(cloud: Installation, admin: User) -> str:
    """What is not at rest yet, or nothing."""
    if not cloud.layout.run_dir.joinpath("agent.sock").exists():
        return "agents cannot connect any more"
    try:
        servers = admin.api.get("compute", "/servers/detail?all_tenants=1")["servers"]
    except (DeployError, OSError) as error:
        return f"no answer: {error}"
    for one in servers:
        if one["status"] != "ACTIVE" or one["OS-EXT-STS:task_state"]:
            return (
                f"{one['name']}: {one['status']} {one['OS-EXT-STS:task_state']} {one.get('fault')}"
            )
    expected, running = {one["id"] for one in servers}, set(guests(cloud))
    return "" if running == expected else f"processes of {running}, servers {expected}"


def at_rest(cloud: Installation, admin: User) -> None:
    end = time.monotonic() + WHOLE_SECONDS
    while said := unrest(cloud, admin):
        assert time.monotonic() < end, said
        time.sleep(0.5)


def test_every_blow_is_survived(
    real_cloud: Installation, demo: User, admin: User, server: str
) -> None:
    dice = random.Random(SEED)
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    for number in range(ROUNDS):
        servers = demo.api.get("compute", "/servers?name=blow-")["servers"]
        others = [str(one["id"]) for one in servers]
        doing = work(demo, dice, number, others)
        time.sleep(dice.uniform(0, 1.5))
        blow = dice.choice(BLOWS)(real_cloud, dice)
        print(f"seed {SEED}, round {number}: {doing}, {blow}", flush=True)
        real_cloud.wait_ready()
        at_rest(real_cloud, admin)
        demo.wait_ssh(address, 60)
        if len(others) > 3:
            for one in others:
                demo.delete(one)
    for one in demo.api.get("compute", "/servers")["servers"]:
        demo.delete(one["id"])
    wait(lambda: not guests(real_cloud), 60, "no guest is left")
