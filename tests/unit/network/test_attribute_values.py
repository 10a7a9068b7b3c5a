"""Attributes take the values that Neutron takes, and keep what Neutron keeps of them."""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.http.resource import Attributes
from stratolith.network import schemas
from stratolith.network.schemas import (
    floatingips,
    networks,
    ports,
    routers,
    security_groups,
    subnetpools,
    subnets,
)

from .attribute_values import ID, RECORD, offered

RESOURCES = {
    one.collection: one
    for one in (
        networks.NETWORK,
        subnets.SUBNET,
        ports.PORT,
        routers.ROUTER,
        floatingips.FLOATING_IP,
        security_groups.SECURITY_GROUP,
        security_groups.RULE,
        subnetpools.SUBNETPOOL,
        subnetpools.ADDRESS_SCOPE,
    )
}
# Attributes that Neutron gives to resources by other means than its maps of attributes.
ELSEWHERE = {"description", "project_id", "tenant_id", "tags"}
# Declared by extensions that this cloud has in part: they only may say no (null, false).
IN_PART = {("routers", "distributed")}
REFUSED = "refused"
Given = Callable[[Any], bool]


def spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def recorded() -> dict[tuple[str, str], dict[str, Any]]:
    """(collection, attribute) -> value given, in JSON -> value kept."""
    found = {}
    for line in RECORD.read_text().splitlines():
        collection, name, accepted = line.split("\t")
        kept = {spelled(given): value for given, value in json.loads(accepted)}
        found[collection, name] = kept
    return found


NEUTRON = recorded()
OURS = sorted(
    (collection, name)
    for collection, resource in RESOURCES.items()
    for name, attribute in resource.attributes.items()
    if attribute.convert is not None and name not in ELSEWHERE
)


def kept(resource: Attributes, name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(resource._convert(name, value)))
    except ApiError:
        return REFUSED


def _no_text(value: Any) -> bool:
    return not isinstance(value, str)


def _has_other_keys(value: Any) -> bool:
    known = {"subnet_id", "ip_address"}
    return isinstance(value, list) and any(set(one) - known for one in value if one)


def _six(value: Any) -> bool:
    return ":" in json.dumps(value)


# (attribute, which values, why): where something else than Neutron's answer is right here
DIFFERENT: list[tuple[str, Given, str]] = [
    ("mtu", lambda v: v not in (0, "0"), "no host can make a link that small"),
    ("ip_version", lambda v: False, ""),
    ("provider:segmentation_id", lambda v: v in (-1, "-1"), "refused a step earlier"),
    ("binding:host_id", lambda v: _no_text(v) or len(v) > 255, "no name of a host"),
    ("binding:profile", lambda v: v is None, "none is the empty one"),
    ("extra_dhcp_opts", lambda v: True, "the IP version is filled in at once"),
    ("fixed_ips", _has_other_keys, "keys without a meaning are not taken silently"),
    ("fixed_ip_address", _six, "floating IPs are IPv4; refused a step earlier"),
    ("floating_ip_address", _six, "floating IPs are IPv4; refused a step earlier"),
    ("mac_address", lambda v: len(str(v)) < 8, "a number is no address"),
    ("flavor_id", lambda v: _no_text(v) or len(v) > 36, "no id of a flavor"),
    ("dns_name", lambda v: isinstance(v, str), "recorded without the setting that it needs"),
    ("external_gateway_info", lambda v: not v, "all that is empty means no gateway"),
    ("routes", lambda v: v is None, "none is the empty list"),
    ("protocol", lambda v: True, "judged with the rest of the rule"),
    ("availability_zone_hints", lambda v: v is None, "none is the empty list"),
    ("remote_address_group_id", lambda v: _no_text(v) or len(v) > 36, "no id of a group"),
    ("remote_group_id", lambda v: _no_text(v) or len(v) > 36, "no id of a group"),
    ("security_group_id", lambda v: True, "judged by looking for it"),
    ("remote_ip_prefix", lambda v: not v, "only null means no prefix"),
    ("remote_ip_prefix", lambda v: "/255." in str(v), "a prefix has a length, not a mask"),
    ("allowed_address_pairs", lambda v: ".5/24" in str(v) or "::5/" in str(v), "no host bits"),
    ("default_quota", lambda v: v is None, "none is no quota"),
    ("default_prefixlen", lambda v: v in (None, "1400"), "refused a step earlier"),
    ("min_prefixlen", lambda v: v in (None, "1400"), "refused a step earlier"),
    ("max_prefixlen", lambda v: v in (None, "1400"), "refused a step earlier"),
    ("prefixlen", lambda v: v == "1400", "refused a step earlier"),
    ("prefixes", lambda v: v is None or "/" in str(v), "host bits are dropped at once"),
    ("segments", lambda v: not v, "all that is empty means none"),
    ("allocation_pools", lambda v: not v, "none means that they are computed"),
    ("cidr", lambda v: True, "host bits are dropped at once"),
    ("dns_nameservers", lambda v: not v, "only a list or null is one"),
    ("service_types", lambda v: not v or v == ["compute:nova"] * 2, "Neutron hangs at it"),
]


