"""Import contracts that follow the roster of services; `lint-imports` finds them by pyproject.toml.

services: the kernel imports nothing of the package but itself; a service imports itself, the
          kernel, and of services to its left managers and exceptions. No list to keep.
rooms:    import-linter's "forbidden", where SERVICE in a module's name stands for each service
          that has this module: "stratolith.SERVICE.agent".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output
from importlinter.contracts.forbidden import ForbiddenContract

import stratolith
from stratolith.roster import FOLDERS

ROOT = "stratolith"
KERNEL = "kernel"
OPEN = ("managers", "exceptions")  # rooms of a service that others may enter
ANY = "SERVICE"
SOURCE = Path(stratolith.__file__).parent


class ServicesContract(Contract):
    """Looks at direct imports: what may be imported keeps the same rule, so indirect ones do."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        bad = [
            (importer, imported)
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not is_allowed(importer, imported)
        ]
        return ContractCheck(kept=not bad, metadata={"bad": bad})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["bad"]:
            output.print_error(f"{importer} may not import {imported}.")


def is_allowed(importer: str, imported: str) -> bool:
    """Whether the law of the kernel and the services lets one module import the other."""
    root, _, rest = importer.partition(".")
    here = rest.partition(".")[0]
    if root != ROOT or here not in (KERNEL, *FOLDERS):
        return True
    root, *path = imported.split(".")
    if root != ROOT or not path or path[0] in (here, KERNEL):
        return True
    if here == KERNEL or path[0] not in FOLDERS:
        return False
    is_left = FOLDERS.index(path[0]) < FOLDERS.index(here)
    return is_left and len(path) > 1 and path[1] in OPEN


class RoomsContract(ForbiddenContract):
    """``forbidden`` with SERVICE in the names of its modules."""

    type_name = "rooms"

    def __init__(
        self, name: str, session_options: dict[str, Any], contract_options: dict[str, Any]
    ) -> None:
        options = dict(contract_options)
        for field in ("source_modules", "forbidden_modules"):
            options[field] = list(expanded(options.get(field, ())))
        super().__init__(name, session_options, options)


def expanded(names: Iterable[str]) -> Iterator[str]:
    """Raises ValueError for a room that no service has."""
    for name in names:
        if ANY not in name.split("."):
            yield name
            continue
        found = [one for folder in FOLDERS if exists(one := name.replace(ANY, folder))]
        if not found:
            raise ValueError(f"no service has {name}")
        yield from found


def exists(module: str) -> bool:
    path = SOURCE.parent.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()
