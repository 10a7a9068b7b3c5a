"""The unmodified openstack client: networks, subnets, ports, routers and groups, day by day."""

from __future__ import annotations

from .openstack_client import Shell

GROUP, RULE = "security group", "security group rule"
GATEWAYS = "external_gateways"


def test_a_network_and_its_subnets(demo_shell: Shell, admin_shell: Shell) -> None:
    made = demo_shell("network create --description about --tag red --mtu 1400 day")
    assert (made["description"], made["tags"], made["mtu"]) == ("about", ["red"], 1400)
    demo_shell("network set --name daily --disable --tag blue day")
    shown = demo_shell("network show daily")
    assert (shown["admin_state_up"], set(shown["tags"])) == (False, {"red", "blue"})
    assert "daily" in demo_shell.names("network list --tags red,blue")
    demo_shell("network unset --tag red daily")
    assert demo_shell("network show daily")["tags"] == ["blue"]
    subnet = demo_shell(
        "subnet create --network daily --subnet-range 10.78.0.0/24 --gateway 10.78.0.254"
        " --allocation-pool start=10.78.0.10,end=10.78.0.20 --dns-nameserver 192.0.2.53"
        " --host-route destination=198.51.100.0/24,gateway=10.78.0.9 s78"
    )
    assert (subnet["gateway_ip"], subnet["dns_nameservers"]) == ("10.78.0.254", ["192.0.2.53"])
    assert "s78" in demo_shell.names("subnet list --network daily")
    demo_shell("subnet set --name s79 --no-dhcp --dns-nameserver 192.0.2.54 --tag t s78")
    demo_shell("subnet unset --dns-nameserver 192.0.2.53 --tag t --host-route"
               " destination=198.51.100.0/24,gateway=10.78.0.9 s79")  # fmt: skip
    shown = demo_shell("subnet show s79")
    assert (shown["dns_nameservers"], shown["host_routes"]) == (["192.0.2.54"], [])
    assert (shown["enable_dhcp"], shown["tags"]) == (False, [])
    overlapping = "subnet create --network daily --subnet-range 10.78.0.128/25 s80"
    assert "overlap" in demo_shell.refused(overlapping)
    free = admin_shell(f"ip availability show {made['id']}")
    assert (free["total_ips"], free["used_ips"]) == (11, 0)
    assert made["id"] in admin_shell.names("ip availability list --ip-version 4", "Network ID")
    demo_shell("subnet delete s79")
    demo_shell("network delete daily")


def test_ports(demo_shell: Shell) -> None:
    demo_shell("network create ports")
    demo_shell("subnet create --network ports --subnet-range 10.79.0.0/24 s79")
    made = demo_shell(
        "port create --network ports --fixed-ip subnet=s79,ip-address=10.79.0.33 --tag a"
        " --allowed-address ip-address=10.79.0.200,mac-address=fa:16:3e:00:00:33 --description d p"
    )
    assert made["fixed_ips"][0]["ip_address"] == "10.79.0.33"
    assert made["allowed_address_pairs"][0]["ip_address"] == "10.79.0.200"
    found = demo_shell.names("port list --fixed-ip ip-address=10.79.0.33 --network ports")
    assert found == {"p"}
    demo_shell("port set --name q --disable --fixed-ip ip-address=10.79.0.34 p")
    assert len(demo_shell("port show q")["fixed_ips"]) == 2
    demo_shell("port unset --fixed-ip subnet=s79,ip-address=10.79.0.33 --tag a --allowed-address"
               " ip-address=10.79.0.200,mac-address=fa:16:3e:00:00:33 q")  # fmt: skip
    shown = demo_shell("port show q")
    assert [ip["ip_address"] for ip in shown["fixed_ips"]] == ["10.79.0.34"]
    assert (shown["allowed_address_pairs"], shown["tags"]) == ([], [])
    taken = "port create --network ports --fixed-ip ip-address=10.79.0.34 second"
    assert "already allocated" in demo_shell.refused(taken)
    demo_shell("port delete q")
    demo_shell("network delete ports")


