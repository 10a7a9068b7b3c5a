"""Settings of the network service."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from stratolith.kernel import plugins
from stratolith.kernel.config import Doc, Section
from stratolith.kernel.config import values as values
from stratolith.network import capacity_settings
from stratolith.network import segment_settings as numbers
from stratolith.network.drivers.checks import HELPERS

HELPERS_BY_NAME = [f"{helper}/{protocol}" for helper, protocol in HELPERS]
DRIVERS = ("fake", "linux", "ovn")  # the built-in ones; see drivers/choice.py


class NetworkSettings(Section, kw_only=True, frozen=True):
    """Networks, addresses and the host's external bridge."""

    driver: Annotated[
        str,
        Doc(
            description="The driver that realises the networks of a host: linux, ovn, or a driver "
            "of an installed package; empty: linux, with simulated hosts fake."
        ),
    ] = ""
    ovn_port: Annotated[
        int,
        Doc(
            description="Port of the server's machine for the OVN controllers of other hosts, with "
            "driver ovn; 0: api.port plus 3.",
            ge=0,
            le=65535,
        ),
    ] = 0
    enable_distributed_floating_ip: Annotated[
        bool,
        Doc(
            description="With driver ovn, the host of a server translates its floating IPs, "
            "instead of the router's host. Each host's `external_bridge` needs a card in the "
            "external network."
        ),
    ] = False
    global_physnet_mtu: Annotated[
        int, Doc(description="MTU of the physical networks, tunnels included.", ge=576, le=9216)
    ] = 1500
    physical_network_mtus: Annotated[
        list[str],
        Doc(description="Physical networks with a smaller MTU: `PHYSICAL_NETWORK:MTU`."),
    ] = []
    path_mtu: Annotated[
        int,
        Doc(
            description="MTU of the way that tunnels take, if it is smaller than "
            "`global_physnet_mtu`; 0: it is not.",
            ge=0,
            le=9216,
        ),
    ] = 0
    tenant_network_types: Annotated[
        list[str],
        Doc(
            description="Types of the networks that are created without a type: the first that has "
            "a free number is taken. `local`, `vlan`, `vxlan`, `gre`, `geneve`."
        ),
    ] = field(default_factory=lambda: ["vxlan"])
    vni_min: Annotated[
        int, Doc(description="First identifier of tenant networks in tunnels.", ge=1)
    ] = 5000
    vni_max: Annotated[
        int, Doc(description="Last identifier of tenant networks in tunnels.", le=16777215)
    ] = 1000000
    tunnel_ranges: Annotated[
        list[str],
        Doc(
            description="Other ranges than `vni_min` to `vni_max` for single types: "
            "`TYPE:FIRST:LAST`, such as `geneve:1:65535`; a type may have several."
        ),
    ] = []
    vlan_ranges: Annotated[
        list[str],
        Doc(
            description="Physical networks with VLANs, and the VLANs that are taken for networks "
            "without a number: `PHYSICAL_NETWORK:FIRST:LAST`, or `PHYSICAL_NETWORK` for all. "
            "Empty: those of `physical_network`."
        ),
    ] = []
    flat_networks: Annotated[
        list[str],
        Doc(
            description="Physical networks that may have a flat network, beside "
            "`physical_network`; `*`: all that are known."
        ),
    ] = field(default_factory=lambda: ["*"])
    physical_network: Annotated[
        str, Doc(description="Name of the physical network behind the external bridge.")
    ] = "physnet1"
    external_bridge: Annotated[
        str, Doc(description="Bridge of the external network on the host (at most 15 letters).")
    ] = "br-stl-ext"
    bridge_mappings: Annotated[
        list[str],
        Doc(
            description="Further physical networks of this host and the bridge or interface that "
            "is connected to each: `PHYSICAL_NETWORK:DEVICE`. Each host has its own."
        ),
    ] = []
    resource_provider_bandwidths: Annotated[
        list[str],
        Doc(
            description="Bandwidth in kbit/s that this host promises to ports with rules of "
            "minimum bandwidth: `DEVICE:EGRESS:INGRESS`, seen from guests; a direction may be "
            "empty. The device is one of `bridge_mappings`, `external_bridge`, or `rp_tunnelled` "
            "for all networks in tunnels. Each host has its own."
        ),
    ] = []
    resource_provider_packet_processing_without_direction: Annotated[
        int,
        Doc(
            description="The same for packet rates, in thousand packets a second, both directions "
            "together; 0: none.",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 0
    resource_provider_packet_processing_with_direction: Annotated[
        str,
        Doc(
            description="The same for single directions: `EGRESS:INGRESS`. A host has this setting "
            "or the former one."
        ),
    ] = ""
    resource_provider_inventory_defaults: Annotated[
        dict[str, float],
        Doc(
            description="How bandwidth is given away: `allocation_ratio`, `min_unit`, `max_unit`, "
            "`reserved`, `step_size`, as in the placement service."
        ),
    ] = field(default_factory=dict)
    resource_provider_packet_processing_inventory_defaults: Annotated[
        dict[str, float], Doc(description="The same for packet rates.")
    ] = field(default_factory=dict)
    external_nat: Annotated[
        bool, Doc(description="Connect floating IPs and routers to the outside by the host's NAT.")
    ] = True
    dns_nameservers: Annotated[
        list[str], Doc(description="Name servers for subnets without name servers.")
    ] = []
    dhcp_domain: Annotated[
        str,
        Doc(
            description="Domain of the names of ports, which DHCP servers send to guests and "
            "answer. With the default, users cannot choose names (`dns_name` of ports)."
        ),
    ] = "openstacklocal"
    dhcp_lease_seconds: Annotated[int, Doc(description="Lease time of DHCP.", ge=60)] = 86400
    private_cidr: Annotated[str, Doc(description="Range of the premade network 'private'.")] = (
        "10.0.0.0/24"
    )
    private_ipv6_cidr: Annotated[
        str,
        Doc(
            description="Its IPv6 range, a /64 from which guests make their addresses (SLAAC); "
            "empty: none, for hosts whose kernel has no IPv6."
        ),
    ] = "fd5b:6a3c:1d42::/64"
    max_port_connections: Annotated[
        int,
        Doc(
            description="Most tracked connections that one port may open, and most that others "
            "may open to it, on its host; more are dropped.",
            ge=16,
            le=1000000,
        ),
    ] = 16384
    max_project_connections: Annotated[
        int,
        Doc(
            description="The same for all ports of one project on a host together. Keep it well "
            "below the host's `net.netfilter.nf_conntrack_max`.",
            ge=16,
            le=10000000,
        ),
    ] = 32768
    log_rate_limit: Annotated[
        int,
        Doc(description="Most packets of one port that are logged in a second.", ge=100, le=10000),
    ] = 100
    log_burst_limit: Annotated[
        int,
        Doc(description="Most packets of one port that are logged at once.", ge=25, le=10000),
    ] = 25
    max_host_routes: Annotated[
        int, Doc(description="Most host routes of one subnet.", ge=1, le=1000)
    ] = 20
    max_allowed_address_pairs: Annotated[
        int, Doc(description="Most allowed address pairs of one port.", ge=1, le=1000)
    ] = 10
    max_dns_nameservers: Annotated[
        int, Doc(description="Most name servers of one subnet.", ge=1, le=100)
    ] = 5

    max_l3_agents_per_router: Annotated[
        int,
        Doc(
            description="Most hosts of a router with `ha`; at least two of them have it, one of "
            "which is active.",
            ge=2,
            le=10,
        ),
    ] = 3
    availability_zones: Annotated[
        dict[str, str],
        Doc(
            description="Host -> its availability zone for routers and networks. Hosts that are "
            "not named are in zone nova."
        ),
    ] = field(default_factory=dict)
    conntrack_helpers: Annotated[
        list[str],
        Doc(
            description="Conntrack helpers that routers may have, each with its protocol. Hosts "
            "without one of them report it and leave it out."
        ),
    ] = field(default_factory=lambda: list(HELPERS_BY_NAME))

    def __post_init__(self) -> None:
        if self.driver:
            known = [*DRIVERS, *plugins.names(plugins.NETWORKS)]
            values.some_of("driver", [self.driver], known)
        values.tenant_network("private_cidr", self.private_cidr)
        if self.private_ipv6_cidr:
            values.automatic_network("private_ipv6_cidr", self.private_ipv6_cidr)
        numbers.check(self)
        capacity_settings.of(self)
        if self.vni_min > self.vni_max:
            raise ValueError(f"vni_max: {self.vni_max} is less than vni_min, {self.vni_min}")
        values.name("physical_network", self.physical_network)
        numbers.device("external_bridge", self.external_bridge)
        for host, zone in self.availability_zones.items():
            values.name("availability_zones", host)
            values.name("availability_zones", zone)
        values.some_of("conntrack_helpers", self.conntrack_helpers, HELPERS_BY_NAME)
        for server in self.dns_nameservers:
            values.address("dns_nameservers", server)
        values.host_name("dhcp_domain", self.dhcp_domain, may_be_empty=True)
