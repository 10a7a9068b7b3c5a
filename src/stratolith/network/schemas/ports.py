"""Ports."""

from __future__ import annotations

import ipaddress
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.exceptions.general import HTTPBadRequest, InvalidInput
from stratolith.network.exceptions.ports import (
    AllowedAddressPairsMissingIP,
    DuplicateAddressPairInRequest,
)
from stratolith.network.schemas import dns
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    FIXED_IPS,
    any_mapping,
    boolean,
    ip_or_network,
    ip_version,
    list_of,
    mac,
    mapping,
    name,
    nullable,
    one_of,
    text,
    uuid,
    valid_value,
)
from stratolith.network.schemas.rendering import common
from stratolith.network.schemas.trunks import render_sub_port

VNIC_TYPES = (
    "normal", "direct", "direct-physical", "macvtap", "baremetal", "virtio-forwarder",
    "smart-nic", "vdpa", "accelerator-direct", "accelerator-direct-physical", "remote-managed",
)  # fmt: skip

NUMA_POLICIES = ("required", "preferred", "legacy", "socket")

MULTICAST = {4: ipaddress.ip_network("224.0.0.0/4"), 6: ipaddress.ip_network("ff00::/8")}


def _paired(value: Any) -> str:
    """An address or CIDR without multicast addresses; upstream excepts 0.0.0.0/0 alone."""
    prefix = ip_or_network(value)
    if "/" not in prefix:
        if ipaddress.ip_address(prefix).is_multicast:
            raise HTTPBadRequest(f"IP {prefix} is a multicast address, which is not supported.")
        return prefix
    network = ipaddress.ip_network(prefix)
    group = MULTICAST[network.version]
    if prefix != "0.0.0.0/0" and network.overlaps(group):
        raise HTTPBadRequest(
            f"Subnet {prefix} overlaps with multicast range {group}, which is not supported."
        )
    return prefix


def _paired_mac(value: Any) -> str:
    address = str(mac(value))
    if int(address[:2], 16) & 1:
        raise HTTPBadRequest(
            f"MAC address {address} is a multicast address, which is not supported."
        )
    return address


def _pairs(value: Any) -> list[dict[str, Any]]:
    """Each pair once; raises DuplicateAddressPairInRequest, AllowedAddressPairsMissingIP."""
    pairs: list[dict[str, Any]] = list_of(_PAIR, unique=False)(value)
    for pair in pairs:
        if "ip_address" not in pair:
            raise AllowedAddressPairsMissingIP
        if pairs.count(pair) > 1:
            raise DuplicateAddressPairInRequest(
                mac_address=pair.get("mac_address"), ip_address=pair["ip_address"]
            )
    return pairs


_PAIR = mapping(ip_address=_paired, mac_address=_paired_mac)


def _data_plane_status(value: Any) -> str | None:
    if value not in (None, "ACTIVE", "DOWN") or isinstance(value, bool):
        raise Invalid(f"{value} is not in valid_values.")
    return None if value is None else str(value)


# DHCP options that may be empty: the guest then gets no value instead of a default one
EMPTY_OPTIONS = ("router", "classless-static-route")


_OPTION = mapping(
    ("opt_name", "opt_value"),
    opt_name=text(64),
    opt_value=nullable(text(255)),
    ip_version=ip_version,
)


def _option(value: Any) -> Any:
    try:
        option = _OPTION(value)
    except Invalid as error:
        raise InvalidInput(error_message=str(error).removesuffix(".")) from None
    if not option["opt_name"].strip():
        raise Invalid("opt_name: '' is empty.")
    if option["opt_value"] == "" and option["opt_name"] not in EMPTY_OPTIONS:
        raise Invalid("opt_value: '' is empty.")
    # dnsmasq reads the options from a file with one option per line
    if any(sign in f"{option['opt_name']}{option['opt_value'] or ''}" for sign in "\n\r\x00"):
        raise Invalid(f"'{option['opt_name']}' contains a line break.")
    option.setdefault("ip_version", 4)
    return option


def _options(value: Any) -> list[dict[str, Any]]:
    """Each option at most once for each IP version."""
    options: list[dict[str, Any]] = list_of(_option, unique=False)(value)
    keys = [(option["opt_name"], option["ip_version"]) for option in options]
    for key in keys:
        if keys.count(key) > 1:
            raise Invalid(f"Duplicate DHCP option '{key[0]}'.")
    return options


