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
            if STATES & names_set(node):
                found.add(function.name)
    return found


def names_set(node: ast.AST) -> set[object]:
    """What this node gives a value to, by any of the three ways."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return {node.attr}
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "values":
        return {word.arg for word in node.keywords}
    if isinstance(node, ast.Dict):
        return {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return set()


def test_one_function_works_out_the_states_of_servers() -> None:
    """Another one marks the servers of which a row makes no sense."""
    folder = COMPUTE / "managers"
    found = {(file.stem, name) for file in folder.rglob("*.py") for name in writers(file)}
    assert found == {("server_operations", "refresh"), ("unusable", "mark")}
