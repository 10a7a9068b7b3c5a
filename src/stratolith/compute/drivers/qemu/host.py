"""The resources of this host for guests."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

from stratolith.compute.drivers.base import DriverError
from stratolith.compute.drivers.qemu import programs
from stratolith.kernel import architecture

_versions: dict[tuple[str, int], str] = {}
_guard = threading.Lock()


def qemu_version(qemu: str) -> str:
    """Version of a QEMU binary, like 7.2.22; read again if the file changes."""
    key = (qemu, os.stat(qemu).st_mtime_ns)
    with _guard:
        if key not in _versions:
            output = programs.run([qemu, "--version"], timeout=10, address_space=4 << 30)
            match = re.search(r"version (\d+\.\d+\.\d+)", output)
            if match is None:
                raise DriverError(f"{qemu} does not print its version: {output[:80]!r}")
            _versions[key] = match[1]
        return _versions[key]


def version_number(version: str) -> int:
    """7.2.22 -> 7002022, the format of the compute API."""
    major, minor, micro = (int(part) for part in version.split("."))
    return major * 1_000_000 + minor * 1000 + micro


def memory_mb() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    raise DriverError("/proc/meminfo does not show the memory of this host")


def disk_gb(directory: Path) -> tuple[int, int]:
    """Size and free space of the file system with the guests' files, in GiB."""
    status = os.statvfs(directory)
    return (
        status.f_blocks * status.f_frsize >> 30,
        status.f_bavail * status.f_frsize >> 30,
    )


def vcpus() -> int:
    return os.cpu_count() or 1


def cpu_info() -> dict[str, object]:
    """The processor, in the format of the compute API's ``cpu_info``."""
    fields: dict[str, str] = {}
    sockets: set[str] = set()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
        if key.strip() == "physical id":
            sockets.add(value.strip())
    count = max(1, len(sockets))
    cores = int(fields.get("cpu cores") or max(1, vcpus() // count))
    return {
        "arch": architecture.of_this_host(),
        "vendor": fields.get("vendor_id", ""),
        "model": fields.get("model name", ""),
        "features": sorted(fields.get("flags", fields.get("Features", "")).split()),
        "topology": {
            "cells": max(1, len(list(Path("/sys/devices/system/node").glob("node[0-9]*")))),
            "sockets": count,
            "cores": cores,
            "threads": max(1, vcpus() // (count * cores)),
        },
    }
