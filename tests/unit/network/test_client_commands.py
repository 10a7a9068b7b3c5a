"""Every command of the openstack client for networks is in a story with the unmodified client."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

INTEROP = Path(__file__).parents[2] / "interop"
# Commands without a story, with the reason.
NO_STORY: dict[str, str] = {
    "network agent router set": "of the driver OVN with priorities of chassis, not offered",
}


def known() -> set[str]:
    """The client's own commands, and none of its plug-ins."""
    points = entry_points(group="openstack.network.v2")
    return {
        point.name.replace("_", " ")
        for point in points
        if point.dist is not None and point.dist.name == "python-openstackclient"
    }


def lines() -> Iterator[str]:
    """All texts in the stories; constants of the module that they start with are put in."""
    for path in INTEROP.glob("test_*.py"):
        tree = ast.parse(path.read_text())
        constants: dict[str, str] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign):
                constants |= dict(assigned(node))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part_text(part, constants) for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def assigned(node: ast.Assign) -> Iterator[tuple[str, str]]:
    (target,) = node.targets
    pairs = [(target, node.value)]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    for name, value in pairs:
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
            yield name.id, str(value.value)


def part_text(part: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
        return constants.get(part.value.id, "?")
    return "?"


def test_every_command_is_in_a_story() -> None:
    commands, used = known(), set()
    for line in lines():
        words = line.split()
        for number in range(2, len(words) + 1):
            used.add(" ".join(words[:number]))
    assert sorted(commands - used - NO_STORY.keys()) == []
    assert sorted(NO_STORY.keys() & used) == [], "these have a story now"
