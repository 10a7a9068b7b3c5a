"""A server's state: a pure function of desired state, observed state and open operations.

``OS-EXT-STS:vm_state``, ``task_state`` and ``power_state`` are results of ``derive``;
``status`` follows from the first two (source: the compute API's server concepts).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

NOSTATE, RUNNING, PAUSED, SHUTDOWN, CRASHED = 0, 1, 3, 4, 6
POWER = {"running": RUNNING, "paused": PAUSED, "shutdown": SHUTDOWN, "crashed": CRASHED}

# Kinds of operations, named as os-instance-actions shows them.
CREATE, DELETE, START, STOP, REBOOT = "create", "delete", "start", "stop", "reboot"
PAUSE, UNPAUSE, REBUILD = "pause", "unpause", "rebuild"
ATTACH, DETACH = "attach_interface", "detach_interface"
SOFT_REBOOT, HARD_REBOOT = "reboot:soft", "reboot:hard"  # REBOOT as server_operations.task_of

_TASKS = {
    CREATE: "spawning",
    DELETE: "deleting",
    START: "powering-on",
    STOP: "powering-off",
    SOFT_REBOOT: "reboot_started",
    HARD_REBOOT: "reboot_started_hard",
    PAUSE: "pausing",
    UNPAUSE: "unpausing",
    REBUILD: "rebuilding",
}
_STATUS = {
    "active": "ACTIVE",
    "building": "BUILD",
    "stopped": "SHUTOFF",
    "paused": "PAUSED",
    "error": "ERROR",
    "deleted": "DELETED",
    "soft-delete": "SOFT_DELETED",
}
_TASK_STATUS = {
    ("active", "reboot_started"): "REBOOT",
    ("active", "rebooting"): "REBOOT",
    **{
        (vm_state, "reboot_started_hard"): "HARD_REBOOT"
        for vm_state in ("active", "stopped", "paused", "error")
    },
    **{
        (vm_state, "rebuilding"): "REBUILD" for vm_state in ("active", "stopped", "paused", "error")
    },
}


class Facts(Protocol):
    """The columns of a server that its state depends on."""

    @property
    def observed_power(self) -> str | None: ...
    @property
    def desired_power(self) -> str: ...
    @property
    def has_error(self) -> bool: ...
    @property
    def is_deleted(self) -> bool: ...


@dataclass(frozen=True)
class State:
    vm_state: str
    task_state: str | None
    power_state: int

    @property
    def status(self) -> str:
        return status_of(self.vm_state, self.task_state)


def derive(facts: Facts, tasks: Iterable[str]) -> State:
    """The state of a server whose open operations are ``tasks``, oldest first."""
    if facts.is_deleted:
        return State("deleted", None, NOSTATE)
    task = next((_TASKS[task_name] for task_name in _urgent(tasks) if task_name in _TASKS), None)
    seen = facts.observed_power
    power = POWER.get(seen or "", NOSTATE)
    if facts.has_error:
        return State("error", task, power)
    if seen is None:
        return State("building", task, NOSTATE)
    if seen == "paused":
        return State("paused", task, power)
    if seen == "crashed":
        # it is restarted, unless the user asked for it to be stopped
        return State("active" if facts.desired_power != "stopped" else "stopped", task, power)
    return State("active" if seen == "running" else "stopped", task, power)


def _urgent(tasks: Iterable[str]) -> list[str]:
    """The tasks with a deletion first: it overrides all others."""
    return sorted(tasks, key=lambda task: task != DELETE)


def status_of(vm_state: str, task_state: str | None) -> str:
    """The status that users see."""
    task_status = _TASK_STATUS.get((vm_state, task_state or ""))
    return task_status or _STATUS.get(vm_state, "UNKNOWN")


def states_with_status(status: str) -> tuple[set[str], set[str], bool] | None:
    """(vm states, task states, whether the task states are excluded) for a status; None: unknown.

    "REBOOT" is an active server with a rebooting task; "ACTIVE" is one without such a task.
    """
    wanted = status.upper()
    pairs = {pair for pair, name in _TASK_STATUS.items() if name == wanted}
    if pairs:
        return {vm for vm, _ in pairs}, {task for _, task in pairs}, False
    vms = {vm for vm, name in _STATUS.items() if name == wanted}
    if not vms:
        return None
    return vms, {task for vm, task in _TASK_STATUS if vm in vms}, True
