"""The list of services; the only place that names them all."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from stratolith import kernel
from stratolith.kernel.config import Section
from stratolith.kernel.service import Service

# Left to right: a service imports only those to its left.
FOLDERS = ("identity", "placement", "image", "network", "compute")
# Modules of the kernel with tables that services need not import
TABLES = ("servers",)


def load() -> Sequence[Service]:
    """The door plates of all services; every table is known afterwards."""
    for name in TABLES:
        import_module(f"stratolith.kernel.{name}")
    found = []
    for folder in FOLDERS:
        service = getattr(import_module(f"stratolith.{folder}.service"), "SERVICE", None)
        if service is not None:
            found.append(service)
    return found


def sections(services: Sequence[Service]) -> dict[str, type[Section]]:
    """Configuration section name -> its type, for every service that has settings."""
    return {s.folder: s.settings for s in services if s.settings is not None}


def migrations(services: Sequence[Service]) -> dict[str, Path]:
    """Branch of migrations -> its folder, in the order of running them: the kernel's first."""
    found = {"kernel": Path(str(kernel.__file__)).with_name("migrations")}
    return found | {s.folder: s.migrations for s in services if s.migrations is not None}