PORT = attributes(
    "port",
    "ports",
    standard(
        name=Attribute(name(), default=""),
        network_id=Attribute(uuid, update=False, required=True),
        admin_state_up=Attribute(boolean, default=True),
        mac_address=Attribute(nullable(mac)),  # null: any free one
        fixed_ips=Attribute(FIXED_IPS),
        device_id=Attribute(text(), default=""),
        device_owner=Attribute(text(), default=""),
        security_groups=Attribute(list_of(uuid)),
        allowed_address_pairs=Attribute(_pairs, default=[]),
        extra_dhcp_opts=Attribute(_options, default=[]),
        port_security_enabled=Attribute(boolean),
        dns_name=Attribute(dns.host_name, default=""),
        dns_domain=Attribute(dns.domain, default=""),
        dns_assignment=READ_ONLY,
        qos_policy_id=Attribute(nullable(uuid), default=None),
        qos_network_policy_id=READ_ONLY,
        resource_request=READ_ONLY,
        status=READ_ONLY,
        ip_allocation=READ_ONLY,
        tags=TAGS,
        trunk_details=READ_ONLY,
        data_plane_status=Attribute(_data_plane_status, create=False),
        propagate_uplink_status=Attribute(boolean, default=True),
        numa_affinity_policy=Attribute(nullable(valid_value(NUMA_POLICIES)), default=None),
        **{
            "binding:host_id": Attribute(lambda v: text()(v) if v is not None else "", default=""),
            "binding:vnic_type": Attribute(one_of(*VNIC_TYPES), default="normal"),
            "binding:profile": Attribute(any_mapping, default={}),
            "binding:vif_type": READ_ONLY,
            "binding:vif_details": READ_ONLY,
        },
    ),
)
VIF_DETAILS = {"port_filter": True, "connectivity": "l2"}


def render(
    port: Any,
    fixed_ips: list[dict[str, str]],
    groups: list[str],
    tags: list[str],
    *,
    binding: bool,
    names: list[dict[str, str]],
    trunk: tuple[str, list[Any]] | None = None,
) -> dict[str, Any]:
    """``port``: a row or a Port; ``binding``: include what only administrators may see;
    ``names``: of its addresses; ``trunk``: of which it is the parent, and the sub-ports.
    """
    body = {
        "id": port.id,
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac_address,
        "admin_state_up": port.admin_state_up,
        "status": port.status,
        "ip_allocation": port.ip_allocation,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "fixed_ips": fixed_ips,
        "allowed_address_pairs": port.allowed_address_pairs,
        "extra_dhcp_opts": port.extra_dhcp_opts,
        "security_groups": groups,
        "binding:vnic_type": port.vnic_type,
        "port_security_enabled": port.port_security_enabled,
        "data_plane_status": port.data_plane_status,
        "propagate_uplink_status": port.propagate_uplink_status,
        "numa_affinity_policy": port.numa_affinity_policy,
        "dns_name": port.dns_name,
        "dns_domain": port.dns_domain,
        "dns_assignment": names,
        "qos_policy_id": port.qos_policy_id,
        "qos_network_policy_id": port.network.qos_policy_id,
        **common(port, tags),
    }
    if trunk is not None:
        body["trunk_details"] = {
            "trunk_id": trunk[0],
            "sub_ports": [
                {**render_sub_port(row), "mac_address": row.mac_address} for row in trunk[1]
            ],
        }
    if binding:
        body["binding:profile"] = port.binding_profile
        body["binding:host_id"] = port.binding_host
        kind, details = vif(port, port.binding_host)
        body["binding:vif_type"], body["binding:vif_details"] = kind, details
    return body


def vif(port: Any, host: str) -> tuple[str, dict[str, Any]]:
    """The type of a port's interface on a host, and details: why the host failed, if it did."""
    if not host:
        return "unbound", {}
    if port.status == "ERROR" and host == port.binding_host:
        return "binding_failed", {"reason": port.binding_error} if port.binding_error else {}
    return "bridge", VIF_DETAILS
