"""Values that the filters derive from a port, computed once while the port does not change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux import guard, names
from stratolith.network.drivers.linux.filtering import group_chains
from stratolith.network.drivers.linux.filtering.group_chains import Content
from stratolith.network.drivers.linux.guard import Sources

_OF_RULES = ("groups", "rules", "rule_counts", "stateful", "logs")  # fields of a view


class Addresses:
    """Values that depend on the addresses of a port's view only."""

    def __init__(self, view: PortView) -> None:
        self.view = view

    def are_of(self, view: PortView) -> bool:
        """Whether another view of the port has the same addresses."""
        same_but_rules = {name: getattr(view, name) for name in _OF_RULES}
        return msgspec.structs.replace(self.view, **same_but_rules) == view

    @cached_property
    def sources(self) -> Sources:
        return guard.sources(self.view)

    @cached_property
    def claims(self) -> guard.Claims:
        port_claims = guard.Claims()
        port_claims.add(self.view.tap, self.sources)
        return port_claims

    @cached_property
    def plain_v4(self) -> list[str]:
        return [address for _, address in self.sources.pairs if ":" not in address]


class Facts:
    """Values that depend on a port's view only. ``before``: those of an earlier view."""

    def __init__(self, view: PortView, before: Facts | None = None) -> None:
        self.view = view
        self.addresses: Addresses = Addresses(view)
        if before is not None and before.addresses.are_of(view):
            self.addresses = before.addresses

    @cached_property
    def problem(self) -> str:
        """Why the port cannot be expressed as rules; "" when it can."""
        try:
            names.checked_device(self.view.tap)
            _ = self.addresses.sources
            for rule in self.view.rules:
                checks.rule(rule)
            for local_ip in self.view.local_ips:
                checks.local_ip(local_ip)
        except (ValueError, TypeError) as error:
            return str(error) or type(error).__name__
        return ""

    @cached_property
    def contents(self) -> dict[str, Content]:
        """What the chain of each direction is made of."""
        logged = group_chains.logged(self.view.logs) if self.view.logs else group_chains.NOTHING
        owners = self._owners() if logged.accepted else []
        contents = {}
        for direction in ("egress", "ingress"):
            numbers = [n for n, rule in enumerate(self.view.rules) if rule.direction == direction]
            contents[direction] = Content(
                direction=direction,
                rules=[self.view.rules[number] for number in numbers],
                stateful=self.view.stateful,
                logged=logged,
                groups=[owners[number] for number in numbers] if owners else [],
            )
        return contents

    def _owners(self) -> list[str]:
        """The security group of each rule; "" where that is not known."""
        owners = [
            group
            for group, count in zip(self.view.groups, self.view.rule_counts, strict=False)
            for _ in range(count)
        ]
        return [*owners, *[""] * (len(self.view.rules) - len(owners))][: len(self.view.rules)]


class FactBook:
    """The facts of ports by port id."""

    def __init__(self) -> None:
        self._known: dict[str, Facts] = {}

    def of(self, view: PortView) -> Facts:
        known = self._known.get(view.id)
        if known is None or (known.view is not view and known.view != view):
            known = self._known[view.id] = Facts(view, known)
        return known

    def keep(self, port_ids: Iterable[str]) -> None:
        """Forget all ports except these."""
        wanted = set(port_ids)
        for port_id in self._known.keys() - wanted:
            del self._known[port_id]


class FilteredPort(msgspec.Struct, frozen=True, kw_only=True):
    """A port, its bridge and its conntrack zone."""

    facts: Facts
    bridge: str
    zone: int | None  # None: an external network, which shares the host's own addresses
    bridge_is_routed: bool  # the host itself has addresses on the bridge

    @property
    def view(self) -> PortView:
        return self.facts.view
