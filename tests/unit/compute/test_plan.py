"""The plan for one guest: pure, and it always comes to rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolith.compute.agent.documents import GuestDocument, OperationDocument
from stratolith.compute.agent.plan import RESTART_LIMIT, Health, Step, plan, requests_of
from stratolith.compute.drivers.base import GuestSpec, GuestState, PowerState, VifSpec

NOW = 1000.0
PORTS = ["p1", "p2", "p3"]


def spec(*ports: str) -> GuestSpec:
    vifs = [VifSpec(port_id=p, mac="fa:16:3e:00:00:01", tap=f"tap{p}") for p in ports]
    return GuestSpec(id="g", name="instance-1", vcpus=1, memory_mb=64, vifs=vifs)


def wanted(
    power: str = "running", *kinds: str, ports: list[str] | None = None, **more: object
) -> GuestDocument:
    operations = [OperationDocument(id=f"op{n}-{kind}", kind=kind) for n, kind in enumerate(kinds)]
    found = GuestDocument(
        id="g", generation=1, wanted=power, spec=spec(*(ports or [])), operations=operations
    )
    return msgspec.structs.replace(found, **more)


def seen(power: PowerState, *ports: str) -> GuestState:
    return GuestState(id="g", power=power, pid=1, vifs=list(ports))


def stalled(why: Literal["full", "room"]) -> GuestState:
    return GuestState(id="g", power=PowerState.PAUSED, pid=1, stalled=why)


def kinds(steps: list[Step]) -> list[str]:
    return [step.kind for step in steps]


RUNNING, SHUTDOWN = PowerState.RUNNING, PowerState.SHUTDOWN
CRASHED, PAUSED = PowerState.CRASHED, PowerState.PAUSED


@pytest.mark.parametrize(
    ("document", "state", "expected"),
    [
        (wanted("running", "create"), None, ["create", "start", "done"]),
        (wanted("running", "create"), seen(SHUTDOWN), ["start"]),
        (wanted("running", "create"), seen(RUNNING), ["done"]),
        (wanted("running"), seen(RUNNING), []),
        (wanted("gone"), seen(RUNNING), ["destroy"]),
        (wanted("gone"), None, []),
        (wanted("nothing"), seen(SHUTDOWN), ["destroy"]),
        (wanted("stopped", "stop"), seen(RUNNING), ["stop"]),
        (wanted("stopped", "stop"), seen(SHUTDOWN), ["done"]),
        (wanted("stopped"), seen(RUNNING), ["stop"]),
        (wanted("running", "start"), seen(SHUTDOWN), ["start"]),
        (wanted("running", "reboot"), seen(RUNNING), ["reboot"]),
        (wanted("running", "rebuild"), seen(RUNNING), ["destroy", "create", "start", "done"]),
        (wanted("stopped", "rebuild"), seen(SHUTDOWN), ["destroy", "create", "done"]),
        (wanted("running", "rebuild"), None, ["create", "start", "done"]),
        (wanted("running"), seen(CRASHED), ["start"]),
        (wanted("stopped"), seen(CRASHED), []),
        # off by its own user's hand: it is not started behind the user's back
        (wanted("running"), seen(SHUTDOWN), []),
        (wanted("running", built=True), None, ["fault"]),
        (wanted("running", ports=["p1"]), seen(RUNNING), ["attach"]),
        (wanted("running"), seen(RUNNING, "p1"), ["detach"]),
        (wanted("stopped", ports=["p1"]), seen(SHUTDOWN), []),
        (wanted("paused", "pause"), seen(RUNNING), ["pause"]),
        (wanted("running", "unpause"), seen(PAUSED), ["unpause"]),
        # paused from within, by nobody, by a disk that is full, and one that was
        (wanted("running"), seen(PAUSED), []),
        (wanted("running"), stalled("full"), []),
        (wanted("running"), stalled("room"), ["unpause"]),
        (wanted("paused"), stalled("room"), []),
    ],
)
def test_steps(document: GuestDocument, state: GuestState | None, expected: list[str]) -> None:
    assert kinds(plan(document, state, NOW)) == expected


def test_a_soft_reboot_of_a_dead_guest_is_a_hard_one() -> None:
    operation = OperationDocument(id="o", kind="reboot", params={"type": "SOFT"})
    document = wanted(operations=[operation])
    assert [step.hard for step in plan(document, seen(RUNNING), NOW)] == [False]
    assert [step.hard for step in plan(document, seen(CRASHED), NOW)] == [True]


def test_an_operation_is_carried_out_once() -> None:
    document = wanted("running", "reboot")
    assert plan(document, seen(RUNNING), NOW, done=frozenset({"op0-reboot"})) == []


def test_hot_plug_ends_its_operation() -> None:
    operation = OperationDocument(id="o", kind="attach_interface", params={"port_id": "p1"})
    document = wanted(ports=["p1"], operations=[operation])
    assert plan(document, seen(RUNNING), NOW) == [Step("attach", "o", port_id="p1")]
    # a stopped guest gets its NIC when it starts
    assert plan(document, seen(SHUTDOWN, "p1"), NOW) == [Step("done", "o")]


def test_healing_waits_longer_each_time_and_gives_up() -> None:
    health = Health()
    for _ in range(RESTART_LIMIT):
        steps = plan(wanted(), seen(CRASHED), health.due() + 0.01, health)
        assert kinds(steps) == ["start"]
        last = health
        health = health.after_restart(max(health.due(), NOW) + 0.01)
        assert health.due() - health.last_restart > last.due() - last.last_restart or (
            last.restarts == 0
        )
        if health.restarts < RESTART_LIMIT:
            assert kinds(plan(wanted(), seen(CRASHED), health.last_restart, health)) == ["wait"]
    assert kinds(plan(wanted(), seen(CRASHED), health.due(), health)) == ["fault"]
    # a guest that held out for long is healthy again
    assert replace(health, last_restart=0.0).after_restart(NOW).restarts == 1


# -- whatever happens, applying the plan comes to rest ------------------------------------------


def apply(state: GuestState | None, step: Step, document: GuestDocument) -> GuestState | None:
    """What a driver makes of a step."""
    ports = [vif.port_id for vif in document.spec.vifs]
    if step.kind == "destroy":
        return None
    if step.kind == "create":
        return seen(SHUTDOWN, *ports)
    if state is None:
        return None
    if step.kind in ("start", "reboot"):
        return seen(RUNNING, *ports)
    power = {"stop": SHUTDOWN, "pause": PAUSED, "unpause": RUNNING}.get(step.kind, state.power)
    vifs = list(state.vifs)
    # Drivers are idempotent: a guest that was started anew has the right NICs already.
    if step.kind == "attach" and step.port_id not in vifs:
        vifs.append(step.port_id)
    if step.kind == "detach" and step.port_id in vifs:
        vifs.remove(step.port_id)
    return seen(power, *vifs)


OPERATIONS = st.lists(
    st.sampled_from(
        [
            "create",
            "start",
            "stop",
            "reboot",
            "rebuild",
            "pause",
            "unpause",
            "attach_interface",
            "detach_interface",
        ]
    ),
    max_size=3,
)
STATES = st.none() | st.builds(
    lambda power, ports: seen(power, *ports),
    st.sampled_from(list(PowerState)),
    st.lists(st.sampled_from(PORTS), unique=True),
)


@given(
    st.sampled_from(["running", "stopped", "gone", "nothing"]),
    OPERATIONS,
    st.lists(st.sampled_from(PORTS), unique=True),
    STATES,
)
def test_it_comes_to_rest(
    power: str, operations: list[str], ports: list[str], state: GuestState | None
) -> None:
    if state is None and not {"create", "rebuild"} & set(operations):
        operations = ["create", *operations]
    document = wanted(power, *operations, ports=ports)
    done: frozenset[str] = frozenset()
    now, health = NOW, Health()
    for _ in range(12):
        steps = plan(document, state, now, health, done)
        if not steps:
            break
        for step in steps:
            if step.kind == "wait":
                now += step.seconds
            state = apply(state, step, document)
            if step.operation_id:
                done |= {step.operation_id}
    assert plan(document, state, now, health, done) == []
    if power in ("gone", "nothing"):
        assert state is None
    else:
        assert {one.id for one in document.operations} <= done
        assert state is not None
        if power == "stopped":
            assert state.power in (SHUTDOWN, CRASHED)
        if state.power is RUNNING:
            assert sorted(state.vifs) == sorted(ports)


def test_a_guest_without_its_files_is_replaced_or_destroyed_never_kept() -> None:
    lost = GuestState(id="g", power=PowerState.RUNNING, pid=1, lost=True)
    assert kinds(plan(wanted("gone"), lost, 0.0)) == ["destroy"]
    assert kinds(plan(wanted("nothing"), lost, 0.0)) == ["destroy"]
    assert kinds(plan(wanted("running"), lost, 0.0)) == ["fault"]
    document = wanted("running", "rebuild")
    steps = plan(document, lost, 0.0)
    assert kinds(steps) == ["destroy", "create", "start", "done"]


def test_an_act_is_done_for_the_request_whose_operation_it_serves():
    created = OperationDocument(id="a", kind="create", request_id="req-a")
    paused = OperationDocument(id="b", kind="pause", request_id="req-b")
    asked = wanted("paused", operations=[created, paused], request_id="req-b")
    steps = plan(asked, None, NOW)
    assert kinds(steps) == ["create", "start", "done", "done"]
    assert requests_of(asked, steps) == ["req-a", "req-a", "req-a", "req-b"]
    gone = wanted("gone", request_id="req-c")
    assert requests_of(gone, plan(gone, seen(PowerState.RUNNING), NOW)) == ["req-c"]
    healed = wanted()
    assert requests_of(healed, plan(healed, seen(PowerState.CRASHED), NOW)) == ["-"]
