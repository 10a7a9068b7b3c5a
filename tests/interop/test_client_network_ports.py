"""The unmodified openstack client: attributes and bindings of ports."""

from __future__ import annotations

from .openstack_client import Shell


def test_uplink_and_numa_affinity(demo_shell: Shell) -> None:
    demo_shell("network create uplinked")
    port = "port create --network uplinked"
    made = demo_shell(f"{port} --disable-uplink-status-propagation --numa-policy-required p88")
    assert made["propagate_uplink_status"] is False
    assert made["numa_affinity_policy"] == "required"
    demo_shell("port set --enable-uplink-status-propagation --numa-policy-socket p88")
    shown = demo_shell("port show p88")
    assert shown["propagate_uplink_status"] is True
    assert shown["numa_affinity_policy"] == "socket"
    demo_shell("port unset --numa-policy p88")
    assert demo_shell("port show p88")["numa_affinity_policy"] is None
    demo_shell("port delete p88")
    demo_shell("network delete uplinked")


def test_what_needs_hardware_is_refused(admin_shell: Shell) -> None:
    admin_shell("network create hard")
    for option in ("--device-profile x", "--trusted", "--hint ovs-tx-steering=hash"):
        reason = admin_shell.refused(f"port create --network hard {option} p89")
        assert "Unrecognized attribute" in reason or "No Extension" in reason
    admin_shell("network delete hard")
