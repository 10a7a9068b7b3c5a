"""How many connections the ports of a host may have in the host's one table of them.

All bridges share that table with the host's own sockets, and a forged handshake stays in it for
long. So a port above its limit opens no more, and nobody may open more to it; what is open goes
on. The same holds for all ports of a project on the host together. Opening and being opened to
are counted apart: what a port may open is not used up by those who open connections to it. What
a port of this host opens counts for that port alone, or one could use up what others may have.

The counts live in a table of their own that is never replaced: the filters are, with every
change of a port, and each time all counting would begin again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratolith.network.drivers.linux import names, tables
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.tables import Table

# Seconds; RFC 5382 asks for this much of what tracks TCP. The kernel's five days would keep what
# a guest forged, or its crash left, in the table.
_ESTABLISHED = 7440
_TIMEOUTS = "".join(
    f"  ct timeout v{version} {{\n    protocol tcp\n    l3proto {family}\n"
    f"    policy = {{ established : {_ESTABLISHED} }}\n  }}\n"
    for version, family in ((4, "ip"), (6, "ip6"))
)
_FIRST = "ct status & confirmed == 0"  # the packet that opens a connection
_COUNTED = "0x73746c"  # mark of a connection whose opener it counts for


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Most tracked connections that are open from, and most that are open from elsewhere to, a
    port or a project's ports on the host together; ``timeouts``: whether this kernel lets tables
    choose how long an idle connection is kept."""

    port: int = 16384
    project: int = 32768
    timeouts: bool = False


def can_choose_timeouts(name: str, native: bool) -> bool:
    """Whether the kernel lets a table choose timeouts; changes nothing."""
    return nft.complaint(f"table {_family(native)} {name}_probe {{\n{_TIMEOUTS}}}\n") is None


def table_name(instance: str, native: bool) -> str:
    return f"{_family(native)} {instance}_limits"


def compile_limits(
    instance: str, limits: Limits, bridges: Iterable[str], projects: Mapping[int, str]
) -> Table:
    """The table for br_netfilter: packets carry marks of ports, which are taken off here.

    ``projects``: mark of a port -> project.
    """
    elements = {f"{mark:#x}": project for mark, project in projects.items()}
    among = ", ".join(f'"{name}"' for name in sorted(bridges))
    one = f"{{ {among} }} meta mark @ours goto"
    lines = {"opening": f"iifname {one} opening", "reaching": f"oifname {one} reaching"}
    counted = f"{_FIRST} ct mark set {_COUNTED}"
    clear = "meta mark set 0"  # nobody else's policy routing shall see it
    chains = {
        "opening": [*_count(limits, "from", "meta mark"), counted, clear],
        "reaching": [*_count(limits, "to", "meta mark"), clear],
        **_hooks(lines),
    }
    return _table(table_name(instance, False), "mark", limits, elements, chains)


def compile_native_limits(instance: str, limits: Limits, projects: Mapping[str, str]) -> Table:
    """The table for kernels whose bridge family knows connections. ``projects``: by tap."""
    elements = {f'"{tap}"': project for tap, project in projects.items()}
    ends = {"opening": "i", "reaching": "o"}
    counted, clear = f"{_FIRST} ct mark set {_COUNTED}", f"{_FIRST} meta mark set 0"
    chains = {
        "opening": [*_count(limits, "from", "iifname"), counted, clear],
        "reaching": [*_count(limits, "to", "oifname"), clear],
        **_hooks({way: f"{end}ifname @ours goto {way}" for way, end in ends.items()}),
    }
    return _table(table_name(instance, True), "ifname", limits, elements, chains)


def _family(native: bool) -> str:
    return "bridge" if native else "inet"


def _hooks(lines: Mapping[str, str]) -> dict[str, list[str]]:
    """After the filters: what these refuse uses nothing up."""
    kind = "type filter hook"
    return {
        "opens": [f"{kind} prerouting priority -139; policy accept;", lines["opening"]],
        "reached": [f"{kind} forward priority 1; policy accept;", lines["reaching"]],
    }


def _count(limits: Limits, name: str, key: str) -> list[str]:
    """Count a connection with its first packet only, when it is not in the table yet."""
    timeouts = [
        f'meta protocol {protocol} meta l4proto tcp {_FIRST} ct timeout set "v{version}"'
        for protocol, version in (("ip", 4), ("ip6", 6))
    ]
    one, all_ = limits.port, limits.project
    first = _FIRST if name == "from" else f"{_FIRST} ct mark != {_COUNTED}"
    return [
        *(timeouts if limits.timeouts else []),
        f"{first} add @{name}_port_{one} {{ {key} ct count over {one} }} drop",
        f"{first} meta mark set {key} map @projects",
        f"{first} add @{name}_project_{all_} {{ meta mark ct count over {all_} }} drop",
    ]


def _table(
    name: str,
    kind: str,
    limits: Limits,
    projects: Mapping[str, str],
    chains: Mapping[str, Sequence[str]],
) -> Table:
    """Replaces the rules and what is known of our ports; the counts stay.

    Sets of counts are named by the limit, which an element of theirs never changes.
    """
    of_project = names.packet_marks(set(projects.values()))
    sets = {
        "ours": tables.named(f"type {kind}", projects),
        "projects": tables.mapping(
            f"type {kind} : mark", {key: f"{of_project[it]:#x}" for key, it in projects.items()}
        ),
    }
    empty = {key: msgspec.structs.replace(one, elements={}) for key, one in sets.items()}
    text = f"table {name} {{\n{tables.body(empty, {})}}}\nflush table {name}\n"
    text += f"flush set {name} ours\nflush map {name} projects\n"
    if not projects:
        return Table(name=name, sets=sets, chains={}, whole=text)
    counts = "".join(
        f"  set {way}_{what} {{\n    type {kind_}\n    size 65535\n    flags dynamic\n  }}\n"
        for way in ("from", "to")
        for what, kind_ in (
            (f"port_{limits.port}", kind), (f"project_{limits.project}", "mark")
        )
    )  # fmt: skip
    fixed = counts + (_TIMEOUTS if limits.timeouts else "")
    text += f"table {name} {{\n{tables.body(sets, {})}{fixed}{tables.body({}, chains)}}}\n"
    return Table(name=name, sets=sets, chains=chains, fixed=fixed, whole=text)
