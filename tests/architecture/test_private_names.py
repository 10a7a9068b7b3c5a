"""What is private to an object is assigned by its own class only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "stratolith"
OWN = ("self", "cls")


def assigned(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes that are assigned or deleted, in whatever way a statement does it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node


def is_foreign(node: ast.Attribute) -> bool:
    """A private name of another object than the method's own."""
    is_private = node.attr.startswith("_") and not node.attr.endswith("__")
    return is_private and not (isinstance(node.value, ast.Name) and node.value.id in OWN)


def found_in(text: str) -> list[str]:
    return [
        f"{one.lineno}: {ast.unparse(one)}" for one in assigned(ast.parse(text)) if is_foreign(one)
    ]


def test_no_module_assigns_what_is_private_to_another_object() -> None:
    found = {
        str(path.relative_to(SOURCE)): lines
        for path in sorted(SOURCE.rglob("*.py"))
        if (lines := found_in(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "ctx._internal = True",
        "a.b._c: int = 1",
        "self.other._count += 1",
        "del ctx._x",
        "x, (ctx._y, *z) = f()",
        "for ctx._n in (): pass",
        "with f() as ctx._m: pass",
    ],
)
def test_each_way_to_assign_is_seen(text: str) -> None:
    assert len(found_in(text)) == 1


@pytest.mark.parametrize("text", ["self._a = 1", "cls._a = 1", "x.__doc__ = ''", "x.a = y._b"])
def test_what_is_allowed_is_not_told_of(text: str) -> None:
    assert found_in(text) == []
