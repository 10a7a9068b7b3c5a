"""The steps for one guest: a pure function of desired state, observed state and time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stratolith.compute.agent.documents import GuestDocument, OperationDocument
from stratolith.compute.drivers.base import GuestState, PowerState

RUNNING, SHUTDOWN = PowerState.RUNNING, PowerState.SHUTDOWN
CRASHED, PAUSED = PowerState.CRASHED, PowerState.PAUSED

# A crashed guest is restarted after 0, 1, 2, 4, ... seconds, at most RESTART_LIMIT times in a row.
RESTART_LIMIT = 6
STABLE_SECONDS = 120.0


@dataclass(frozen=True)
class Step:
    """One step of a plan. ``operation_id``: the operation that ends with this step.

    ``kind``: create, start, stop, reboot, pause, unpause, destroy, attach, detach, connect (connect
    a NIC whose tap was deleted), done (only end the operation), fault (report ``text``), wait
    (for ``seconds``).
    """

    kind: str
    operation_id: str | None = None
    port_id: str = ""
    hard: bool = False
    seconds: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Health:
    """Recent restarts of a guest after crashes; times are monotonic seconds."""

    restarts: int = 0
    last_restart: float = float("-inf")

    def due(self) -> float:
        """The time of the next restart."""
        wait = 0.0 if self.restarts == 0 else 2.0 ** (self.restarts - 1)
        return self.last_restart + wait

    def after_restart(self, now: float) -> Health:
        recent = now - self.last_restart < STABLE_SECONDS
        return Health(self.restarts + 1 if recent else 1, now)


def plan(
    wanted: GuestDocument,
    seen: GuestState | None,
    now: float,
    health: Health = Health(),
    done: frozenset[str] = frozenset(),
    *,
    hotplug: bool = True,
) -> list[Step]:
    """The steps that bring the guest to the desired state; empty if it has that state.

    ``done``: operations that this agent has carried out; the view may still list them as open.
    """
    if wanted.wanted in ("gone", "nothing"):
        return [Step("destroy")] if seen is not None else []
    operations = [operation for operation in wanted.operations if operation.id not in done]
    if seen is None:
        return _make(wanted, operations)
    if seen.lost:
        return _replace(wanted, operations)
    steps: list[Step] = []
    power = seen.power
    for operation in operations:
        for step in _carry_out(operation, wanted, power):
            steps.append(step)
            power = _after(step, power)
    if not any(operation.kind == "rebuild" for operation in operations):
        steps += _nic_steps(wanted, seen, power, operations, hotplug)
    if not operations:
        steps += _steps_without_operation(wanted, seen, now, health)
    return steps


def requests_of(wanted: GuestDocument, steps: Sequence[Step]) -> list[str]:
    """For each step the id of the API request that caused it; "-" for none.

    A step that ends no operation belongs to the next step that does. A deletion is no operation
    here: its request id comes from the document.
    """
    by_operation = {operation.id: operation.request_id for operation in wanted.operations}
    is_deleted = wanted.wanted in ("gone", "nothing")
    request_id = (wanted.request_id if is_deleted else "") or "-"
    request_ids = []
    for step in reversed(steps):
        if step.operation_id:
            request_id = by_operation.get(step.operation_id) or "-"
        request_ids.append(request_id)
    return request_ids[::-1]


def _make(wanted: GuestDocument, operations: Sequence[OperationDocument]) -> list[Step]:
    builds = [operation for operation in operations if operation.kind in ("create", "rebuild")]
    if not builds:
        if wanted.built:
            return [Step("fault", text="The guest's files are missing on its host.")]
        return []
    steps = [Step("create")]
    if wanted.wanted != "stopped":
        steps.append(Step("start"))
    steps += [Step("done", operation.id) for operation in operations]
    return steps


def _replace(wanted: GuestDocument, operations: Sequence[OperationDocument]) -> list[Step]:
    """Steps for a guest that runs without files: it keeps running until a rebuild or deletion."""
    if any(operation.kind in ("create", "rebuild") for operation in operations):
        return [Step("destroy"), *_make(wanted, operations)]
    return [Step("fault", text="The guest's files are missing on its host.")]


def _carry_out(
    operation: OperationDocument, wanted: GuestDocument, power: PowerState
) -> Iterator[Step]:
    """The steps of one operation; the last step ends it."""
    kind, id_ = operation.kind, operation.id
    if kind == "rebuild":
        yield Step("destroy")
        yield Step("create")
        if wanted.wanted != "stopped":
            yield Step("start")
        yield Step("done", id_)
    elif kind in ("create", "start", "unpause"):
        if power is PAUSED:
            yield Step("unpause", id_)
        elif power is RUNNING or wanted.wanted == "stopped":
            yield Step("done", id_)
        else:
            yield Step("start", id_)
    elif kind == "stop":
        yield Step("done" if power in (SHUTDOWN, CRASHED) else "stop", id_)
    elif kind == "reboot":
        hard = operation.params.get("type") != "SOFT" or power is not RUNNING
        yield Step("reboot", id_, hard=hard)
    elif kind == "pause":
        yield Step("pause" if power is RUNNING else "done", id_)
    elif kind not in ("attach_interface", "detach_interface"):
        yield Step("done", id_)


def _after(step: Step, power: PowerState) -> PowerState:
    after = {
        "start": RUNNING,
        "reboot": RUNNING,
        "unpause": RUNNING,
        "stop": SHUTDOWN,
        "pause": PAUSED,
    }
    return after.get(step.kind, power)


def _nic_steps(
    wanted: GuestDocument,
    seen: GuestState,
    power: PowerState,
    operations: Sequence[OperationDocument],
    hotplug: bool,
) -> list[Step]:
    """Steps for the NICs of a running guest; other guests get their NICs when they start."""
    by_port = {
        operation.params.get("port_id"): operation.id
        for operation in operations
        if operation.kind in ("attach_interface", "detach_interface")
    }
    steps: list[Step] = []
    wanted_ports, present_ports = [vif.port_id for vif in wanted.spec.vifs], list(seen.vifs)
    if seen.power is RUNNING and power is RUNNING and hotplug:
        steps += [
            Step("detach", by_port.pop(port_id, None), port_id=port_id)
            for port_id in present_ports
            if port_id not in wanted_ports
        ]
        steps += [
            Step("attach", by_port.pop(port_id, None), port_id=port_id)
            for port_id in wanted_ports
            if port_id not in present_ports
        ]
        steps += [
            Step("connect", port_id=port_id) for port_id in seen.cut_off if port_id in wanted_ports
        ]
    return steps + [Step("done", id_) for id_ in by_port.values()]


def _steps_without_operation(
    wanted: GuestDocument, seen: GuestState, now: float, health: Health
) -> list[Step]:
    """Steps without an operation: restart a crashed guest, stop one that should be stopped."""
    power = seen.power
    if wanted.wanted == "stopped":
        return [Step("stop")] if power in (RUNNING, PAUSED) else []
    if power is PAUSED and seen.stalled == "room" and wanted.wanted == "running":
        return [Step("unpause")]
    if power is not CRASHED:
        # its user shut it down or paused it: the control plane accepts the new state
        return []
    if now - health.last_restart < STABLE_SECONDS and health.restarts >= RESTART_LIMIT:
        text = f"The guest crashed {health.restarts} times in a row and is not restarted again."
        return [Step("fault", text=text)]
    if now < health.due():
        return [Step("wait", seconds=health.due() - now)]
    return [Step("start")]
