"""Every kind of hint has somebody who publishes it and somebody who hears it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import stratolith
from stratolith import services
from stratolith.kernel.outbox import OutboxPublisher

SOURCES = Path(stratolith.__file__).parent


def kinds(*calls: str) -> Iterator[tuple[str, str]]:
    """(first argument, where) of each of these calls."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in calls:
                yield value(path, node.args[0]), f"{path.name}:{node.lineno}"


def value(path: Path, node: ast.expr) -> str:
    """A text, or what the module's name of one means: ``NAME`` or ``module.NAME``."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    module = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts)
    meaning: object = importlib.import_module(module)
    for name in ast.unparse(node).split("."):
        meaning = getattr(meaning, name, None)
    return ast.unparse(node) if meaning is None else str(meaning)


def test_every_hint_is_published_and_heard() -> None:
    reconcilers = [OutboxPublisher, *(r for s in services.load() for r in s.reconcilers)]
    heard = {kind for reconciler in reconcilers for kind in reconciler.hints}
    heard |= {kind for kind, _ in kinds("env.hints.listen") if kind != "kind"}  # as above
    published = dict(kinds("ctx.hint", "self.hint"))
    assert set(published) == heard, published


def test_all_that_is_copied_becomes_void() -> None:
    """Keys of kernel/caches.py hear their own hints; somebody must publish them."""
    keys = {}
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                kind = ast.unparse(node.value.func)
                name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
                if kind in ("Copies", "Epochs"):
                    end = {"Copies": "void", "Epochs": "touch"}[kind]
                    keys[f"{path.name}: {name}"] = f"{name}.{end}(" in text
    assert len(keys) >= 2 and all(keys.values()), keys


def test_nothing_is_kept_by_a_name() -> None:
    """What a process keeps has a key with a type (kernel/caches.py)."""
    found = [
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for path in sorted(SOURCES.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "caches"
    ]
    assert found and all(one.startswith("kernel/caches.py:") for one in found), found
