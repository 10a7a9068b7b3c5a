"""nft tables as values: loaded whole, or as the difference to the loaded tables.

Data that changes with every port (sets and maps) is named, so that one more port is one more
element and not a reload of all tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec


class NamedSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set, or a map when its elements have values (``word`` is "map")."""

    kind: str  # "type ifname . ether_addr"; of a map with its value: "type ifname : verdict"
    elements: Mapping[str, str]  # key -> value, "" in a set
    word: str = "set"
    flags: str = ""  # "interval"

    def declaration(self) -> str:
        return f"{self.kind};" + (f" flags {self.flags};" if self.flags else "")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of ours. ``fixed``: the part that does not change with ports. The table is loaded
    whole when this part differs and when it is loaded for the first time: with ``whole`` if that
    is set, else by replacing itself."""

    name: str  # "bridge stratolith"
    sets: Mapping[str, NamedSet]
    chains: Mapping[str, Sequence[str]]  # rules; of a chain with a hook the first line is the hook
    fixed: str = ""
    whole: str = ""


Ruleset = tuple[Table, ...]


def named(kind: str, keys: Iterable[str]) -> NamedSet:
    return NamedSet(kind=kind, elements=dict.fromkeys(keys, ""))


def mapping(kind: str, elements: Mapping[str, str]) -> NamedSet:
    return NamedSet(kind=kind, elements=elements, word="map")


def text(ruleset: Ruleset) -> str:
    """All tables, for ``nft -f``: one transaction, regardless of what was loaded before."""
    return "".join(
        table.whole or replaced(table.name, body(table.sets, table.chains)) for table in ruleset
    )


def body(sets: Mapping[str, NamedSet], chains: Mapping[str, Sequence[str]]) -> str:
    """The text between the braces of a table."""
    return "".join(_set_text(name, named_set) for name, named_set in sets.items()) + "".join(
        chain(name, lines) for name, lines in chains.items()
    )


def chain(name: str, lines: Iterable[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def replaced(name: str, inside: str) -> str:
    """A table that replaces itself in one transaction, whether it exists or not."""
    return f"table {name} {{\n}}\ndelete table {name}\ntable {name} {{\n{inside}}}\n"


def _set_text(name: str, named_set: NamedSet) -> str:
    full = f"    elements = {{ {_listed(named_set.elements)} }}\n" if named_set.elements else ""
    flags = f"    flags {named_set.flags}\n" if named_set.flags else ""
    return f"  {named_set.word} {name} {{\n    {named_set.kind}\n{flags}{full}  }}\n"


def _listed(elements: Mapping[str, str]) -> str:
    return ", ".join(_element(key, elements[key]) for key in sorted(elements))


def _element(key: str, value: str) -> str:
    return f"{key} : {value}" if value else key


def changes(before: Ruleset, after: Ruleset) -> str | None:
    """The script that changes the loaded tables, "" for no change; None: load them whole."""
    if [table.name for table in before] != [table.name for table in after]:
        return None
    scripts = []
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        if not _is_change(old, new):
            return None
        scripts += list(_changes(old, new))
    return "".join(f"{line}\n" for line in scripts)


def _is_change(old: Table, new: Table) -> bool:
    """Whether changes of elements and rules are enough to make one table from the other."""
    same_sets = all(
        (new_set.kind, new_set.word, new_set.flags) == (old_set.kind, old_set.word, old_set.flags)
        for name, new_set in new.sets.items()
        if (old_set := old.sets.get(name)) is not None
    )
    same_hooks = all(
        _hook(lines) == _hook(old.chains[name])
        for name, lines in new.chains.items()
        if name in old.chains
    )
    return old.fixed == new.fixed and same_sets and same_hooks


def _hook(lines: Sequence[str]) -> str:
    return lines[0] if lines and lines[0].startswith("type ") else ""


def _changes(old: Table, new: Table) -> Iterator[str]:
    """Define everything before its first use; delete nothing that is still in use."""
    table = new.name
    for name, lines in new.chains.items():
        if name not in old.chains:
            yield f"add chain {table} {name}" + (f" {{ {_hook(lines)} }}" if _hook(lines) else "")
    for name, named_set in new.sets.items():
        if name not in old.sets:
            yield f"add {named_set.word} {table} {name} {{ {named_set.declaration()} }}"
            yield from _elements("add", table, name, named_set.elements)
    yield from _rules(old, new)
    for name, named_set in new.sets.items():
        if name in old.sets:
            yield from _set_changes(table, name, old.sets[name].elements, named_set.elements)
    removed_chains = [name for name in old.chains if name not in new.chains]
    yield from (f"flush chain {table} {name}" for name in removed_chains)
    for name, named_set in old.sets.items():
        if name not in new.sets:
            yield f"delete {named_set.word} {table} {name}"
    yield from (f"delete chain {table} {name}" for name in removed_chains)


def _rules(old: Table, new: Table) -> Iterator[str]:
    for name, lines in new.chains.items():
        if old.chains.get(name) == lines:
            continue
        if name in old.chains:
            yield f"flush chain {new.name} {name}"
        rules = lines[1:] if _hook(lines) else lines
        yield from (f"add rule {new.name} {name} {line}" for line in rules)


def _set_changes(
    table: str, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[str]:
    if before == after:
        return
    removed = {key: "" for key, value in before.items() if after.get(key) != value}
    added = {key: value for key, value in after.items() if before.get(key) != value}
    yield from _elements("delete", table, name, removed)
    yield from _elements("add", table, name, added)


def _elements(verb: str, table: str, name: str, elements: Mapping[str, str]) -> Iterator[str]:
    if elements:
        yield f"{verb} element {table} {name} {{ {_listed(elements)} }}"
