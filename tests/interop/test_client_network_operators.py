"""The unmodified openstack client: agents, sharing, address scopes, pools, and L3 at the edge."""

from __future__ import annotations

from .openstack_client import Shell

AGENT, RBAC = "network agent", "network rbac"
FORWARDING = "floating ip port forwarding"
PROXY, HELPER = "router ndp proxy", "network l3 conntrack helper"
STATEFULNESS = "security group default statefulness"


def of_kind(shell: Shell, kind: str) -> str:
    (row,) = shell(f"{AGENT} list --agent-type {kind}")
    return str(row["ID"])


def test_agents(admin_shell: Shell) -> None:
    l3, dhcp = of_kind(admin_shell, "l3"), of_kind(admin_shell, "dhcp")
    assert admin_shell(f"{AGENT} show {l3}")["alive"] is True
    admin_shell(f"{AGENT} set --description first {l3}")
    assert admin_shell(f"{AGENT} show {l3}")["description"] == "first"
    router = admin_shell("router create placed")["id"]
    assert router in admin_shell.names(f"router list --agent {l3}", "ID")
    admin_shell(f"{AGENT} remove router --l3 {l3} placed")
    assert router not in admin_shell.names(f"router list --agent {l3}", "ID")
    admin_shell(f"{AGENT} add router --l3 {l3} placed")
    assert l3 in admin_shell.names(f"{AGENT} list --router placed", "ID")
    admin_shell("router delete placed")
    network = admin_shell("network create answered")["id"]
    admin_shell("subnet create --network answered --subnet-range 10.83.0.0/24 s83")
    admin_shell(f"{AGENT} add network --dhcp {dhcp} answered")
    assert network in admin_shell.names(f"network list --agent {dhcp}", "ID")
    assert dhcp in admin_shell.names(f"{AGENT} list --network answered", "ID")
    admin_shell(f"{AGENT} remove network --dhcp {dhcp} answered")
    assert network not in admin_shell.names(f"network list --agent {dhcp}", "ID")
    admin_shell("network delete answered")
    metadata = of_kind(admin_shell, "metadata")
    admin_shell(f"{AGENT} delete {metadata}")
    admin_shell(f"{AGENT} set --description '' {l3}")


def test_sharing(admin_shell: Shell, demo_shell: Shell) -> None:
    admin_shell("network create lent")
    made = admin_shell(f"{RBAC} create lent --type network --action access_as_shared"
                       " --target-project demo")  # fmt: skip
    assert "lent" in demo_shell.names("network list")
    assert made["id"] in admin_shell.names(f"{RBAC} list --type network", "ID")
    assert admin_shell(f"{RBAC} show {made['id']}")["action"] == "access_as_shared"
    admin_shell(f"{RBAC} set --target-project admin {made['id']}")
    assert "lent" not in demo_shell.names("network list")
    admin_shell(f"{RBAC} delete {made['id']}")
    admin_shell("network delete lent")


def test_scopes_pools_and_onboarding(admin_shell: Shell) -> None:
    scope = admin_shell("address scope create --ip-version 4 --no-share far")
    admin_shell("address scope set --name near --share far")
    assert admin_shell("address scope show near")["shared"] is True
    assert "near" in admin_shell.names("address scope list --ip-version 4")
    admin_shell("subnet pool create --pool-prefix 10.90.0.0/16 --address-scope near"
                " --default-prefix-length 24 pool90")  # fmt: skip
    assert "in use" in admin_shell.refused("address scope delete near")
    admin_shell("network create early")
    admin_shell("subnet create --network early --subnet-range 10.91.0.0/24 s91")
    admin_shell("subnet pool set --pool-prefix 10.91.0.0/16 pool90")
    admin_shell.silent("network onboard subnet early pool90")
    pool = admin_shell("subnet pool show pool90")
    assert admin_shell("subnet show s91")["subnetpool_id"] == pool["id"]
    assert pool["address_scope_id"] == scope["id"]
    assert "pool90" in admin_shell.names("subnet pool list --address-scope near")
    admin_shell("subnet create --network early --subnet-range 10.92.0.0/24 s92")
    admin_shell("subnet pool set --pool-prefix 10.92.0.0/16 pool90")
    # one of its subnets is in the pool already
    assert "s92" in admin_shell.names("subnet list --network early")
    admin_shell("subnet delete s91")
    admin_shell("subnet pool add network early pool90")
    assert admin_shell("subnet show s92")["subnetpool_id"] == pool["id"]
    admin_shell("network delete early")
    admin_shell("subnet pool set --tag x pool90")
    admin_shell("subnet pool unset --tag x pool90")
    admin_shell("subnet pool delete pool90")
    admin_shell("address scope delete near")


