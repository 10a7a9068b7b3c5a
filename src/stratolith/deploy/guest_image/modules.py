"""Choosing kernel modules and the order in which to load them."""

import lzma
from collections.abc import Iterable
from pathlib import Path

_MAGIC_XZ = b"\xfd7zXZ\0"


class ModuleTree:
    """The modules of one unpacked kernel package, by name.

    The package holds no modules.dep (it is made when the package is installed), so what a
    module depends on is read from the module itself.
    """

    def __init__(self, directory: Path) -> None:
        """Index every module file under `directory` (lib/modules/VERSION)."""
        self._files = {
            _canonical(path.name.split(".ko")[0]): path for path in directory.rglob("*.ko*")
        }

    def load_order(self, names: Iterable[str]) -> list[str]:
        """The named modules and all they need, dependencies first, each once.

        Names without a file are left out: they are built in, or this kernel has no such driver.
        """
        order: list[str] = []
        for name in names:
            self._visit(_canonical(name), order, frozenset())
        return order

    def content(self, name: str) -> bytes:
        """The module itself, unpacked."""
        data = self._files[name].read_bytes()
        return lzma.decompress(data) if data.startswith(_MAGIC_XZ) else data

    def _visit(self, name: str, order: list[str], path: frozenset[str]) -> None:
        if name in order or name in path or name not in self._files:
            return
        for needed in dependencies(self.content(name)):
            self._visit(needed, order, path | {name})
        order.append(name)


def dependencies(module: bytes) -> list[str]:
    """The modules named in the `depends=` field of a module's information section."""
    for field in module.split(b"\0"):
        if field.startswith(b"depends="):
            return [_canonical(n) for n in field[8:].decode().split(",") if n]
    return []


def _canonical(name: str) -> str:
    return name.replace("-", "_")
