"""Counters of a router's traffic, in a table of their own in its namespace.

Rules of the table are replaced with the other rules of the router. Counters are named objects,
which keep their values then; those of labels that ended are deleted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from uuid import UUID

from stratolith.network.drivers.base import MeterReading
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import MeterRuleView, MeterView, RouterView, outside

WAYS = {"ingress": "in", "egress": "out"}
_COUNTER = re.compile(r"counter (\w+) \{\s*packets (\d+) bytes (\d+)")
_DECLARED = re.compile(r"^  counter (\w+) \{", re.MULTILINE)


def table_name(instance: str) -> str:
    return f"inet {instance}_meter"


def compile_meters(router: RouterView, instance: str) -> str:
    """The table, as text for ``nft -f``; it does not exist afterwards without meters.

    Raises ``ValueError`` for an unusable address or id.
    """
    table = table_name(instance)
    if router.gateway is None or not router.meters:
        return f"table {table} {{\n}}\ndelete table {table}\n"
    devices = ", ".join(f'"{names.inner_gateway(port.port_id)}"' for port in outside(router))
    body = ""
    for meter in router.meters:
        for way in WAYS.values():
            body += f"  counter {way}_{_key(meter)} {{\n  }}\n"
        body += chain(f"label_{_key(meter)}", _rules(meter, devices))
    jumps = [f"jump label_{_key(meter)}" for meter in router.meters]
    hook = "type filter hook forward priority 10; policy accept;"
    body += chain("forward", [hook, *jumps])
    return f"table {table} {{\n}}\nflush table {table}\ntable {table} {{\n{body}}}\n"


def _key(meter: MeterView) -> str:
    return UUID(meter.label).hex


def _rules(meter: MeterView, devices: str) -> Iterator[str]:
    """A packet is counted once, however many rules it fits; exceptions come first."""
    for rule in sorted(meter.rules, key=lambda rule: not rule.excluded):
        if rule.direction not in WAYS:
            raise ValueError(f"{rule.direction!r} is not a direction of a metering rule")
        word = "iifname" if rule.direction == "ingress" else "oifname"
        end = "return"
        if not rule.excluded:
            end = f'counter name "{WAYS[rule.direction]}_{_key(meter)}" return'
        yield " ".join([f"{word} {{ {devices} }}", *_addresses(rule), end])


def _addresses(rule: MeterRuleView) -> Iterator[str]:
    for word, text in (("saddr", rule.source), ("daddr", rule.destination)):
        if not text:
            continue
        network = ipaddress.ip_network(text, strict=False)
        family = "ip" if network.version == 4 else "ip6"
        if network.prefixlen:
            yield f"{family} {word} {network}"
        else:
            yield f"meta nfproto {'ipv4' if network.version == 4 else 'ipv6'}"


def prune(ruleset: str, instance: str) -> None:
    """Delete the counters that the ruleset, which this namespace has loaded, does not declare."""
    declared = set(_DECLARED.findall(ruleset))
    if not declared:
        return  # the table is gone, with all of them
    table = table_name(instance)
    stale = sorted(read(instance).keys() - declared)
    chains = sorted({f"label_{name.partition('_')[2]}" for name in stale})
    script = [f"delete counter {table} {name}" for name in stale]
    script += [f"delete chain {table} {name}" for name in chains]
    if script:
        nft.load("".join(f"{line}\n" for line in script))


def read(instance: str) -> dict[str, tuple[int, int]]:
    """Counter -> packets and bytes, in the namespace of this thread."""
    listing = nft.counters(table_name(instance))
    return {name: (int(packets), int(size)) for name, packets, size in _COUNTER.findall(listing)}


def readings(router: RouterView, counted: dict[str, tuple[int, int]]) -> list[MeterReading]:
    """The counters of a router's labels, from those that ``read`` found in its namespace."""
    values = []
    for meter in router.meters:
        for direction, way in WAYS.items():
            packets, size = counted.get(f"{way}_{_key(meter)}", (0, 0))
            values.append(
                MeterReading(
                    label=meter.label,
                    router=router.id,
                    project=router.project_id,
                    direction=direction,
                    packets=packets,
                    bytes=size,
                )
            )
    return values
