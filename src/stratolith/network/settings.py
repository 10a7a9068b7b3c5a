"""Settings of the network service."""

from __future__ import annotations

from typing import Annotated

from stratolith.kernel.config import Doc, Section


class NetworkSettings(Section, kw_only=True, frozen=True):
    """Networks, addresses and the host's external bridge."""

    mtu: Annotated[int, Doc(description="MTU of tenant networks.", ge=576, le=9000)] = 1450
    external_mtu: Annotated[int, Doc(description="MTU of flat networks.", ge=576, le=9000)] = 1500
    vni_min: Annotated[
        int, Doc(description="First VXLAN network identifier of tenant networks.", ge=1)
    ] = 5000
    vni_max: Annotated[
        int, Doc(description="Last VXLAN network identifier of tenant networks.", le=16777215)
    ] = 1000000
    physical_network: Annotated[
        str, Doc(description="Name of the physical network behind the external bridge.")
    ] = "physnet1"
    external_bridge: Annotated[
        str, Doc(description="Bridge of the external network on the host (at most 15 letters).")
    ] = "br-stl-ext"
    external_nat: Annotated[
        bool, Doc(description="Give floating IPs and routers the world through the host's NAT.")
    ] = True
    dns_nameservers: Annotated[
        list[str], Doc(description="Name servers for subnets that name none of their own.")
    ] = []
    dhcp_domain: Annotated[str, Doc(description="Domain of the names that DHCP tells guests.")] = (
        "openstacklocal"
    )
    dhcp_lease_seconds: Annotated[int, Doc(description="Lease time of DHCP.", ge=60)] = 86400
    private_cidr: Annotated[str, Doc(description="Range of the premade network 'private'.")] = (
        "10.0.0.0/24"
    )
    host_metadata_url: Annotated[
        str,
        Doc(
            description="Where the metadata proxies of hosts find the metadata service; "
            "empty: the classic port on this machine."
        ),
    ] = ""
    max_host_routes: Annotated[
        int, Doc(description="Most host routes of one subnet.", ge=1, le=1000)
    ] = 20
    max_dns_nameservers: Annotated[
        int, Doc(description="Most name servers of one subnet.", ge=1, le=100)
    ] = 5
