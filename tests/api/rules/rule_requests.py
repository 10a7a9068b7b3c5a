"""Requests that ask for rules which the routes' smallest requests do not reach."""

from __future__ import annotations

from typing import Any

Request = tuple[str, str, str, Any]  # service, method, path, body; ids of the estate in braces


def _made(path: str, key: str, **values: Any) -> Request:
    return ("network", "POST", f"/{path}", {key: values})


def _changed(path: str, key: str, **values: Any) -> Request:
    return ("network", "PUT", f"/{path}/{{{path}}}", {key: values})


PAIR = [{"ip_address": "10.9.0.77", "mac_address": "fa:16:3e:00:00:77"}]
ADDRESS = [{"subnet_id": "{subnets}", "ip_address": "10.9.0.78"}]
PORT: dict[str, Any] = {
    "device_id": "x", "device_owner": "y", "mac_address": "fa:16:3e:00:00:78",
    "fixed_ips": ADDRESS, "allowed_address_pairs": PAIR, "binding:host_id": "h",
    "binding:vnic_type": "direct",
}  # fmt: skip
GATEWAY = {"network_id": "{public}", "enable_snat": True, "external_fixed_ips": []}
ELSEWHERE = {"ip_address": "203.0.113.79"}
SHARE = {"object_type": "network", "object_id": "{networks}", "action": "access_as_external"}
RULE = {"security_group_id": "{security-groups}", "direction": "ingress"}
NETWORK: list[Request] = [
    _made("networks", "network", **{
        "shared": True, "router:external": True, "is_default": True, "tags": ["a"],
        "port_security_enabled": False, "provider:network_type": "vxlan",
        "provider:segmentation_id": 77,
    }),
    _made("networks", "network", **{
        "provider:network_type": "flat", "provider:physical_network": "physnet1",
    }),
    _made("networks", "network", segments=[{"provider:network_type": "vxlan"}]),
    _changed("networks", "network", segments=[{"provider:network_type": "vxlan"}]),
    _changed("networks", "network", **{
        "shared": True, "router:external": True, "is_default": True,
        "port_security_enabled": False,
    }),
    _changed("networks", "network", **{
        "provider:network_type": "flat", "provider:physical_network": "physnet1",
        "provider:segmentation_id": 77,
    }),
    _made("subnets", "subnet", network_id="{networks}", ip_version=4, cidr="10.8.0.0/24",
          service_types=["compute:q"], tags=["a"], segment_id="1" * 32),
    _changed("subnets", "subnet", service_types=["compute:q"], segment_id="1" * 32),
    _made("subnetpools", "subnetpool", name="q", prefixes=["10.63.0.0/16"], shared=True,
          is_default=True, tags=["a"]),
    _changed("subnetpools", "subnetpool", is_default=True),
    _made("ports", "port", network_id="{networks}", tags=["a"], **PORT),
    _made("ports", "port", network_id="{networks}", **{"binding:profile": {"a": "b"}}),
    _changed("ports", "port", **{"binding:profile": {"a": "b"}}),
    _made("ports", "port", network_id="{networks}", port_security_enabled=False,
          security_groups=[], **{"binding:vnic_type": "direct"}),
    _changed("ports", "port", data_plane_status="DOWN"),
    _changed("ports", "port", **PORT),
    _changed("ports", "port", port_security_enabled=False, security_groups=[]),
    _made("routers", "router", name="q", external_gateway_info=GATEWAY, ha=False,
          distributed=False, tags=["a"]),
    _made("routers", "router", name="q", ha=True, distributed=True,
          external_gateway_info={"network_id": "{public}", "enable_snat": False,
                                 "external_fixed_ips": [{"ip_address": "203.0.113.77"}]}),
    _changed("routers", "router", ha=True, distributed=True, external_gateway_info={
        "network_id": "{public}", "enable_snat": False,
        "external_fixed_ips": [{"ip_address": "203.0.113.77"}]}),
    _made("floatingips", "floatingip", floating_network_id="{public}", tags=["a"],
          floating_ip_address="203.0.113.78"),
    _made("security-groups", "security_group", name="q", tags=["a"]),
    _made("qos/policies", "policy", name="q", tags=["a"]),
    _made("rbac-policies", "rbac_policy", target_tenant="*", **SHARE),
    _changed("rbac-policies", "rbac_policy", target_tenant="1" * 32),
    _made("address-scopes", "address_scope", name="q", ip_version=4, shared=True),
    _changed("address-scopes", "address_scope", shared=True),
    ("network", "GET", "/networks/{segmented}", None),
    ("network", "DELETE", "/ports/{os-interface}/bindings/elsewhere", None),
    ("network", "PUT", "/ports/{os-interface}/bindings/elsewhere/activate", None),
    *(
        ("network", "PUT", f"/routers/{{routers}}/{verb}_external_gateways",
         {"router": {"external_gateways": [{**GATEWAY, "external_fixed_ips": [ELSEWHERE]}]}})
        for verb in ("add", "update")
    ),
    _made("network_segment_ranges", "network_segment_range", network_type="vxlan",
          minimum=9_200_000, maximum=9_200_009, tags=["a"]),
    _made("trunks", "trunk", port_id="{ports}", tags=["a"]),
    ("network", "PUT", "/agents/{agents}", {"agent": {"description": "q"}}),
    ("network", "DELETE", "/agents/{agents}", None),
]  # fmt: skip


