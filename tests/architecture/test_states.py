"""The state of a server is worked out in one place, from what was asked for and what was seen."""

from __future__ import annotations

import ast
from pathlib import Path

STATES = {"vm_state", "task_state", "power_state"}
COMPUTE = Path(__file__).resolve().parents[2] / "src" / "stratolith" / "compute"


def writers(file: Path) -> set[str]:
    """The names of functions that set a state: as an attribute, or by name in ``values()``."""
    found = set()
    for function in ast.walk(ast.parse(file.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "values"
            words = {word.arg for word in node.keywords} if isinstance(node, ast.Call) else set()
            if (is_set and node.attr in STATES) or (named and words & STATES):  # type: ignore[attr-defined]
                found.add(function.name)
    return found


def test_one_function_writes_the_states_of_servers() -> None:
    files = [file for file in COMPUTE.rglob("*.py") if file.name != "models.py"]
    found = {(file.stem, name) for file in files for name in writers(file)}
    assert {name for _, name in found} == {"refresh"}
    assert len(found) == 1
