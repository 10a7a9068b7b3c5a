"""Choosing kernel modules and the order in which to load them."""

import lzma
from collections.abc import Iterable
from pathlib import Path

from .errors import GuestImageError

_MAGIC_XZ = b"\xfd7zXZ\0"


class ModuleTree:
    """The modules of one unpacked kernel package, by name.

    The package holds no modules.dep (it is made when the package is installed), so what a
    module depends on is read from the module itself.
    """

    def __init__(self, directory: Path) -> None:
        """Index every module file under `directory`, a lib/modules with one kernel in it."""
        versions = [path.name for path in directory.iterdir()] if directory.is_dir() else []
        if len(versions) != 1:
            raise GuestImageError(f"expected one kernel's modules in {directory}: {versions}")
        self.version = versions[0]
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

    def install(self, names: Iterable[str], target: Path) -> None:
        """Write the modules and what they need into `target`, with the tables modprobe reads."""
        target.mkdir(parents=True)
        needed_by, known_as = [], []
        for name in self.load_order(names):
            data = self.content(name)
            (target / f"{name}.ko").write_bytes(data)
            before = [n for n in reversed(self.load_order([name])) if n != name]
            needed_by.append(f"{name}.ko:" + "".join(f" {n}.ko" for n in before))
            known_as += [f"alias {alias} {name}" for alias in aliases(data)]
        (target / "modules.dep").write_text("\n".join(needed_by) + "\n")
        (target / "modules.alias").write_text("\n".join(known_as) + "\n")

    def _visit(self, name: str, order: list[str], path: frozenset[str]) -> None:
        if name in order or name in path or name not in self._files:
            return
        for needed in dependencies(self.content(name)):
            self._visit(needed, order, path | {name})
        order.append(name)


def dependencies(module: bytes) -> list[str]:
    """The modules named in the `depends=` field of a module's information section."""
    for value in _information(module, b"depends="):
        return [_canonical(name) for name in value.split(",") if name]
    return []


def aliases(module: bytes) -> list[str]:
    """The names (`pci:v...`, `rtnl-link-vlan`, `fs-isofs`) under which the kernel asks for it."""
    return [value for value in _information(module, b"alias=") if value]


def _information(module: bytes, key: bytes) -> list[str]:
    fields = (field for field in module.split(b"\0") if field.startswith(key))
    return [field[len(key) :].decode("ascii", "replace") for field in fields]


def _canonical(name: str) -> str:
    return name.replace("-", "_")
