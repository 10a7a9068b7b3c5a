"""The state of a server is worked out in one place, from what was asked for and what was seen."""

from __future__ import annotations

import ast
from pathlib import Path

STATES = {"vm_state", "task_state", "power_state"}
COMPUTE = Path(__file__).resolve().parents[2] / "src" / "stratolith" / "compute"


def writers(file: Path) -> set[str]:
    """The names of functions that set a state: as an attribute, by name or in a dictionary."""
    found = set()
    for function in ast.walk(ast.parse(file.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "values"
            words = {word.arg for word in node.keywords} if isinstance(node, ast.Call) else set()
            keys = node.keys if isinstance(node, ast.Dict) else []
            in_dict = {key.value for key in keys if isinstance(key, ast.Constant)} & STATES
            if (is_set and node.attr in STATES) or (named and words & STATES) or in_dict:  # type: ignore[attr-defined]
                found.add(function.name)
    return found


def test_one_function_works_out_the_states_of_servers() -> None:
    """Another one marks the servers of which a row makes no sense."""
    folder = COMPUTE / "managers"
    found = {(file.stem, name) for file in folder.rglob("*.py") for name in writers(file)}
    assert found == {("server_operations", "refresh"), ("unusable", "mark")}
