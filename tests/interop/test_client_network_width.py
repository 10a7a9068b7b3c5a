"""The unmodified openstack client: names in DNS, flavors, meters and topologies on request."""

from __future__ import annotations

from .openstack_client import Shell

DRIVER = "neutron.services.l3_router.service_providers.single_node.SingleNodeDriver"


def test_names(demo_shell: Shell) -> None:
    made = demo_shell("network create --dns-domain example.org. named")
    assert made["dns_domain"] == "example.org."
    demo_shell("network set --dns-domain example.net. named")
    assert demo_shell("network show named")["dns_domain"] == "example.net."
    subnet = "subnet create --network named --subnet-range 10.77.0.0/24 --dns-publish-fixed-ip s77"
    assert demo_shell(subnet)["dns_publish_fixed_ip"] is True
    demo_shell("subnet set --no-dns-publish-fixed-ip s77")
    port = demo_shell("port create --network named --dns-name web --dns-domain example.org. p77")
    assert port["dns_name"] == "", "nobody chose a domain for this cloud"
    assert port["dns_assignment"][0]["fqdn"].endswith(".openstacklocal.")
    assert "400" in demo_shell.refused("port set --dns-name a_b p77")
    floating = demo_shell("floating ip create --dns-name web --dns-domain example.org. public")
    demo_shell(f"floating ip delete {floating['id']}")
    demo_shell("port delete p77")
    demo_shell("network delete named")


def test_flavors(admin_shell: Shell, demo_shell: Shell) -> None:
    flavor = admin_shell(
        "network flavor create --service-type L3_ROUTER_NAT --description one --enable plain"
    )
    assert (flavor["name"], flavor["service_type"]) == ("plain", "L3_ROUTER_NAT")
    profile = admin_shell(f"network flavor profile create --driver {DRIVER} --description p")["id"]
    admin_shell(f"network flavor add profile plain {profile}")
    assert profile in admin_shell("network flavor show plain")["service_profile_ids"]
    assert "plain" in demo_shell.names("network flavor list")
    assert [row["ID"] for row in admin_shell("network flavor profile list")] == [profile]
    assert admin_shell(f"network flavor profile show {profile}")["driver"] == DRIVER
    router = demo_shell(f"router create --flavor-id {flavor['id']} flavored")
    assert router["flavor_id"] == flavor["id"]
    assert "409" in admin_shell.refused("network flavor delete plain")
    demo_shell("router delete flavored")
    admin_shell("network flavor set --disable --name simple plain")
    assert admin_shell("network flavor show simple")["enabled"] is False
    admin_shell(f"network flavor remove profile simple {profile}")
    admin_shell(f"network flavor profile set --description other {profile}")
    admin_shell("network flavor delete simple")
    admin_shell(f"network flavor profile delete {profile}")
    providers = demo_shell("network service provider list")
    assert ("single_node", True) in [(row["Name"], row["Default"]) for row in providers]


def test_meters(admin_shell: Shell) -> None:
    meter = admin_shell("network meter create --description d --share web")
    assert (meter["name"], meter["shared"]) == ("web", True)
    assert "web" in admin_shell.names("network meter list")
    create = f"network meter rule create {meter['id']}"
    rule = admin_shell(f"{create} --egress --source-ip-prefix 10.1.0.0/16")
    assert (rule["direction"], rule["source_ip_prefix"]) == ("egress", "10.1.0.0/16")
    admin_shell(f"{create} --ingress --exclude --remote-ip-prefix 10.2.0.0/16")
    assert "409" in admin_shell.refused(f"{create} --exclude --remote-ip-prefix 10.2.0.0/24")
    rows = admin_shell("network meter rule list")
    assert {row["Direction"] for row in rows} == {"egress", "ingress"}
    assert admin_shell(f"network meter rule show {rule['id']}")["id"] == rule["id"]
    admin_shell(f"network meter rule delete {rule['id']}")
    assert admin_shell("network meter show web")["id"] == meter["id"]
    admin_shell("network meter delete web")
    assert admin_shell("network meter rule list") == []


def test_a_topology_on_request(admin_shell: Shell, demo_shell: Shell) -> None:
    check = "network auto allocated topology create --check-resources"
    assert "No default subnetpools defined" in demo_shell.refused(check)
    admin_shell("subnet pool create --pool-prefix 10.222.0.0/16 --default-prefix-length 26"
                " --default --share auto")  # fmt: skip
    assert "dry_run" in demo_shell(check), "the client looks for the answer in a wrong place"
    topology = demo_shell("network auto allocated topology create --or-show")
    assert demo_shell(f"network show {topology['id']}")["name"] == "auto_allocated_network"
    demo_shell("network auto allocated topology delete")
    assert "auto_allocated_network" not in demo_shell.names("network list")
    admin_shell("subnet pool delete auto")
