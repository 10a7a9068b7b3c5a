"""What stands where: declared resources, and folders that can be read at one look."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith import services
from stratolith.kernel.http.resource import Resource

SOURCE = Path(__file__).parents[2] / "src" / "stratolith"
MOST_MODULES = 29
# Small resources of one subject, whose rules are in one module of managers/
SHARED = {
    ("identity", "services"): "catalog_rows",
    ("identity", "endpoints"): "catalog_rows",
    ("identity", "regions"): "catalog_rows",
    ("identity", "endpoint_groups"): "endpoint_filter",
    ("network", "bindings"): "port_bindings",
}


def declared() -> Iterator[tuple[str, str, Resource]]:
    """(folder of the service, module of its api/, resource) of every declaration."""
    for service in services.load():
        package = importlib.import_module(f"stratolith.{service.folder}.api")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            written = re.findall(r"^(\w+) = Resource\(", inspect.getsource(module), re.MULTILINE)
            for name in written:
                yield service.folder, found.name.rpartition(".")[2], getattr(module, name)


RESOURCES = {(folder, one.collection): (module, one) for folder, module, one in declared()}


def test_resources_are_found() -> None:
    assert {folder for folder, _ in RESOURCES} == {"identity", "network", "compute"}
    assert len(RESOURCES) > 25
    assert set(SHARED) <= set(RESOURCES)


@pytest.mark.parametrize("place", sorted(RESOURCES), ids="-".join)
def test_a_declared_resource_is_where_its_name_says(place: tuple[str, str]) -> None:
    folder, collection = place
    module, resource = RESOURCES[place]
    assert module == collection
    manager = SHARED.get(place, collection)
    assert resource.load.__module__.startswith(f"stratolith.{folder}.managers.")
    assert resource.load.__module__.rpartition(".")[2] == manager


def test_no_folder_has_too_many_modules() -> None:
    for folder in [SOURCE, *(path for path in SOURCE.rglob("*") if path.is_dir())]:
        modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES, f"{folder} has {len(modules)} modules"
