"""nft tables as values: loaded whole, or brought from what was loaded to what is wanted.

What changes with every port (sets and maps) is named, so that one port more costs one element
more and not all tables anew. Sets of ranges never change: their name says what is in them.
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
    """A table of ours. ``fixed``: what no change of ports touches; where that differs, and
    when it is loaded for the first time, the table is loaded whole, by ``whole`` if that is set
    (else it replaces itself)."""

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
    """Everything, for ``nft -f``: one transaction, whatever was there before."""
    return "".join(
        table.whole or replaced(table.name, body(table.sets, table.chains)) for table in ruleset
    )


def body(sets: Mapping[str, NamedSet], chains: Mapping[str, Sequence[str]]) -> str:
    """What stands between the braces of a table."""
    return "".join(_set_text(name, one) for name, one in sets.items()) + "".join(
        chain(name, lines) for name, lines in chains.items()
    )


def chain(name: str, lines: Iterable[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def replaced(name: str, inside: str) -> str:
    """A table that replaces itself whole, in one transaction, whether it existed or not."""
    return f"table {name} {{\n}}\ndelete table {name}\ntable {name} {{\n{inside}}}\n"


def _set_text(name: str, one: NamedSet) -> str:
    full = f"    elements = {{ {_listed(one.elements)} }}\n" if one.elements else ""
    flags = f"    flags {one.flags}\n" if one.flags else ""
    return f"  {one.word} {name} {{\n    {one.kind}\n{flags}{full}  }}\n"


def _listed(elements: Mapping[str, str]) -> str:
    return ", ".join(_element(key, elements[key]) for key in sorted(elements))


def _element(key: str, value: str) -> str:
    return f"{key} : {value}" if value else key


def changes(before: Ruleset, after: Ruleset) -> str | None:
    """What brings loaded tables to those wanted, "" for nothing; None: load them whole."""
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
    """Whether one table becomes the other by elements and rules alone."""
    same_sets = all(
        (one.kind, one.word, one.flags) == (other.kind, other.word, other.flags)
        and (not one.flags or one.elements == other.elements)
        for name, one in new.sets.items()
        if (other := old.sets.get(name)) is not None
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
    """Nothing is named before it is there, and nothing goes while something names it."""
    table = new.name
    for name, lines in new.chains.items():
        if name not in old.chains:
            yield f"add chain {table} {name}" + (f" {{ {_hook(lines)} }}" if _hook(lines) else "")
    for name, one in new.sets.items():
        if name not in old.sets:
            yield f"add {one.word} {table} {name} {{ {one.declaration()} }}"
            yield from _elements("add", table, name, one.elements)
    yield from _rules(old, new)
    for name, one in new.sets.items():
        if name in old.sets:
            yield from _set_changes(table, name, old.sets[name].elements, one.elements)
    gone = [name for name in old.chains if name not in new.chains]
    yield from (f"flush chain {table} {name}" for name in gone)
    for name, one in old.sets.items():
        if name not in new.sets:
            yield f"delete {one.word} {table} {name}"
    yield from (f"delete chain {table} {name}" for name in gone)


def _rules(old: Table, new: Table) -> Iterator[str]:
    for name, lines in new.chains.items():
        if old.chains.get(name) == lines:
            continue
        if name in old.chains:
            yield f"flush chain {new.name} {name}"
        own = lines[1:] if _hook(lines) else lines
        yield from (f"add rule {new.name} {name} {line}" for line in own)


def _set_changes(
    table: str, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[str]:
    if before == after:
        return
    gone = {key: "" for key, value in before.items() if after.get(key) != value}
    fresh = {key: value for key, value in after.items() if before.get(key) != value}
    yield from _elements("delete", table, name, gone)
    yield from _elements("add", table, name, fresh)


def _elements(verb: str, table: str, name: str, elements: Mapping[str, str]) -> Iterator[str]:
    if elements:
        yield f"{verb} element {table} {name} {{ {_listed(elements)} }}"
