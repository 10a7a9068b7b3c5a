"""QoS policies as nft rules: limits of bandwidth and packet rate, and DSCP marks.

A limit is a token bucket that drops what is over it, as Open vSwitch does for traffic of guests.
Each port has a chain of its own for each direction, and with it buckets of its own. The table is
separate from the filters: a change of a policy changes nothing in them.

Directions are the guest's: egress is what the guest sends, checked when a frame comes from its tap;
ingress is what it gets, checked before a frame leaves through the tap, after the filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import QosRuleView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.tables import Table, chain, mapping
from stratolith.network.drivers.routing import RouterView, outside

Rules = Mapping[str, Sequence[QosRuleView]]  # by policy
Limit = tuple[int, int]  # amount and burst, in units of the API

CANNOT = "this kernel's nftables cannot limit bandwidth or set DSCP marks"
DIRECTIONS = ("egress", "ingress")
# Of a limit whose burst the policy does not choose: the part of a second's traffic that Neutron
# takes, which TCP needs to reach the limit.
_BURST = 0.8
# The largest frame that a guest with segmentation offload sends. A bucket holds one at least: a
# smaller one would never let such a frame pass.
_LARGEST_FRAME = 65536
# Above these, the kernel cannot count in its unit of a nanosecond; no link is as fast.
_MOST_KBPS, _MOST_KPPS = 100_000_000, 100_000
_MOST_BURST = 2**32 - 1
_BEFORE_ROUTER, _AFTER_ROUTER = -310, 110  # around the translation of addresses


def checked(rules: Sequence[QosRuleView]) -> Sequence[QosRuleView]:
    """The rules; raises ``ValueError`` for one that cannot be enforced."""
    for rule in rules:
        checks.qos_rule(rule.type, rule.direction, rule.amount, rule.burst)
    return rules


def can_enforce(instance: str) -> bool:
    """Whether the kernel knows the statements that rules need; changes nothing in it."""
    lines = [
        "type filter hook prerouting priority -250; policy accept;",
        "limit rate over 1000 bytes/second burst 1000 bytes drop",
        "ip dscp set 10",
        "ip6 dscp set 10",
    ]
    table = f"table bridge {instance}_probe {{\n{chain('probe', lines)}}}\n"
    return nft.complaint(table) is None


def table_name(instance: str) -> str:
    return f"bridge {instance}_qos"


def compile_table(instance: str, ports: Iterable[FilteredPort], rules: Rules) -> Table:
    """The table for all ports of the host."""
    verdicts: dict[str, dict[str, str]] = {direction: {} for direction in DIRECTIONS}
    chains: dict[str, Sequence[str]] = {}
    for port in ports:
        for direction in DIRECTIONS:
            lines = _lines(rules.get(port.view.qos_policy, ()), direction)
            if lines and port.view.admin_state_up:
                name = f"{direction}_{names.digest(port.view.id)}"
                chains[name] = lines
                verdicts[direction][f'"{port.view.tap}"'] = f"goto {name}"
    kind = "type ifname : verdict"
    sets = {name: mapping(kind, goto) for name, goto in verdicts.items() if goto}
    head = "type filter hook {} priority {}; policy accept;"
    if verdicts["egress"]:  # after the check of addresses, before frames go to the IP hooks
        chains["sent"] = [head.format("prerouting", -250), "iifname vmap @egress"]
    if verdicts["ingress"]:
        chains["received"] = [head.format("postrouting", 0), "oifname vmap @ingress"]
    return Table(name=table_name(instance), sets=sets, chains=chains)


def compile_router(router: RouterView, rules: Rules) -> str:
    """Chains for the table of a router's namespace: limits of floating IPs and of the gateway's
    own addresses, at the gateways' devices, where both have their outside form.
    """
    if router.gateway is None:
        return ""
    devices = ", ".join(f'"{names.inner_gateway(port.port_id)}"' for port in outside(router))
    limited = {floating.floating_ip: floating.qos_policy for floating in router.floating_ips}
    limited |= {port.floating_ip: port.qos_policy for port in router.port_forwardings}
    for port in outside(router):
        for text in port.addresses:
            limited.setdefault(text.split("/")[0], port.qos_policy)
    body = ""
    for direction, way, end, hook, priority in (
        ("ingress", "daddr", "iifname", "prerouting", _BEFORE_ROUTER),
        ("egress", "saddr", "oifname", "postrouting", _AFTER_ROUTER),
    ):
        hooked = []
        for address, policy in sorted(limited.items()):
            lines = _lines(rules.get(policy, ()), direction)
            if lines:
                checked = checks.address(address)
                name = f"qos_{direction}_{names.digest(checked)}"
                body += chain(name, lines)
                family = "ip6" if ":" in checked else "ip"
                hooked.append(f"{end} {{ {devices} }} {family} {way} {checked} goto {name}")
        if hooked:
            head = f"type filter hook {hook} priority {priority}; policy accept;"
            body += chain(f"qos_{direction}", [head, *hooked])
    return body


def _lines(rules: Iterable[QosRuleView], direction: str) -> list[str]:
    """Statements that enforce the rules of one direction."""
    lines = []
    for rule in rules:
        if rule.direction != direction:
            continue
        if rule.type == "dscp_marking":
            lines += _mark(rule.amount)
        elif rule.type == "bandwidth_limit":
            lines += _bandwidth(rule.amount, rule.burst)
        else:
            lines += _packet_rate(rule.amount, rule.burst)
    return lines


def _mark(value: int) -> list[str]:
    """Requests for metadata keep the value that proves their sender (``metadata_mark``)."""
    return [
        f"ip daddr != {names.METADATA_ADDRESS} ip dscp set {value}",
        f"ip6 daddr != {metadata6.ADDRESS} ip6 dscp set {value}",
    ]


def _bandwidth(kbps: int, burst_kbit: int) -> list[str]:
    if not 0 < kbps <= _MOST_KBPS:
        return []
    rate = kbps * 125  # bytes per second
    burst = burst_kbit * 125 or int(rate * _BURST)
    # the kernel's bucket holds what passes in a second, and the burst
    burst = min(max(burst, _LARGEST_FRAME - rate, 1), _MOST_BURST)
    return [f"limit rate over {rate} bytes/second burst {burst} bytes drop"]


def _packet_rate(kpps: int, burst_kpps: int) -> list[str]:
    if not 0 < kpps <= _MOST_KPPS:
        return []
    rate = kpps * 1000
    burst = min(burst_kpps * 1000 or int(rate * _BURST), _MOST_BURST)
    return [f"limit rate over {rate}/second burst {burst} packets drop"]