def test_a_router(demo_shell: Shell) -> None:
    demo_shell("network create inside")
    demo_shell("subnet create --network inside --subnet-range 10.81.0.0/24 s81")
    demo_shell("network create other")
    demo_shell("subnet create --network other --subnet-range 10.82.0.0/24 s82")
    demo_shell("port create --network other --fixed-ip ip-address=10.82.0.1 leg")
    assert demo_shell("router create --description about way")["status"] in ("ACTIVE", "DOWN")
    demo_shell("router add subnet way s81")
    demo_shell("router add port way leg")
    demo_shell("router set --external-gateway public way")
    demo_shell("router add route --route destination=203.0.113.0/24,gateway=10.81.0.9 way")
    shown = demo_shell("router show way")
    assert shown["external_gateway_info"]["external_fixed_ips"]
    assert [route["destination"] for route in shown["routes"]] == ["203.0.113.0/24"]
    assert "attached" in demo_shell.refused("router delete way")
    demo_shell("router remove route --route destination=203.0.113.0/24,gateway=10.81.0.9 way")
    floating = demo_shell("floating ip create public --description first")
    demo_shell("port create --network inside guest")
    demo_shell(f"floating ip set --port guest --description second {floating['id']}")
    shown = demo_shell(f"floating ip show {floating['id']}")
    assert (shown["description"], shown["fixed_ip_address"][:8]) == ("second", "10.81.0.")
    rows = demo_shell("floating ip list --router way")
    assert [row["ID"] for row in rows] == [floating["id"]]
    assert "required by" in demo_shell.refused("router unset --external-gateway way")
    demo_shell(f"floating ip unset --port {floating['id']}")
    demo_shell(f"floating ip delete {floating['id']}")
    demo_shell("router unset --external-gateway way")
    demo_shell("router remove port way leg")
    demo_shell("router remove subnet way s81")
    assert "way" in demo_shell.names("router list")
    demo_shell("router delete way")
    demo_shell("port delete guest")
    demo_shell("network delete inside other")


def test_a_router_with_several_gateways(demo_shell: Shell) -> None:
    def gateways() -> list[str]:
        shown = demo_shell("router show far")
        first = shown["external_gateway_info"]
        addresses = [one["external_fixed_ips"][0]["ip_address"] for one in shown[GATEWAYS]]
        assert not addresses or addresses[0] == first["external_fixed_ips"][0]["ip_address"]
        return addresses

    demo_shell("router create --external-gateway public far")
    before = gateways()
    demo_shell("router add gateway far public")
    assert gateways()[:1] == before and len(gateways()) == 2
    assert "several" in demo_shell.refused("router remove gateway far public")
    demo_shell(f"router remove gateway far public --fixed-ip ip-address={before[0]}")
    assert len(gateways()) == 1 and gateways() != before
    demo_shell("router remove gateway far public")
    assert gateways() == []
    demo_shell("router set --external-gateway public far")
    demo_shell("router unset --external-gateway far")
    assert gateways() == []
    demo_shell("router delete far")


def test_groups(demo_shell: Shell) -> None:
    made = demo_shell(f"{GROUP} create --description about --tag a web")
    assert len(made["rules"]) == 2, "everything may leave"
    rule = demo_shell(f"{RULE} create --protocol tcp --dst-port 80:81 --remote-ip 192.0.2.0/24 web")
    assert (rule["port_range_min"], rule["port_range_max"]) == (80, 81)
    assert demo_shell(f"{RULE} show {rule['id']}")["remote_ip_prefix"] == "192.0.2.0/24"
    again = f"{RULE} create --protocol tcp --dst-port 80:81 --remote-ip 192.0.2.0/24 web"
    assert "already exists" in demo_shell.refused(again)
    rows = demo_shell(f"{RULE} list --protocol tcp --ingress web")
    assert [row["ID"] for row in rows] == [rule["id"]]
    demo_shell(f"{GROUP} set --name site --description other web")
    demo_shell(f"{GROUP} unset --tag a site")
    shown = demo_shell(f"{GROUP} show site")
    assert (shown["description"], shown["tags"]) == ("other", [])
    assert "site" in demo_shell.names(f"{GROUP} list")
    demo_shell("network create guarded")
    demo_shell("port create --network guarded --security-group site p")
    assert "in use" in demo_shell.refused(f"{GROUP} delete site")
    demo_shell("port unset --security-group site p")
    demo_shell(f"{RULE} delete {rule['id']}")
    demo_shell(f"{GROUP} delete site")
    demo_shell("port delete p")
    demo_shell("network delete guarded")
