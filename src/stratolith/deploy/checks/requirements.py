"""Requirements of a host and whether they are met: for `check`, and for `up` to refuse."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stratolith.deploy.credentials import api_address
from stratolith.deploy.prepare import required_packages
from stratolith.deploy.supervision import processes, running
from stratolith.deploy.supervision.supervisor_files import has_room
from stratolith.kernel import architecture
from stratolith.kernel.config import ApiSection, Settings

OFFSET_STEP = 1000
LEAST_DISK_MIB = 2048
LEAST_FAKE_DISK_MIB = 100
LEAST_MEMORY_MIB = 900


@dataclass(frozen=True)
class Finding:
    """One requirement: the actual state, the wanted state, and the fix when it is not met."""

    what: str
    actual: str
    wanted: str
    is_met: bool
    fix: str = ""
    is_warning: bool = False  # the cloud works without it, but not as well
    is_optional: bool = False  # needed only for one feature


def findings(settings: Settings, own: Collection[int]) -> Iterator[Finding]:
    """Every requirement of a cloud with these settings, the quickest check first.

    ``own``: the pids of the cloud itself, which may hold its ports.
    """
    yield _python()
    yield _architecture()
    if not settings.fake:
        yield _root()
        yield from _packages()
        yield from _guests()
        yield _tun()
        yield _kvm()
        yield _memory()
    yield disk(settings)
    yield from taken_ports(settings, own)


def missing_packages(*, ovn: bool = False) -> list[str]:
    """Names of the Debian packages that are required, or those of the network driver ovn, and not
    installed.
    """
    return [
        package.name
        for package in required_packages(tests=ovn)
        if (package.is_for_ovn if ovn else package.is_required) and not package.is_present()
    ]


def disk(settings: Settings) -> Finding:
    """Free space in the file system of the state directory."""
    path = settings.state_dir
    while not path.exists():
        path = path.parent
    least = LEAST_FAKE_DISK_MIB if settings.fake else LEAST_DISK_MIB
    free = shutil.disk_usage(path).free >> 20
    return Finding(
        f"free disk at {settings.state_dir}",
        f"{free} MiB",
        f"{least} MiB",
        free >= least,
        "free some space, or put the cloud elsewhere with --state-dir",
    )


def room(state_dir: Path, run_dir: Path) -> dict[str, Any]:
    """``free_bytes`` where a running cloud keeps its files, and ``problem`` ("" for none)."""
    free, problem = 0, ""
    for path in (run_dir, state_dir):
        try:
            disk = os.statvfs(path)
        except OSError as error:
            problem = f"{path} cannot be read: {error.strerror}"
            continue
        free = disk.f_bavail * disk.f_frsize
        if not has_room(str(path)):
            how = "is read-only" if disk.f_flag & os.ST_RDONLY else f"is full ({free} bytes free)"
            problem = (
                f"the disk of {path} {how}: requests that read are answered, those that write "
                "get 503; when there is room again the cloud goes on by itself"
            )
    return {"free_bytes": free, "problem": problem}


def taken_ports(settings: Settings, own: Collection[int] = ()) -> Iterator[Finding]:
    """For each port of the cloud: whether it is free, else which process uses it.

    ``own``: pids of the cloud itself, which may hold its ports.
    """
    address = api_address(settings).strip("[]")
    listen = settings.of(ApiSection).listen
    for port, name in running.ports(settings).items():
        try:
            is_free = processes.is_bindable(listen, port)
        except OSError as error:
            yield Finding(
                f"listen address {listen}",
                error.strerror or str(error),
                "an address of this host",
                False,
                "choose another address with --listen (setting api.listen)",
            )
            return
        if is_free and address != listen:
            is_free = processes.is_bindable(address, port)
        if not is_free and own:
            owner = processes.port_owner(port)
            is_free = owner is not None and owner[0] in own
        what = f"port {port} ({name})"
        if is_free:
            yield Finding(what, "free", "free", True)
        else:
            yield Finding(what, _owner(port), "free", False, _move(settings, port))


def _owner(port: int) -> str:
    owner = processes.port_owner(port)
    if owner is None:
        return "taken by a process this user may not see"
    return f"taken by process {owner[0]}: {owner[1][:80]}"


def _move(settings: Settings, port: int) -> str:
    api = settings.of(ApiSection)
    setting = "api.port" if port == api.port else "api.port_offset"
    return (
        f"stop that process, or move this cloud with --port-offset {_free_offset(settings)} "
        f"(setting {setting})"
    )


def _free_offset(settings: Settings) -> int:
    """An offset at which all ports are free and below the range of outgoing connections."""
    listen = settings.of(ApiSection).listen
    wanted = [*running.classic_ports(), running.SINGLE_PORT]
    for offset in range(OFFSET_STEP, _first_ephemeral_port() - max(wanted), OFFSET_STEP):
        if all(processes.is_bindable(listen, port + offset) for port in wanted):
            return offset
    return OFFSET_STEP


def _first_ephemeral_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return 32768


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python", version, "3.11 or newer", sys.version_info >= (3, 11))


def _architecture() -> Finding:
    from stratolith.compute.drivers.qemu import machines

    machine = architecture.of_this_host()
    known = {platform.architectures[0] for platform in machines.PLATFORMS}
    return Finding(
        "processor", machine, " or ".join(sorted(known)), machine in known,
        "guests of this architecture are not supported",
    )  # fmt: skip


def _root() -> Finding:
    is_root = os.geteuid() == 0
    return Finding(
        "user", "root" if is_root else "not root", "root", is_root,
        "use sudo, or simulate the hosts with --fake",
    )  # fmt: skip


def _packages() -> Iterator[Finding]:
    for package in required_packages(optional=True):
        present = package.is_present()
        yield Finding(
            f"{package.name} ({package.why})",
            "present" if present else "missing",
            "present",
            present,
            f"apt-get install --no-install-recommends {package.name}",
            is_warning=not package.is_required,
            is_optional=bool(package.guests),
        )


def _guests() -> Iterator[Finding]:
    """The QEMU program and machine type for guests of each architecture."""
    from stratolith.compute.drivers.qemu import machines

    for name in machines.runnable():
        platform = machines.platform_of(name)
        how = f"{platform.program}, machine type {platform.boards[0].name}"
        emulated = "" if machines.is_native(platform) else ", always emulated"
        yield Finding(f"guests of {name}", f"{how}{emulated}", "QEMU", True)


def _tun() -> Finding:
    present = Path("/dev/net/tun").exists()
    return Finding(
        "/dev/net/tun", "present" if present else "missing", "present", present,
        "modprobe tun (in a container: add the device /dev/net/tun)",
    )  # fmt: skip


def _kvm() -> Finding:
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK)
    state = "there; `status` tells whether it works" if usable else "not there"
    return Finding(
        "hardware virtualisation (/dev/kvm)", state, "there", usable,
        "guests run by emulation, many times slower: turn on VT-x or AMD-V (nested, in a VM)",
        is_warning=True,
    )  # fmt: skip


def _memory() -> Finding:
    text = Path("/proc/meminfo").read_text()
    total = int(text.split("MemTotal:")[1].split()[0]) >> 10
    return Finding(
        "memory", f"{total} MiB", f"{LEAST_MEMORY_MIB} MiB", total >= LEAST_MEMORY_MIB,
        "expect room for one small guest at most", is_warning=True,
    )  # fmt: skip
