"""What to do for one guest: a pure function of what is wanted, what is there and the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stratolith.compute.agent.documents import GuestDocument, OperationDocument
from stratolith.compute.drivers.base import GuestState, PowerState

RUNNING, SHUTDOWN = PowerState.RUNNING, PowerState.SHUTDOWN
CRASHED, PAUSED = PowerState.CRASHED, PowerState.PAUSED

# A crashed guest is started again after 0, 1, 2, 4, ... seconds, and given up after so many.
HEAL_LIMIT = 6
HEAL_STABLE_SECONDS = 120.0


@dataclass(frozen=True)
class Act:
    """One step. ``operation_id``: the operation that ends when this step is done.

    kind: create, start, stop, reboot, pause, unpause, destroy, attach, detach, connect (a NIC
    whose host end was taken away), done (nothing to do but to end the operation), fault
    (``text`` says what is wrong), wait (``seconds``).
    """

    kind: str
    operation_id: str | None = None
    port_id: str = ""
    hard: bool = False
    seconds: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Health:
    """How often a guest had to be started again lately; times are monotonic seconds."""

    restarts: int = 0
    last_restart: float = float("-inf")

    def due(self) -> float:
        """When it may be started again."""
        wait = 0.0 if self.restarts == 0 else 2.0 ** (self.restarts - 1)
        return self.last_restart + wait

    def after_restart(self, now: float) -> Health:
        recent = now - self.last_restart < HEAL_STABLE_SECONDS
        return Health(self.restarts + 1 if recent else 1, now)


def plan(
    wanted: GuestDocument,
    seen: GuestState | None,
    now: float,
    health: Health = Health(),
    done: frozenset[str] = frozenset(),
    *,
    hotplug: bool = True,
) -> list[Act]:
    """Steps that bring the guest to what is wanted; empty when it is there.

    ``done``: operations that this agent carried out before, whose end is still on its way.
    """
    if wanted.wanted in ("gone", "nothing"):
        return [Act("destroy")] if seen is not None else []
    operations = [one for one in wanted.operations if one.id not in done]
    if seen is None:
        return _make(wanted, operations)
    if seen.lost:
        return _replace(wanted, operations)
    acts: list[Act] = []
    power = seen.power
    for operation in operations:
        for act in _carry_out(operation, wanted, power):
            acts.append(act)
            power = _after(act, power)
    if not any(one.kind == "rebuild" for one in operations):
        acts += _wires(wanted, seen, power, operations, hotplug)
    if not operations:
        acts += _level(wanted, seen, now, health)
    return acts


def requests_of(wanted: GuestDocument, acts: Sequence[Act]) -> list[str]:
    """For each act the id of the API request it is done for; "-" for none.

    An act that ends no operation belongs to the next one that does. A deletion has none, here.
    """
    by_operation = {one.id: one.request_id for one in wanted.operations}
    goes = wanted.wanted in ("gone", "nothing")
    request_id = (wanted.request_id if goes else "") or "-"
    found = []
    for act in reversed(acts):
        if act.operation_id:
            request_id = by_operation.get(act.operation_id) or "-"
        found.append(request_id)
    return found[::-1]


def _make(wanted: GuestDocument, operations: Sequence[OperationDocument]) -> list[Act]:
    makes = [one for one in operations if one.kind in ("create", "rebuild")]
    if not makes:
        if wanted.built:
            return [Act("fault", text="The guest's files are gone from its host.")]
        return []
    acts = [Act("create")]
    if wanted.wanted != "stopped":
        acts.append(Act("start"))
    acts += [Act("done", one.id) for one in operations]
    return acts


def _replace(wanted: GuestDocument, operations: Sequence[OperationDocument]) -> list[Act]:
    """A guest that runs without its files: it goes on until it is made anew or deleted."""
    if any(one.kind in ("create", "rebuild") for one in operations):
        return [Act("destroy"), *_make(wanted, operations)]
    return [Act("fault", text="The guest's files are gone from its host.")]


def _carry_out(
    operation: OperationDocument, wanted: GuestDocument, power: PowerState
) -> Iterator[Act]:
    """The steps of one operation, the last of which ends it."""
    kind, id_ = operation.kind, operation.id
    if kind == "rebuild":
        yield Act("destroy")
        yield Act("create")
        if wanted.wanted != "stopped":
            yield Act("start")
        yield Act("done", id_)
    elif kind in ("create", "start", "unpause"):
        if power is PAUSED:
            yield Act("unpause", id_)
        elif power is RUNNING or wanted.wanted == "stopped":
            yield Act("done", id_)
        else:
            yield Act("start", id_)
    elif kind == "stop":
        yield Act("done" if power in (SHUTDOWN, CRASHED) else "stop", id_)
    elif kind == "reboot":
        hard = operation.params.get("type") != "SOFT" or power is not RUNNING
        yield Act("reboot", id_, hard=hard)
    elif kind == "pause":
        yield Act("pause" if power is RUNNING else "done", id_)
    elif kind not in ("attach_interface", "detach_interface"):
        yield Act("done", id_)


def _after(act: Act, power: PowerState) -> PowerState:
    after = {
        "start": RUNNING,
        "reboot": RUNNING,
        "unpause": RUNNING,
        "stop": SHUTDOWN,
        "pause": PAUSED,
    }
    return after.get(act.kind, power)


def _wires(
    wanted: GuestDocument,
    seen: GuestState,
    power: PowerState,
    operations: Sequence[OperationDocument],
    hotplug: bool,
) -> list[Act]:
    """NICs of a running guest; one that does not run gets its NICs when it starts."""
    by_port = {
        one.params.get("port_id"): one.id
        for one in operations
        if one.kind in ("attach_interface", "detach_interface")
    }
    acts: list[Act] = []
    should, have = [vif.port_id for vif in wanted.spec.vifs], list(seen.vifs)
    if seen.power is RUNNING and power is RUNNING and hotplug:
        acts += [
            Act("detach", by_port.pop(port_id, None), port_id=port_id)
            for port_id in have
            if port_id not in should
        ]
        acts += [
            Act("attach", by_port.pop(port_id, None), port_id=port_id)
            for port_id in should
            if port_id not in have
        ]
        acts += [Act("connect", port_id=port_id) for port_id in seen.cut_off if port_id in should]
    return acts + [Act("done", id_) for id_ in by_port.values()]


def _level(wanted: GuestDocument, seen: GuestState, now: float, health: Health) -> list[Act]:
    """Without an operation: heal what crashed, undo what nobody asked for."""
    power = seen.power
    if wanted.wanted == "stopped":
        return [Act("stop")] if power in (RUNNING, PAUSED) else []
    if power is PAUSED and seen.stalled == "room" and wanted.wanted == "running":
        return [Act("unpause")]
    if power is not CRASHED:
        # off by its own user's hand, or paused: the control plane takes that over
        return []
    if now - health.last_restart < HEAL_STABLE_SECONDS and health.restarts >= HEAL_LIMIT:
        text = f"The guest crashed {health.restarts} times in a row and was given up."
        return [Act("fault", text=text)]
    if now < health.due():
        return [Act("wait", seconds=health.due() - now)]
    return [Act("start")]