def _act(name: str, value: Any = None) -> Request:
    return ("compute", "POST", "/servers/{servers}/action", {name: value})


def _server(**values: Any) -> Request:
    body = {"name": "q", "flavorRef": "42", "imageRef": "{images}", "networks": "none", **values}
    return ("compute", "POST", "/servers", {"server": body})


COMPUTE: list[Request] = [
    _act("os-resetState", {"state": "active"}),
    _act("injectNetworkInfo"),
    ("compute", "POST", "/servers/{servers}/action#2.1", {"injectNetworkInfo": None}),
    *(
        ("compute", "POST", "/servers/{servers}/action#2.1", {name: value})
        for name, value in (
            ("addFloatingIp", {"address": "203.0.113.1"}),
            ("removeFloatingIp", {"address": "203.0.113.1"}),
            ("addFixedIp", {"networkId": "{networks}"}),
            ("removeFixedIp", {"address": "10.9.0.9"}),
        )
    ),
    ("compute", "POST", "/os-aggregates/{os-aggregates}/action",
     {"set_metadata": {"metadata": {"a": "b"}}}),
    ("compute", "POST", "/os-aggregates/{os-aggregates}/action", {"remove_host": {"host": "q"}}),
    _act("lock"),
    _act("unlock"),
    _act("pause"),
    _act("unpause"),
    _act("os-stop"),
    _act("reboot", {"type": "SOFT"}),
    _act("rebuild", {"imageRef": "{images}"}),
    _act("changePassword", {"adminPass": "q"}),
    _act("os-getConsoleOutput", {}),
    _act("forceDelete"),
    _act("addSecurityGroup", {"name": "estate"}),
    _act("removeSecurityGroup", {"name": "estate"}),
    _server(availability_zone="nova:simulated-1"),
    _server(networks=[{"uuid": "{networks}"}]),
    _server(networks=[{"uuid": "{outside}"}]),
    _server(host="simulated-1"),
    _server(flavorRef="{zero flavor}"),
    _server(block_device_mapping_v2=[{"uuid": "{images}", "source_type": "volume",
                                      "destination_type": "volume", "boot_index": 0}]),
    ("compute", "GET", "/servers?all_tenants=1", None),
    ("compute", "GET", "/servers/detail?all_tenants=1&host=simulated-1", None),
    ("compute", "GET", "/servers?deleted=true&host=nowhere", None),
    ("compute", "GET", "/limits?tenant_id={projects}", None),
    ("compute", "GET", "/os-server-groups?all_projects=1", None),
    ("compute", "POST", "/flavors/{flavors}/action",
     {"removeTenantAccess": {"tenant": "{projects}"}}),
]  # fmt: skip
NAMESPACE = "/metadefs/namespaces/{namespaces}"
IMAGE: list[Request] = [
    ("image", "POST", "/images", {"name": "q", "visibility": "public"}),
    ("image", "POST", "/images", {"name": "q", "visibility": "community"}),
    ("image", "GET", NAMESPACE, None),
    ("image", "PUT", NAMESPACE, {"namespace": "Q", "description": "q"}),
    ("image", "DELETE", NAMESPACE, None),
    ("image", "GET", f"{NAMESPACE}/objects", None),
    ("image", "POST", f"{NAMESPACE}/objects", {"name": "p"}),
    ("image", "GET", f"{NAMESPACE}/objects/o", None),
    ("image", "PUT", f"{NAMESPACE}/objects/o", {"name": "o", "description": "q"}),
    ("image", "DELETE", f"{NAMESPACE}/objects/o", None),
    ("image", "GET", f"{NAMESPACE}/properties", None),
    ("image", "POST", f"{NAMESPACE}/properties", {"name": "p", "title": "P", "type": "string"}),
    ("image", "GET", f"{NAMESPACE}/properties/o", None),
    ("image", "PUT", f"{NAMESPACE}/properties/o", {"name": "o", "title": "q", "type": "string"}),
    ("image", "DELETE", f"{NAMESPACE}/properties/o", None),
    ("image", "GET", f"{NAMESPACE}/tags", None),
    ("image", "POST", f"{NAMESPACE}/tags", {"tags": [{"name": "p"}]}),
    ("image", "POST", f"{NAMESPACE}/tags/p", None),
    ("image", "GET", f"{NAMESPACE}/tags/o", None),
    ("image", "PUT", f"{NAMESPACE}/tags/o", {"name": "q"}),
    ("image", "DELETE", f"{NAMESPACE}/tags/o", None),
    ("image", "DELETE", f"{NAMESPACE}/tags", None),
    ("image", "GET", f"{NAMESPACE}/resource_types", None),
    ("image", "POST", f"{NAMESPACE}/resource_types", {"name": "OS::Q"}),
    ("image", "DELETE", f"{NAMESPACE}/resource_types/OS::O", None),
]
IDENTITY: list[Request] = [
    ("identity", "POST", "/roles", {"role": {"name": "q", "domain_id": "{domains}"}}),
    ("identity", "PATCH", "/roles/{domain role}", {"role": {"description": "q"}}),
    ("identity", "GET", "/roles/{domain role}", None),
    ("identity", "DELETE", "/roles/{domain role}", None),
    ("identity", "GET", "/roles?domain_id={domains}", None),
    ("identity", "DELETE", "/domains/{closed domain}", None),
    ("identity", "GET", "/role_assignments?scope.project.id={projects}&include_subtree=1", None),
    ("identity", "PUT", "/domains/{domains}/config", {"config": {"identity": {"driver": "sql"}}}),
    ("identity", "PATCH", "/domains/{domains}/config", {"config": {"identity": {"driver": "sql"}}}),
    ("identity", "GET", "/OS-TRUST/trusts?trustor_user_id={users}", None),
    ("identity", "GET", "/OS-TRUST/trusts?trustee_user_id={users}", None),
    ("identity", "GET", "/OS-TRUST/trusts/{trusts}", None),
    ("identity", "GET", "/OS-TRUST/trusts/{trusts}/roles", None),
    ("identity", "GET", "/OS-TRUST/trusts/{trusts}/roles/{trust role}", None),
    ("identity", "DELETE", "/OS-TRUST/trusts/{trusts}", None),
]
# All are undone.
REQUESTS: list[Request] = [*NETWORK, *COMPUTE, *IMAGE, *IDENTITY]
