"""Values that are offered to attributes, to see what is made of them.

The answers of Neutron are in attribute_values.tsv, recorded by tools/record_attribute_values.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_suffix(".tsv")
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
MAC = "fa:16:3e:00:00:01"
SCALARS: list[Any] = [
    True, False, "true", "True", "FALSE", "false", "0", "1", 0, 1, "yes", "on", "t", 2, -1, "-1",
    None, "", " ", "None", "null", 4, "4", " 4", "4 ", "6", 6, "5", 5, "1400", "0x10", "1e3",
    "१४", 64, "64", [], {}, [""], "a", "x" * 255, "x" * 256, ID, ID.upper(), ID.replace("-", ""),
]  # fmt: skip
ADDRESSES: list[Any] = [
    "10.0.0.5", "10.0.0.5/24", "010.0.0.5", "10.0.5", "10.0.0.256", "10.0.0.5 ", "fd00::5",
    "FD00:0:0::5", "fe80::1%eth0", "::ffff:10.0.0.1", "10.0.0.0/24", "10.0.0.5/33", "10.0.0.0",
    "fd00::/64", "FD00::/64", "fd00::5/64", "224.0.0.1", "0.0.0.0/0", "0.0.0.0",
    "10.0.0.0/255.255.255.0",
    "127.0.0.1", "255.255.255.255", "::1",
]  # fmt: skip
LISTS: list[Any] = [
    [ID, ID], [ID], ["10.0.0.5", "10.0.0.5"], ["10.0.0.5", "fd00::5"], ["10.0.0.0/24"] * 2,
    ["10.0.0.0/24", "10.0.1.0/24"], ["compute:nova"], ["compute:nova", "compute:nova"], [1],
]  # fmt: skip
FIXED: list[Any] = [
    [{"subnet_id": ID}, {"subnet_id": ID}], [{"ip_address": "10.0.0.5"}] * 2,
    [{"subnet_id": ID, "ip_address": "10.0.0.5"}, {"subnet_id": ID, "ip_address": "10.0.0.6"}],
    [{"subnet_id": ID, "ip_address": "10.0.0.5"}, {"ip_address": "10.0.0.5"}],
    [{}], [{"subnet_id": "x"}], [{"ip_address": "x"}], ["x"], [None], [{"subnet": ID}],
]  # fmt: skip
PAIRS: list[Any] = [
    [{"ip_address": one}] for one in ADDRESSES
] + [
    [{"ip_address": "10.0.0.5"}] * 2,
    [{"ip_address": "10.0.0.5", "mac_address": MAC}, {"ip_address": "10.0.0.5"}],
    [{"ip_address": "10.0.0.5", "mac_address": "x"}], [{"mac_address": MAC}],
]  # fmt: skip
OPTIONS: list[Any] = [
    [{"opt_name": "mtu", "opt_value": "1400"}], [{"opt_name": "mtu", "opt_value": 1400}],
    [{"opt_name": "mtu", "opt_value": None}], [{"opt_name": "mtu"}], [{"opt_value": "x"}],
    [{"opt_name": "mtu", "opt_value": ""}], [{"opt_name": "router", "opt_value": ""}],
    [{"opt_name": "", "opt_value": "x"}], [{"opt_name": "a\nb", "opt_value": "x"}],
    [{"opt_name": "mtu", "opt_value": "1", "ip_version": "4"}],
    [{"opt_name": "mtu", "opt_value": "1", "ip_version": 6}],
    [{"opt_name": "mtu", "opt_value": "1", "ip_version": 5}],
    [{"opt_name": "mtu", "opt_value": "1"}] * 2, [{"opt_name": 150, "opt_value": "x"}],
    [{"opt_name": "150", "opt_value": "10.0.0.1"}, {"opt_name": "mtu", "opt_value": "1"}],
]  # fmt: skip
ROUTES: list[Any] = [
    [{"destination": "10.9.0.0/24", "nexthop": "10.0.0.1"}] * 2,
    [{"destination": "10.9.0.0/24", "nexthop": "10.0.0.1"}],
    [{"destination": "10.9.0.5/24", "nexthop": "10.0.0.1"}],
    [{"destination": "10.9.0.0/24", "nexthop": "fd00::1"}],
    [{"destination": "10.9.0.0/24"}], [{"nexthop": "10.0.0.1"}],
    [{"destination": "10.9.0.5", "nexthop": "10.0.0.1"}],
    [{"destination": "10.9.0.0/24", "nexthop": "10.0.0.1", "more": 1}],
]  # fmt: skip
POOLS: list[Any] = [
    [{"start": "10.0.0.2", "end": "10.0.0.9"}], [{"start": "10.0.0.2", "end": "10.0.0.9"}] * 2,
    [{"start": "10.0.0.2"}], [{"start": "x", "end": "10.0.0.9"}],
    [{"start": "FD00::0002", "end": "FD00::0009"}],
]  # fmt: skip
GATEWAYS: list[Any] = [
    {"network_id": ID}, {"network_id": "x"}, {"enable_snat": True},
    {"network_id": ID, "enable_snat": "False"}, {"network_id": ID, "enable_snat": 0},
    {"network_id": ID, "enable_snat": "no"}, {"network_id": ID, "enable_snat": None},
    {"network_id": ID, "external_fixed_ips": [{"subnet_id": ID}] * 2},
    {"network_id": ID, "external_fixed_ips": None}, {"network_id": ID, "more": 1},
]  # fmt: skip
MACS: list[Any] = [
    "fa:16:3e:00:00:01", "FA-16-3E-00-00-01", "01:00:5e:00:00:01", "03:16:3e:00:00:01",
    "00:16:3e:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "fa163e000001",
    "fa:16:3e:00:00", "fa:16:3e:00:00:0g", "f:16:3e:0:0:1",
]  # fmt: skip
# What is offered to attributes of these names beside the scalars.
FURTHER: dict[str, list[Any]] = {
    "cidr": ADDRESSES,
    "gateway_ip": ADDRESSES,
    "floating_ip_address": ADDRESSES,
    "fixed_ip_address": ADDRESSES,
    "remote_ip_prefix": ADDRESSES,
    "prefixes": [*LISTS, *([one] for one in ADDRESSES)],
    "dns_nameservers": [*LISTS, *([one] for one in ADDRESSES)],
    "security_groups": LISTS,
    "service_types": LISTS,
    "fixed_ips": FIXED,
    "allowed_address_pairs": PAIRS,
    "extra_dhcp_opts": OPTIONS,
    "routes": ROUTES,
    "host_routes": ROUTES,
    "allocation_pools": POOLS,
    "external_gateway_info": GATEWAYS,
    "mac_address": MACS,
}


def offered(attribute: str) -> list[Any]:
    return [*SCALARS, *FURTHER.get(attribute, [])]
