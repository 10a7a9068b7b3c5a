"""Limits on the connections of ports in the host's single conntrack table.

All bridges and the host's own sockets share that table, and the entry of a forged handshake stays
in it for a long time. So a port above its limit cannot open connections, and none can be opened
to it; existing connections go on. The same applies to all ports of a project on the host together.
Outgoing and incoming connections are counted separately: incoming connections do not use up the
number that a port may open. A connection that a port of this host opens counts only for that
port; otherwise one port could use up the limit of others.

The counters are in a separate table that is never replaced: the filters are replaced with every
change of a port, and that would restart the counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratolith.network.drivers.linux import names, tables
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.tables import Table

# Seconds; RFC 5382 requires this much of connection tracking for TCP. With the kernel's default of
# five days, connections that a guest forged or did not close would stay in the table.
_ESTABLISHED = 7440
_TIMEOUTS = "".join(
    f"  ct timeout v{version} {{\n    protocol tcp\n    l3proto {family}\n"
    f"    policy = {{ established : {_ESTABLISHED} }}\n  }}\n"
    for version, family in ((4, "ip"), (6, "ip6"))
)
FIRST = "ct status & confirmed == 0"  # the packet that opens a connection
OPENS = -139  # priority of the hook that counts what ports open
# The first byte of the marks of connections that are counted for the port that opened them
COUNTED = 0x73000000
IS_COUNTED = f"ct mark & 0xff000000 == {COUNTED:#x}"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The largest numbers of tracked connections that a port, or all ports of a project on the
    host together, may have open, and that others may have open to them; ``timeouts``: whether this
    kernel lets tables choose how long an idle connection is kept."""

    port: int = 16384
    project: int = 32768
    timeouts: bool = False


def can_choose_timeouts(name: str, native: bool) -> bool:
    """Whether the kernel lets a table choose timeouts; changes nothing in the kernel."""
    return nft.complaint(f"table {_family(native)} {name}_probe {{\n{_TIMEOUTS}}}\n") is None


def table_name(instance: str, native: bool) -> str:
    return f"{_family(native)} {instance}_limits"


def compile_limits(
    instance: str, limits: Limits, bridges: Iterable[str], projects: Mapping[int, str]
) -> Table:
    """The table for br_netfilter: packets carry marks of ports, which are cleared here.

    ``projects``: mark of a port -> project.
    """
    elements = {f"{mark:#x}": project for mark, project in projects.items()}
    bridge_names = ", ".join(f'"{name}"' for name in sorted(bridges))
    goto_ours = f"{{ {bridge_names} }} meta mark @ours goto"
    lines = {"opening": f"iifname {goto_ours} opening", "reaching": f"oifname {goto_ours} reaching"}
    counted = f"{FIRST} ct mark set {COUNTED:#x}"
    clear = "meta mark set 0"  # the mark must not reach policy routing rules of the host
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
    counted, clear = f"{FIRST} ct mark set {COUNTED:#x}", f"{FIRST} meta mark set 0"
    chains = {
        "opening": [*_count(limits, "from", "iifname"), counted, clear],
        "reaching": [*_count(limits, "to", "oifname"), clear],
        **_hooks({name: f"{end}ifname @ours goto {name}" for name, end in ends.items()}),
    }
    return _table(table_name(instance, True), "ifname", limits, elements, chains)


def _family(native: bool) -> str:
    return "bridge" if native else "inet"


def _hooks(lines: Mapping[str, str]) -> dict[str, list[str]]:
    """The chains run after the filters, so that refused packets are not counted."""
    kind = "type filter hook"
    return {
        "opens": [f"{kind} prerouting priority {OPENS}; policy accept;", lines["opening"]],
        "reached": [f"{kind} forward priority 1; policy accept;", lines["reaching"]],
    }


def _count(limits: Limits, name: str, key: str) -> list[str]:
    """Count a connection with its first packet only, before it is in the conntrack table."""
    timeouts = [
        f'meta protocol {protocol} meta l4proto tcp {FIRST} ct timeout set "v{version}"'
        for protocol, version in (("ip", 4), ("ip6", 6))
    ]
    port_limit, project_limit = limits.port, limits.project
    first = FIRST
    if name == "to":
        first += f" {IS_COUNTED.replace('==', '!=')}"
    return [
        *(timeouts if limits.timeouts else []),
        f"{first} add @{name}_port_{port_limit} {{ {key} ct count over {port_limit} }} drop",
        f"{first} meta mark set {key} map @projects",
        f"{first} add @{name}_project_{project_limit} "
        f"{{ meta mark ct count over {project_limit} }} drop",
    ]


def _table(
    name: str,
    kind: str,
    limits: Limits,
    projects: Mapping[str, str],
    chains: Mapping[str, Sequence[str]],
) -> Table:
    """The table whose loading replaces the rules and sets of ports, but keeps the counters.

    Sets of counters have the limit in their name, since the limit of an element never changes.
    """
    of_project = names.packet_marks(set(projects.values()))
    sets = {
        "ours": tables.named(f"type {kind}", projects),
        "projects": tables.mapping(
            f"type {kind} : mark",
            {key: f"{of_project[project]:#x}" for key, project in projects.items()},
        ),
    }
    empty = {
        key: msgspec.structs.replace(named_set, elements={}) for key, named_set in sets.items()
    }
    text = f"table {name} {{\n{tables.body(empty, {})}}}\nflush table {name}\n"
    text += f"flush set {name} ours\nflush map {name} projects\n"
    if not projects:
        return Table(name=name, sets=sets, chains={}, whole=text)
    counts = "".join(
        f"  set {way}_{limit} {{\n    type {kind_}\n    size 65535\n    flags dynamic\n  }}\n"
        for way in ("from", "to")
        for limit, kind_ in (
            (f"port_{limits.port}", kind), (f"project_{limits.project}", "mark")
        )
    )  # fmt: skip
    fixed = counts + (_TIMEOUTS if limits.timeouts else "")
    text += f"table {name} {{\n{tables.body(sets, {})}{fixed}{tables.body({}, chains)}}}\n"
    return Table(name=name, sets=sets, chains=chains, fixed=fixed, whole=text)
