"""The unmodified openstack client: QoS policies, their rules and what has them."""

from __future__ import annotations

from .openstack_client import Shell

POLICY, RULE = "network qos policy", "network qos rule"


def test_a_policy(admin_shell: Shell) -> None:
    made = admin_shell(f"{POLICY} create --description about --share slow")
    assert (made["name"], made["description"], made["shared"]) == ("slow", "about", True)
    assert "slow" in admin_shell.names(f"{POLICY} list")
    assert "slow" in admin_shell.names(f"{POLICY} list --share")
    admin_shell(f"{POLICY} set --name slower --no-share --default slow")
    shown = admin_shell(f"{POLICY} show slower")
    assert (shown["shared"], shown["is_default"], shown["rules"]) == (False, True, [])
    usual = admin_shell("network create usual")
    assert usual["qos_policy_id"] == made["id"]
    assert "409" in admin_shell.refused(f"{POLICY} create --default second")
    admin_shell(f"{POLICY} set --no-default slower")
    assert "is used by network" in admin_shell.refused(f"{POLICY} delete slower")
    admin_shell("network set --no-qos-policy usual")
    admin_shell("network delete usual")
    admin_shell(f"{POLICY} delete slower")
    assert "slower" not in admin_shell.names(f"{POLICY} list")


def test_rules(admin_shell: Shell) -> None:
    """Of the types that this client knows; it has no words for limits of packet rates."""
    admin_shell(f"{POLICY} create ruled")
    limit = admin_shell(
        f"{RULE} create --type bandwidth-limit --max-kbps 1000 --max-burst-kbits 800 --egress ruled"
    )
    assert (limit["max_kbps"], limit["max_burst_kbps"], limit["direction"]) == (1000, 800, "egress")
    admin_shell(f"{RULE} create --type dscp-marking --dscp-mark 26 ruled")
    admin_shell(f"{RULE} create --type minimum-bandwidth --min-kbps 10 --ingress ruled")
    admin_shell(f"{RULE} create --type minimum-packet-rate --min-kpps 1 --any ruled")
    rows = admin_shell(f"{RULE} list ruled")
    assert {row["Type"] for row in rows} == {
        "bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate",
    }  # fmt: skip
    admin_shell(f"{RULE} set --max-kbps 2000 --ingress ruled {limit['id']}")
    shown = admin_shell(f"{RULE} show ruled {limit['id']}")
    assert (shown["max_kbps"], shown["direction"]) == (2000, "ingress")
    assert "409" in admin_shell.refused(
        f"{RULE} create --type bandwidth-limit --max-kbps 1 --ingress ruled"
    )
    for row in rows:
        admin_shell(f"{RULE} delete ruled {row['ID']}")
    assert admin_shell(f"{RULE} list ruled") == []
    admin_shell(f"{POLICY} delete ruled")


def test_types_of_rules(admin_shell: Shell, demo_shell: Shell) -> None:
    enforced = {
        "bandwidth_limit", "dscp_marking", "packet_rate_limit",
        "minimum_bandwidth", "minimum_packet_rate",
    }  # fmt: skip
    types = f"{RULE} type list"
    assert {row["Type"] for row in demo_shell(types)} == enforced
    assert {row["Type"] for row in demo_shell(f"{types} --all-supported")} == enforced
    every = {row["Type"] for row in demo_shell(f"{types} --all-rules")}
    assert every == enforced
    shown = admin_shell(f"{RULE} type show bandwidth_limit")
    assert shown["rule_type_name"] == "bandwidth_limit" and shown["drivers"]


def test_what_has_a_policy(admin_shell: Shell, demo_shell: Shell) -> None:
    policy = admin_shell(f"{POLICY} create --share limited")["id"]
    network = demo_shell("network create --qos-policy limited limited-net")
    assert network["qos_policy_id"] == policy
    demo_shell("subnet create --network limited-net --subnet-range 10.71.0.0/24 limited-subnet")
    port = demo_shell("port create --network limited-net limited-port")
    assert (port["qos_policy_id"], port["qos_network_policy_id"]) == (None, policy)
    demo_shell("port set --qos-policy limited limited-port")
    assert demo_shell("port show limited-port")["qos_policy_id"] == policy
    demo_shell("port unset --qos-policy limited-port")
    assert demo_shell("port show limited-port")["qos_policy_id"] is None
    address = demo_shell("floating ip create --qos-policy limited public")
    assert address["qos_policy_id"] == policy
    name = address["floating_ip_address"]
    demo_shell(f"floating ip unset --qos-policy {name}")
    assert demo_shell(f"floating ip show {name}")["qos_policy_id"] is None
    demo_shell(f"floating ip set --qos-policy limited {name}")
    demo_shell("router create limited-router")
    demo_shell("router set --external-gateway public --qos-policy limited limited-router")
    gateway = demo_shell("router show limited-router")["external_gateway_info"]
    assert gateway["qos_policy_id"] == policy
    demo_shell("router unset --qos-policy limited-router")
    assert "is used by" in admin_shell.refused(f"{POLICY} delete limited")
    demo_shell("router delete limited-router")
    demo_shell(f"floating ip delete {name}")
    demo_shell("port delete limited-port")
    demo_shell("network delete limited-net")
    admin_shell(f"{POLICY} delete limited")


def test_a_policy_for_one_project(admin_shell: Shell, demo_shell: Shell) -> None:
    admin_shell(f"{POLICY} create lent")
    demo_shell.refused(f"{POLICY} show lent")
    made = admin_shell(
        "network rbac create --type qos_policy --action access_as_shared --target-project demo lent"
    )
    assert demo_shell(f"{POLICY} show lent")["shared"]
    admin_shell(f"network rbac delete {made['id']}")
    assert "lent" not in demo_shell.names(f"{POLICY} list")
    admin_shell(f"{POLICY} delete lent")
