"""The import contracts of pyproject.toml: they follow the roster, and each can be broken."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from tools.import_contracts import RoomsContract, ServicesContract, exists, expanded

from stratolith.roster import FOLDERS

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
TYPES: dict[str, type[Contract]] = {
    "services": ServicesContract,
    "rooms": RoomsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
}
CONTRACTS: dict[str, dict[str, Any]] = {one["name"]: one for one in SETTINGS["contracts"]}
LAW, AGENTS, DRIVERS, MANAGERS, TESTS, CIRCLES = CONTRACTS
KERNEL = "stratolith.kernel"


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    configure()
    return grimp.build_graph("stratolith", include_external_packages=True)


def is_kept(name: str, graph: grimp.ImportGraph) -> bool:
    options = {  # as import-linter reads them: a boolean is a text
        key: str(value) if isinstance(value, bool) else value
        for key, value in CONTRACTS[name].items()
        if key not in ("name", "type")
    }
    session = {"root_packages": ["stratolith"], "include_external_packages": True}
    contract = TYPES[CONTRACTS[name]["type"]](name, session, options)
    return bool(contract.check(deepcopy(graph), False).kept)


def with_import(graph: grimp.ImportGraph, importer: str, imported: str) -> grimp.ImportGraph:
    found = deepcopy(graph)
    for module in (importer, imported):
        assert module in graph.modules or not module.startswith("stratolith"), "it has gone"
        if module not in graph.modules:
            found.add_module(module, is_squashed=True)
    found.add_import(importer=importer, imported=imported)
    return found


BROKEN = [
    (LAW, f"{KERNEL}.quota", "stratolith.identity.managers.users"),
    (LAW, f"{KERNEL}.quota", "stratolith.roster"),
    (LAW, "stratolith.identity.managers.users", "stratolith.image.managers.images"),
    (LAW, "stratolith.compute.managers.servers", "stratolith.network.models"),
    (LAW, "stratolith.image.api.images", "stratolith.identity.policies"),
    (LAW, "stratolith.compute.managers.servers", "stratolith.network"),
    (LAW, "stratolith.compute.managers.servers", "stratolith.deploy.layout"),
    (AGENTS, "stratolith.compute.agent.room", "stratolith.compute.models"),
    (AGENTS, "stratolith.network.agent.metadata", "stratolith.identity.managers.users"),
    (AGENTS, "stratolith.agent", "sqlalchemy"),
    (DRIVERS, "stratolith.network.drivers.base", "starlette"),
    (DRIVERS, "stratolith.compute.drivers.base", f"{KERNEL}.http.routing"),
    (MANAGERS, "stratolith.image.managers.imports", f"{KERNEL}.http.dispatch"),
    (MANAGERS, f"{KERNEL}.reconcile.controller", f"{KERNEL}.http.dispatch"),
    (TESTS, "stratolith.deploy.checks.verify", "pytest"),
    (CIRCLES, f"{KERNEL}.environment", f"{KERNEL}.service"),
    (CIRCLES, f"{KERNEL}.auth", f"{KERNEL}.environment"),
]
ALLOWED = [
    ("stratolith.compute.managers.servers", "stratolith.network.managers.ports"),
    ("stratolith.compute.api.servers", "stratolith.image.exceptions"),
    ("stratolith.compute.api.servers", "stratolith.compute.models"),
    ("stratolith.server", "stratolith.compute.service"),
]


@pytest.mark.parametrize("name", CONTRACTS)
def test_each_contract_is_kept(graph: grimp.ImportGraph, name: str) -> None:
    assert is_kept(name, graph)


@pytest.mark.parametrize(("name", "importer", "imported"), BROKEN)
def test_one_import_breaks_it(
    graph: grimp.ImportGraph, name: str, importer: str, imported: str
) -> None:
    assert not is_kept(name, with_import(graph, importer, imported))


@pytest.mark.parametrize(("importer", "imported"), ALLOWED)
def test_what_is_allowed_breaks_nothing(
    graph: grimp.ImportGraph, importer: str, imported: str
) -> None:
    assert is_kept(LAW, with_import(graph, importer, imported))


def test_a_room_of_every_service_is_every_one_that_is_there() -> None:
    found = set(expanded(["stratolith.SERVICE.agent", "sqlalchemy"]))
    wanted = {f"stratolith.{one}.agent" for one in FOLDERS if exists(f"stratolith.{one}.agent")}
    assert found == wanted | {"sqlalchemy"} and len(wanted) >= 2
    with pytest.raises(ValueError, match="no service has"):
        list(expanded(["stratolith.SERVICE.agents"]))


def test_no_contract_names_a_service() -> None:
    """Another service changes nothing here. Exceptions (ignore_imports) are of one place."""
    for contract in SETTINGS["contracts"]:
        for field, value in contract.items():
            if isinstance(value, list) and field != "ignore_imports":
                words = {word for text in value for word in text.split(".")}
                assert not words & set(FOLDERS), (contract["name"], field)
