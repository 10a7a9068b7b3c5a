"""Namespaces of routers and DHCP servers, and the devices in them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import inside
from stratolith.network.drivers.linux.host_kernel import marks, namespaces
from stratolith.network.drivers.linux.objects import NamespaceSpec
from stratolith.network.drivers.linux.passes.work import Work
from stratolith.network.drivers.linux.routing import keepalived
from stratolith.network.drivers.linux.watch import Watch

_PARALLEL = 8  # this many namespaces are settled in parallel


def make(work: Work) -> None:
    """Attach all namespaces, then settle their insides in parallel, since nft waits a lot."""
    waiting: list[tuple[NamespaceSpec, Callable[[], inside.Report]]] = []
    for spec in work.plan.namespaces:
        with work.noted(spec.owner):
            settle = _wired(work, spec)
            if settle is not None:
                waiting.append((spec, settle))
    if not waiting:
        return
    with ThreadPoolExecutor(min(_PARALLEL, len(waiting)), "netns") as pool:
        pending = [(spec, settle, pool.submit(_settle, work, spec, settle))
                   for spec, settle in waiting]  # fmt: skip
    for spec, settle, future in pending:
        with work.noted(spec.owner):
            report = future.result()
            if report.missing:
                _plug_again(work, spec, report.missing)
                report = _settle(work, spec, settle)
            problems = report.errors + [f"{name} is missing" for name in report.missing]
            if problems:
                raise NetworkDriverError("; ".join(problems))
            work.memory.specs[spec.name] = spec


def remove_unwanted(work: Work) -> None:
    wanted = {space.name for space in work.plan.namespaces}
    entries = work.ledger.entries.namespaces
    for name in [name for name in entries if name not in wanted]:
        work.memory.forget_namespace(name)
        number = entries.pop(name)
        if number == 0 or namespaces.inode(name) in (None, number):
            namespaces.remove(name)


def _settle(work: Work, spec: NamespaceSpec, settle: Callable[[], inside.Report]) -> inside.Report:
    report = namespaces.run_in(spec.name, settle)
    namespace_watch = work.memory.watches.get(spec.name)
    if namespace_watch is not None:
        namespace_watch.forget_links()
        namespace_watch.forget_rules()
        namespace_watch.kept = report.kept
    election = spec.election
    if election is not None:  # after that, so that the next change of it is noticed
        is_active = partial(keepalived.is_active, election)
        work.memory.active[spec.name] = namespaces.run_in(spec.name, is_active)
    return report


def _wired(work: Work, spec: NamespaceSpec) -> Callable[[], inside.Report] | None:
    """Make the namespace and its veth pairs; returns what must run to settle the inside."""
    _make(work, spec)
    for device in spec.devices:
        work.links.ensure_veth(device, spec.name)
    namespace_watch = work.memory.watches.get(spec.name)
    if namespace_watch is None:
        namespace_watch = namespaces.run_in(spec.name, lambda: Watch(routes=True))
        work.memory.add_watch(namespace_watch, spec.name)
    before = work.memory.specs.get(spec.name)
    links_unchanged = namespace_watch.links.fileno() not in work.disturbed and not work.deep
    rules_unchanged = namespace_watch.rules.fileno() not in work.disturbed and not work.deep
    if before == spec and links_unchanged and rules_unchanged:
        return None
    load_rules = before is None or before.ruleset != spec.ruleset or not rules_unchanged
    work.memory.specs.pop(spec.name, None)
    removed = set(before.translations) - set(spec.translations) if before else set()
    withdrawn = {outside for outside, _ in removed}
    ended = set(before.forwards) - set(spec.forwards) if before else set()
    instance = work.links.instance
    if (
        before is not None
        and links_unchanged
        and rules_unchanged
        and inside.is_all_but_neighbours(before, spec)
    ):
        return lambda: inside.change_neighbours(before, spec)
    return lambda: inside.settle(spec, instance, load_rules, withdrawn, ended)


def _plug_again(work: Work, spec: NamespaceSpec, missing: list[str]) -> None:
    for device in spec.devices:
        if device.inner_name in missing:
            link = work.links.by_name.get(device.host_name)
            if link is not None:
                work.links.delete(link)
            work.links.ensure_veth(device, spec.name)


def _make(work: Work, spec: NamespaceSpec) -> None:
    """Make the namespace unless it exists. Raises ``NetworkDriverError``."""
    known = work.ledger.entries.namespaces
    present = namespaces.inode(spec.name)
    if present is not None and spec.name in known and known[spec.name] in (0, present):
        if work.memory.inodes.get(spec.name) != present:  # also those of an earlier program
            namespaces.run_in(spec.name, partial(marks.put, work.ledger.mark))
        known[spec.name] = work.memory.inodes[spec.name] = present
        return
    if present is not None:
        raise NetworkDriverError(f"a namespace {spec.name} exists that Stratolith did not make")
    work.memory.forget_namespace(spec.name)
    known[spec.name] = 0
    work.record()
    try:
        known[spec.name] = work.memory.inodes[spec.name] = namespaces.create(
            spec.name, partial(marks.put, work.ledger.mark)
        )
    except NetworkDriverError:
        del known[spec.name]
        raise