def _is_meant(name: str, value: Any, theirs: Any, ours: Any) -> bool:
    if isinstance(value, bool) and ours == REFUSED and not isinstance(theirs, bool):
        return True  # yes and no are no numbers
    if str(ours).lower() == str(theirs).lower() and ID[:8] in str(ours):
        return True  # ids are kept in small letters
    if _same_addresses(theirs, ours):
        return True
    return any(name == attribute and which(value) for attribute, which, _ in DIFFERENT)


def _same_addresses(theirs: Any, ours: Any) -> bool:
    """The same up to the spelling of IPv6 addresses, which are kept in their shortest form."""
    shorter = {
        "FD00:0:0::5": "fd00::5",
        "FD00::/64": "fd00::/64",
        "::ffff:10.0.0.1": "::ffff:a00:1",
    }
    text = spelled(theirs)
    for long, short in shorter.items():
        text = text.replace(long, short)
    return text == spelled(ours)


@pytest.mark.parametrize(("collection", "name"), OURS)
def test_values_are_converted_as_neutron_converts_them(collection: str, name: str) -> None:
    if (collection, name) in IN_PART:
        return
    theirs, wrong = NEUTRON[collection, name], []
    for value in offered(name):
        wanted = theirs.get(spelled(value), REFUSED)
        got = kept(RESOURCES[collection], name, value)
        if got != wanted and not _is_meant(name, value, wanted, got):
            wrong.append((value, wanted, got))
    assert not wrong


def test_numbers_and_booleans_may_be_text() -> None:
    """The values that tools send which know text only, such as Ansible's modules."""
    assert kept(subnets.SUBNET, "ip_version", "4") == 4
    assert kept(subnetpools.ADDRESS_SCOPE, "ip_version", "6") == 6
    assert kept(networks.NETWORK, "mtu", "1400") == 1400
    assert kept(networks.NETWORK, "provider:segmentation_id", "77") == 77
    assert kept(ports.PORT, "admin_state_up", "no") is False
    gateway = kept(
        routers.ROUTER, "external_gateway_info", {"network_id": ID, "enable_snat": "off"}
    )
    assert gateway["enable_snat"] is False


def _all_attributes() -> list[tuple[str, str, Attributes]]:
    """(collection, attribute, its resource) of every declaration of the service."""
    found: dict[tuple[str, str], Attributes] = {}
    for module in pkgutil.walk_packages(schemas.__path__, f"{schemas.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Attributes):
                found |= {(value.collection, name): value for name in value.attributes}
    return [(*key, resource) for key, resource in sorted(found.items(), key=lambda one: one[0])]


ODD: list[Any] = [
    [], {}, [[]], [{}], {"a": []}, {"id": {}}, [None], ["\ud800"], "\x00", -1, 2**70, 1.5, True,
    float("nan"), "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize(("collection", "name", "resource"), _all_attributes())
def test_values_of_any_type_are_taken_or_refused(
    collection: str, name: str, resource: Attributes
) -> None:
    """A value that no container can hold as a key ended in a failure of the server (500)."""
    if resource.attributes[name].convert is None:
        return
    for value in ODD:
        with contextlib.suppress(ApiError):
            resource._convert(name, value)
