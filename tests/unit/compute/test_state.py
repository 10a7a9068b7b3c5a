"""The state of a server is a function of what was asked, what was seen and open acts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolith.compute.managers import state


@dataclass
class Facts:
    observed_power: str | None = "running"
    desired_power: str = "running"
    has_error: bool = False
    is_deleted: bool = False


@pytest.mark.parametrize(
    ("facts", "tasks", "status", "task"),
    [
        (Facts(observed_power=None), ["create"], "BUILD", "spawning"),
        (Facts(), [], "ACTIVE", None),
        (Facts(), ["stop"], "ACTIVE", "powering-off"),
        (Facts(observed_power="shutdown"), [], "SHUTOFF", None),
        (Facts(observed_power="shutdown"), ["start"], "SHUTOFF", "powering-on"),
        (Facts(), ["reboot:soft"], "REBOOT", "reboot_started"),
        (Facts(), ["reboot:hard"], "HARD_REBOOT", "reboot_started_hard"),
        (Facts(observed_power="shutdown"), ["reboot:hard"], "HARD_REBOOT", "reboot_started_hard"),
        (Facts(), ["rebuild"], "REBUILD", "rebuilding"),
        (Facts(observed_power="paused"), [], "PAUSED", None),
        (Facts(has_error=True), [], "ERROR", None),
        (Facts(has_error=True), ["reboot:hard"], "HARD_REBOOT", "reboot_started_hard"),
        (Facts(has_error=True, observed_power=None), [], "ERROR", None),
        (Facts(), ["attach_interface"], "ACTIVE", None),
        (Facts(is_deleted=True), ["create"], "DELETED", None),
        # a crashed guest is started again, so its server is still active
        (Facts(observed_power="crashed"), [], "ACTIVE", None),
        (Facts(observed_power="crashed", desired_power="stopped"), [], "SHUTOFF", None),
    ],
)
def test_what_users_see(facts: Facts, tasks: list[str], status: str, task: str | None) -> None:
    found = state.derive(facts, tasks)
    assert (found.status, found.task_state) == (status, task)


def test_a_deletion_overrides_other_acts() -> None:
    assert state.derive(Facts(), ["reboot:hard", "delete"]).task_state == "deleting"


TASKS = st.lists(
    st.sampled_from(
        ["create", "delete", "start", "stop", "reboot:soft", "reboot:hard", "rebuild", "pause"]
    ),
    max_size=3,
)


@given(
    st.sampled_from([None, "running", "shutdown", "crashed", "paused"]),
    st.sampled_from(["running", "stopped", "paused"]),
    st.booleans(),
    TASKS,
)
def test_the_status_is_always_a_known_word(
    seen: str | None, desired: str, error: bool, tasks: list[str]
) -> None:
    found = state.derive(Facts(seen, desired, error), tasks)
    assert found.status != "UNKNOWN"
    # and a list filtered by that status would find the server
    matching = state.states_with_status(found.status)
    assert matching is not None
    vms, task_states, excluded = matching
    assert found.vm_state in vms
    assert (found.task_state in task_states) is not excluded


def test_an_unknown_status_matches_nothing() -> None:
    assert state.states_with_status("NONSENSE") is None
