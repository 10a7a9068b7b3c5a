"""Names say what they hold: no variable has a vague name (CONTRIBUTING.md, "Words")."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "stratolith"
VAGUE = frozenset({"found", "one", "others", "who", "that", "said", "told", "mine", "gone"})


def bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of each variable, parameter and name of a pattern that is given a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name


def vague_names(text: str) -> list[str]:
    return [f"{line}: {name}" for line, name in bound(ast.parse(text)) if name in VAGUE]


def test_no_variable_has_a_vague_name() -> None:
    paths = sorted(SOURCE.rglob("*.py"))
    assert paths
    wrong = {
        str(path.relative_to(SOURCE)): names
        for path in paths
        if (names := vague_names(path.read_text()))
    }
    assert wrong == {}, "rename these to what they hold: CONTRIBUTING.md, Words"


@pytest.mark.parametrize(
    "text",
    [
        "found = f()",
        "found: int = 1",
        "found += 1",
        "a, (found, *b) = f()",
        "for one in (): pass",
        "x = [one for one in ()]",
        "def f(who): pass",
        "f = lambda found: 1",
        "with f() as found: pass",
        "if (found := f()): pass",
        "match x:\n case {'a': found}: pass",
    ],
)
def test_each_way_to_name_is_seen(text: str) -> None:
    assert len(vague_names(text)) == 1


@pytest.mark.parametrize("text", ["x.found", "f(found=1)", "print('found')", "ctx.who = 1"])
def test_other_uses_are_allowed(text: str) -> None:
    assert vague_names(text) == []