def test_port_forwarding(demo_shell: Shell) -> None:
    inner = demo_shell("port create --network private inner")
    port = inner["id"]
    floating = demo_shell("floating ip create public")["id"]
    made = demo_shell(f"{FORWARDING} create --port {port} --internal-protocol-port 22"
                      f" --internal-ip-address {inner['fixed_ips'][0]['ip_address']}"
                      f" --external-protocol-port 2222 --protocol tcp --description d {floating}",
    )  # fmt: skip
    assert made["external_port"] == 2222
    one = f"{floating} {made['id']}"
    demo_shell(f"{FORWARDING} set --external-protocol-port 2223 {one}")
    assert demo_shell(f"{FORWARDING} show {one}")["external_port"] == 2223
    assert made["id"] in demo_shell.names(f"{FORWARDING} list {floating}", "ID")
    demo_shell(f"{FORWARDING} delete {one}")
    demo_shell(f"floating ip delete {floating}")
    demo_shell("port delete inner")


def test_ndp_proxies_and_conntrack_helpers(admin_shell: Shell) -> None:
    admin_shell("address scope create --ip-version 6 six")
    admin_shell("subnet pool create --pool-prefix 2001:db8:a::/48 --address-scope six p6")
    admin_shell("network create --external outside6")
    admin_shell("subnet create --network outside6 --subnet-pool p6 --ip-version 6"
                " --prefix-length 64 --no-dhcp o6")  # fmt: skip
    admin_shell("network create inside6")
    admin_shell("subnet create --network inside6 --subnet-pool p6 --ip-version 6"
                " --prefix-length 64 --ipv6-ra-mode slaac"
                " --ipv6-address-mode slaac i6")  # fmt: skip
    # where a router may have several gateways, this client makes it first and adds them then
    refused = admin_shell.refused("router create --external-gateway outside6 --enable-ndp-proxy no")
    assert "not contain external gateway information" in refused
    admin_shell("router create --external-gateway outside6 edge")
    admin_shell("router set --enable-ndp-proxy edge")
    admin_shell("router add subnet edge i6")
    admin_shell("port create --network inside6 guest6")
    made = admin_shell(f"{PROXY} create --name np --port guest6 edge")
    admin_shell(f"{PROXY} set --name other --description d np")
    assert admin_shell(f"{PROXY} show other")["ip_address"] == made["ip_address"]
    assert "other" in admin_shell.names(f"{PROXY} list --router edge")
    admin_shell(f"{PROXY} delete other")
    helper = admin_shell(f"{HELPER} create --helper ftp --protocol tcp --port 21 edge")
    admin_shell(f"{HELPER} set --port 2121 edge {helper['id']}")
    assert admin_shell(f"{HELPER} show edge {helper['id']}")["port"] == 2121
    assert helper["id"] in admin_shell.names(f"{HELPER} list edge", "ID")
    admin_shell(f"{HELPER} delete edge {helper['id']}")
    admin_shell("router remove subnet edge i6")
    admin_shell("router delete edge")
    admin_shell("port delete guest6")
    admin_shell("network delete inside6 outside6")
    admin_shell("subnet pool delete p6")
    admin_shell("address scope delete six")


def test_local_ips(demo_shell: Shell) -> None:
    demo_shell("network create near")
    demo_shell("subnet create --network near --subnet-range 10.78.0.0/24 s78")
    port = demo_shell("port create --network near --fixed-ip ip-address=10.78.0.50 cache")
    made = demo_shell("local ip create --network near --local-ip-address 10.78.0.100 --name one")
    assert (made["local_ip_address"], made["ip_mode"]) == ("10.78.0.100", "translate")
    other = demo_shell("local ip create --local-port cache --ip-mode passthrough --name two")
    assert other["local_ip_address"] == "10.78.0.50"
    demo_shell("local ip set --name first --description e one")
    assert demo_shell("local ip show first")["description"] == "e"
    assert demo_shell.names("local ip list --ip-mode passthrough") == {"two"}
    joined = demo_shell("local ip association create --fixed-ip 10.78.0.50 first cache")
    assert joined["fixed_port_id"] == port["id"]
    listed = demo_shell("local ip association list --fixed-port cache first")
    assert [row["Fixed IP"] for row in listed] == ["10.78.0.50"]
    assert "409" in demo_shell.refused("local ip delete first")
    demo_shell(f"local ip association delete first {port['id']}")
    demo_shell("local ip delete first two")
    demo_shell("port delete cache")
    demo_shell("network delete near")


def test_statefulness(admin_shell: Shell) -> None:
    made = admin_shell(f"{STATEFULNESS} create --stateless --project demo")
    assert made["id"] in admin_shell.names(f"{STATEFULNESS} list", "ID")
    admin_shell(f"{STATEFULNESS} set --stateful {made['id']}")
    assert admin_shell(f"{STATEFULNESS} show {made['id']}")["stateful"] is True
    admin_shell(f"{STATEFULNESS} delete {made['id']}")
