"""This host, for the commands: its drivers, its guests, the processes of the cloud on it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from stratolith.deploy.layout import Layout
from stratolith.deploy.supervision import processes, running
from stratolith.kernel import places
from stratolith.kernel.config import Settings

if TYPE_CHECKING:
    from stratolith.compute.drivers.base import GuestState, HypervisorDriver
    from stratolith.network.drivers.base import NetworkDriver


def hypervisor(settings: Settings) -> HypervisorDriver:
    """The driver that runs the guests of this cloud on this host."""
    from stratolith.compute.drivers import choice

    return choice.make(settings, socket.gethostname())


def network(settings: Settings) -> NetworkDriver:
    """The driver that realised the networks of this cloud on this host."""
    from stratolith.network.drivers import choice

    former = "" if settings.fake else choice.former_name(settings)
    return choice.make(settings, socket.gethostname(), former)


def other_cloud(settings: Settings) -> Path | None:
    """The state directory of another real cloud that has networks on this host."""
    from stratolith.network.drivers.linux.claim import Claim

    return Claim(settings.state_dir).other()


def running_guests(settings: Settings) -> list[GuestState]:
    return [guest for guest in hypervisor(settings).list_guests() if guest.pid is not None]


def own_processes(layout: Layout, settings: Settings) -> dict[int, str]:
    """Pid -> role of every process of this cloud here: server, agent, daemons, guests, proxies."""
    roles_by_pid = {pid: role for role, pid in running.pids(layout).items()}
    for pid in processes.children(list(roles_by_pid)):
        roles_by_pid.setdefault(pid, "helper")
    # Guests and DHCP servers outlive the agent; they are recognised by paths in their command.
    marks = [f"{settings.state_dir}/", f"{settings.run_dir}/"]
    for entry in processes.PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) in (os.getpid(), os.getppid()):
            continue
        command = processes.command_line(int(entry.name))
        if any(_is_ours(int(entry.name), command, mark) for mark in marks):
            roles_by_pid.setdefault(int(entry.name), _kind(command))
    return roles_by_pid


def _is_ours(pid: int, command: str, mark: str) -> bool:
    """Whether a command names a path below the directory, in the same mount namespace."""
    words = (word[word.index(mark) :] for word in command.split(" ") if mark in word)
    return any(places.is_same_place(pid, Path(word), Path(mark)) for word in words)


def _kind(command: str) -> str:
    program = os.path.basename(command.split(" ", 1)[0])
    if program.startswith("qemu-system"):
        return "guest"
    return program if program in ("dnsmasq", "keepalived") else "helper"
