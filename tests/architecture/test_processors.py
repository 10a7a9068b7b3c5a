"""No code takes this or that processor for granted: names of architectures have their places."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src/stratolith"
NAME = re.compile(r"(?<![a-z0-9])(x86_64|i686|amd64|aarch64|arm64|ttyS0|ttyAMA0)(?![a-z0-9])")
# Where the differences are described, so that the rest need not know them.
PLACES = {
    "kernel/architecture.py",
    "compute/drivers/fake.py",
    "compute/drivers/qemu/firmware.py",
    "compute/drivers/qemu/machines.py",
    "compute/drivers/qemu/programs.py",
    "compute/drivers/qemu/smoke.py",
    "deploy/guest_image/architectures.py",
    "deploy/guest_image/prepare.py",
    "deploy/images/image_contents.py",
    "deploy/prepare.py",
    "network/drivers/linux/host_kernel/bpf.py",
    "network/drivers/linux/injection.py",
}


def words_of(path: Path) -> list[str]:
    """The strings of a module that name an architecture and are no text for people."""
    tree = ast.parse(path.read_text())
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in texts if NAME.search(text) and len(text.split()) == 1]


def test_architectures_are_named_in_few_places() -> None:
    found = {
        path.relative_to(SOURCES).as_posix(): words
        for path in SOURCES.rglob("*.py")
        if (words := words_of(path))
    }
    assert found.keys() <= PLACES, {name: found[name] for name in found.keys() - PLACES}
    assert found.keys() == PLACES, "a place that names none any more"
