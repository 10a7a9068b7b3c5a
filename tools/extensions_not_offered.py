"""Why extensions of upstream's network service are not offered: for docs/reference/api.md.

An alias that the service advertises is left out of the page by itself, so a reason may stay here
when its extension is added; it is taken out at the next look.
"""

from __future__ import annotations

VPN = "VPN belongs to a service of its own"
FIREWALL = "security groups and address groups are the firewall here"
BGP = "no dynamic routing: hosts reach each other by tunnels and static routes"
TAPS = "copies of a tenant's traffic are not offered"
CHAINS = "service function chaining is not offered"
DIRECT = "of ports on network cards themselves (SR-IOV), which no host here can bind"
TX_STEERING = "its one hint is for Open vSwitch with DPDK, which no host here has"
YET = "not there yet"
NAMES = "no extension: upstream's name for what every network service has"

REASONS: dict[str, str] = {
    **dict.fromkeys(("network", "subnet", "port", "subnetpool"), NAMES),
    **dict.fromkeys(
        (
            "vpnaas",
            "vpn-aes-ccm-gcm",
            "vpn-aes-ctr",
            "vpn-endpoint-groups",
            "vpn-flavors",
            "vpn-no-sha1-3des",
        ),
        VPN,
    ),
    **dict.fromkeys(("fwaas_v2", "standard-attr-fwaas-v2"), FIREWALL),
    **dict.fromkeys(
        (
            "bgp",
            "bgp_4byte_asn",
            "bgp_dragent_scheduler",
            "bgpvpn",
            "bgpvpn-routes-control",
            "bgpvpn-vni",
            "evpn",
            "ovn-bgp",
            "rbac-bgpvpn",
            "standard-attr-bgpvpn",
            "standard-attr-bgpvpn-network-association",
            "standard-attr-bgpvpn-port-association",
            "standard-attr-bgpvpn-router-association",
        ),
        BGP,
    ),
    **dict.fromkeys(("taas", "taas-vlan-filter", "tap-mirror", "tap-mirror-both-direction"), TAPS),
    **dict.fromkeys(("sfc", "flow_classifier"), CHAINS),
    **dict.fromkeys(
        (
            "port-hardware-offload-type",
            "port-mac-override",
            "port-trusted-vif",
        ),
        DIRECT,
    ),
    **dict.fromkeys(("port-hint-ovs-tx-steering", "port-hints"), TX_STEERING),
    "port-device-profile": "there are no accelerators and no service for them (Cyborg)",
    **dict.fromkeys(
        (
            "address-group",
            "expose-l3-conntrack-helper",
            "l3-conntrack-helper",
            "l3-ext-ndp-proxy",
            "l3-ndp-proxy",
            "logging",
            "network_availability_zone",
            "rbac-address-group",
            "router_availability_zone",
            "security-groups-default-rules",
            "security-groups-default-statefulness",
            "security-groups-remote-address-group",
            "security-groups-rules-belongs-to-default-sg",
            "stateful-security-group",
        ),
        YET,
    ),
    "dvr": "a router is active on one host at a time",
    "network_ha": "the network on which routers' hosts elect the active one is made with a "
    "project's first such router; a network of a user would let its guests take part",
    "router-admin-state-down-before-update": "goes with distributed routers: nothing to switch",
    "floating-ip-distributed": "goes with distributed routers",
    "l3-agent-scheduler-ha-chassis-priority": "of a driver that is not offered yet",
    "enable-default-route-bfd": "default routes are not watched by BFD; refused",
    "enable-default-route-ecmp": "one default route for each IP version; refused",
    "ecmp_routes": "one route for each destination",
    "floatingip-autodelete-internal": "upstream defines it and does not offer it",
    "network-cascade-delete": "upstream defines it and does not offer it",
    "project-default-networks": "upstream defines it and does not offer it",
    "security-groups-name-restrictions": "upstream defines it and does not offer it",
    "sort-key-validation": "upstream defines it and does not offer it; sort keys are checked",
    "subnet-segmentid-enforce": "upstream defines it and does not offer it",
    "qos-fip-network-policy": "no plug-in of upstream in use here offers it",
    "router-enable-snat": "of upstream's plug-in for OVN alone; `external_gateway_info` says it",
    "router-service-type": "routers have flavors instead (`l3-flavors`)",
    "pvlan": "ports of one network are separated by security groups",
    "qinq": "a network has one tag",
    "vlan-transparent": "tags of guests are not carried; trunks are the way",
}
