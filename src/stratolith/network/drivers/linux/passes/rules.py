"""The tables of nft in the host's own namespace."""

from __future__ import annotations

import contextlib

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import tables
from stratolith.network.drivers.linux.filtering import culprits, local_ips
from stratolith.network.drivers.linux.host_kernel import netlink, nft
from stratolith.network.drivers.linux.passes import unwanted
from stratolith.network.drivers.linux.passes.work import Work


def load(work: Work) -> bool:
    """Load the plan's tables; whether they are in force."""
    host = work.memory.host
    touched = host is not None and host.rules.fileno() in work.disturbed
    if work.plan.ruleset == work.memory.ruleset and not touched and not work.deep:
        return True
    try:
        _load_all(work)
    except NetworkDriverError as error:
        work.memory.ruleset = None
        for tap in work.plan.taps:
            work.errors.setdefault(tap.port_id, f"filters not loaded: {error}")
        work.errors["filters"] = str(error)
        return False
    work.memory.ruleset = work.plan.ruleset
    return True


def _load_all(work: Work) -> None:
    """Load all tables, or the tables without the ports whose rules nft refuses.

    Load only the changes, if the loaded tables were not changed by others.
    """
    host = work.memory.host
    touched = host is None or host.rules.fileno() in work.disturbed
    if work.memory.ruleset is not None and not touched and not work.deep:
        script = tables.changes(work.memory.ruleset, work.plan.ruleset)
        if script is not None:
            with contextlib.suppress(NetworkDriverError):
                _load_text(work, script)
                return
    try:
        _load_text(work, tables.text(work.plan.ruleset))
    except NetworkDriverError:
        reasons = culprits.find(
            [port.port_id for port in work.plan.flows],
            lambda ports: nft.complaint(tables.text(work.planned(ports).ruleset)),
        )
        if not reasons:
            raise
        work.memory.refused = (work.whole, reasons)
        leave_out(work, reasons)
        unwanted.remove(work)  # a tap without rules would accept everything
        _load_text(work, tables.text(work.plan.ruleset))


def load_answers(work: Work) -> None:
    """Load the tables that answer for local IPs: after their devices were made."""
    wanted = local_ips.present(work.plan.answers, work.links.by_name)
    before, work.memory.answers = work.memory.answers, None
    host = work.memory.host
    touched = host is not None and host.rules.fileno() in work.disturbed
    if touched or work.deep or local_ips.lost(before, work.links.touched):
        before = None
    if wanted != before:
        script = None if before is None else tables.changes(before, wanted)
        try:
            _load_text(work, tables.text(wanted) if script is None else script)
        except NetworkDriverError:
            if script is None:
                raise
            _load_text(work, tables.text(wanted))
    work.memory.answers = wanted


def _load_text(work: Work, ruleset: str) -> None:
    """Load our tables; detect a change by another program at the same moment."""
    host = work.memory.host
    before = netlink.rules_generation()
    nft.load(ruleset)
    if host is not None:
        host.forget_rules()
    work.memory.unsettled |= netlink.rules_generation() - before > 1


def leave_out(work: Work, ports: dict[str, str]) -> None:
    """Go on without these ports; ``ports``: id -> why nft refuses its rules."""
    work.plan = work.planned(frozenset(ports))
    for port_id, reason in ports.items():
        work.errors.setdefault(port_id, f"nft refuses its filters: {reason}")
