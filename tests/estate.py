"""One of everything in a cloud, most of it project demo's, to knock at from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from tests.testcloud import Client, TestCloud

from .people import person
from .routes import smallest, version_headers

# A rule of each type of QoS rules.
QOS_RULES: dict[str, dict[str, Any]] = {
    "bandwidth_limit": {"max_kbps": 9},
    "dscp_marking": {"dscp_mark": 10},
    "minimum_bandwidth": {"min_kbps": 5},
    "minimum_packet_rate": {"min_kpps": 5},
    "packet_rate_limit": {"max_kpps": 9},
}


def id_of(ids: dict[str, str], parts: list[str], at: int) -> str:
    """The id for the variable at this place of a path."""
    before = parts[at - 1]
    two = "/".join(parts[max(at - 2, 0) : at])  # two services have policies
    return ids.get(two, ids.get(before, "nothing"))


class Estate:
    """``ids``: what stands before a variable in paths -> the id of an existing thing.

    Things that belong to a project are demo's; services, domains and the like are the cloud's.
    """

    def __init__(self, cloud: TestCloud) -> None:
        self.cloud = cloud
        self.admin, self.demo = cloud.client("admin"), cloud.client("demo")
        self.ids: dict[str, str] = {"tags": "one", "metadata": "colour", "inventories": "VCPU"}
        self._network()
        self._image()
        self._identity()
        self._placement()
        self._compute()

    def path(self, path: str) -> str:
        """``path`` with its variables filled in."""
        parts = path.split("/")
        for at, part in enumerate(parts):
            if part.startswith("{"):
                parts[at] = id_of(self.ids, parts, at)
        return "/".join(parts)

    def person(self, name: str, role: str, project: str) -> Client:
        """A new user with one role, made if need be, on a project, made if need be."""
        return person(self.cloud, name, role, project)

    def send(self, service: Service, route: Route, path: str, who: Client) -> Any:
        """The answer to a request of ``who`` that fits the route, about an existing thing."""
        headers = version_headers(service)
        if route.until is not None:
            headers["OpenStack-API-Version"] = f"{service.type} {route.until}"
        options: dict[str, Any] = {}
        if route.stream and route.method == "PUT":
            headers["Content-Type"] = "application/octet-stream"
            options["content"] = b"y"
        elif route.body is not None:
            headers["Content-Type"] = route.media_types[0]
            options["json"] = self.filled(body_of(route, path))
        return who.request(route.method, "raw", self.path(path), headers=headers, **options)

    def filled(self, value: Any) -> Any:
        """A body with ids for what stands in braces in it."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        # a schema may make a text that merely begins with a brace
        if isinstance(value, str) and value[:1] == "{" and value[1:-1] in self.ids:
            return self.ids[value[1:-1]]
        return value

    def look(self) -> dict[str, Any]:
        """Everything as its owner sees it, to be compared later."""
        return look(self.demo, self.ids)

    def calm_look(self) -> dict[str, Any]:
        """A look once nothing moves any more."""

        def calm() -> dict[str, Any] | None:
            first = self.look()
            self.cloud.settle()
            return first if first == self.look() else None

        found: dict[str, Any] = self.cloud.wait(calm)
        return found

    # -- making ------------------------------------------------------------------------------

    def _made(self, service: str, path: str, body: Any, key: str, *, by: str = "admin") -> str:
        client = self.admin if by == "admin" else self.demo
        version = {"compute": "2.50", "placement": "1.36"}.get(service)
        answer = client.post(service, path, json=body, microversion=version)
        assert answer.status_code in (200, 201, 202), f"{path}: {answer.text}"
        found = answer.json()[key] if key else answer.json()
        return str(found["id"] if "id" in found else found["uuid"])

    def _find_or_make(self, collection: str, key: str, name: str) -> str:
        answer = self.admin.get("identity", f"/{collection}?name={name}").json()[collection]
        if answer:
            return str(answer[0]["id"])
        return self._made("identity", f"/{collection}", {key: {"name": name}}, key)

    def _network(self) -> None:
        def make(collection: str, key: str, by: str = "demo", at: str = "", **values: Any) -> str:
            path = f"/{at or collection}"
            made = self._made("network", path, {key: values}, key, by=by)
            self.ids[collection] = made
            return made

        net = make("networks", "network", name="estate")
        subnet = make("subnets", "subnet", network_id=net, ip_version=4, cidr="10.9.0.0/24")
        port = make("ports", "port", network_id=net)
        public = self.demo.get("network", "/networks?name=public").json()["networks"][0]["id"]
        router = make("routers", "router", external_gateway_info={"network_id": public})
        add = f"/routers/{router}/add_router_interface"
        assert self.demo.put("network", add, json={"subnet_id": subnet}).status_code == 200
        make("floatingips", "floatingip", floating_network_id=public, port_id=port)
        self._forwarding(make, net, public)
        self._trunk(make, net)
        self._local_ip(make, net)
        path = f"/routers/{router}/conntrack_helpers"
        helper = {"conntrack_helper": {"protocol": "tcp", "port": 21, "helper": "ftp"}}
        self.ids["conntrack_helpers"] = self._made(
            "network", path, helper, "conntrack_helper", by="demo"
        )
        group = make("security-groups", "security_group", name="estate")
        rule: dict[str, Any] = {"security_group_id": group, "direction": "ingress"}
        make("security-group-rules", "security_group_rule", **rule)
        make("address-groups", "address_group", name="a", addresses=["10.64.0.0/16"])
        project = self.demo.get("network", f"/networks/{net}").json()["network"]["project_id"]
        own = {"project_id": project, "resource_id": group, "resource_type": "security_group"}
        make("logs", "log", at="log/logs", by="admin", name="l", **own)
        uses = {"used_in_default_sg": False, "used_in_non_default_sg": False}
        template = {"direction": "ingress", **uses}
        key = "default_security_group_rule"
        make("default-security-group-rules", key, by="admin", **template)
        key = "security_groups_default_statefulness"
        make(key.replace("_", "-"), key, by="admin", project_id=project, stateful=True)
        make("subnetpools", "subnetpool", name="p", prefixes=["10.64.0.0/16"])
        make("address-scopes", "address_scope", name="s", ip_version=4)
        target = {"object_type": "network", "object_id": net, "action": "access_as_shared"}
        make("rbac-policies", "rbac_policy", target_tenant="0" * 32, **target)
        make("flavors", "flavor", by="admin", name="estate", service_type="L3_ROUTER_NAT")
        make("service_profiles", "service_profile", by="admin", metainfo="estate")
        self._qos(self.ids, self.demo)
        metering = self._made(
            "network",
            "/metering/metering-labels",
            {"metering_label": {"name": "estate", "description": "estate"}},
            "metering_label",
        )
        self.ids["metering-labels"] = metering
        self.ids["metering-label-rules"] = self._made(
            "network",
            "/metering/metering-label-rules",
            {
                "metering_label_rule": {
                    "metering_label_id": metering,
                    "direction": "ingress",
                    "remote_ip_prefix": "10.9.0.0/24",
                }
            },
            "metering_label_rule",
        )
        for collection in ("networks", "ports", "routers", "subnets", "floatingips", "trunks"):
            tag = f"/{collection}/{self.ids[collection]}/tags/one"
            assert self.demo.put("network", tag).status_code == 201
        self.ids["public"] = public
        self.ids["security_groups"] = self.ids["os-security-groups"] = group
        self.ids["os-security-group-rules"] = self.ids["security-group-rules"]
        self.ids["os-floating-ips"] = self.ids["floatingips"]

    def _trunk(self, make: Callable[..., str], network: str) -> None:
        """On two further ports."""
        parent, carried = (
            self._made("network", "/ports", {"port": {"network_id": network}}, "port", by="demo")
            for _ in range(2)
        )
        sub_port = {"port_id": carried, "segmentation_type": "vlan", "segmentation_id": 5}
        make("trunks", "trunk", port_id=parent, sub_ports=[sub_port])

    def _forwarding(self, make: Callable[..., str], network: str, public: str) -> None:
        """A further floating IP, whose ports lead to a further port."""
        answer = self.demo.post("network", "/ports", json={"port": {"network_id": network}})
        port = answer.json()["port"]
        floating = make("floatingips", "floatingip", floating_network_id=public)
        address = port["fixed_ips"][0]["ip_address"]
        made = self._made(
            "network",
            f"/floatingips/{floating}/port_forwardings",
            {
                "port_forwarding": {
                    "internal_port_id": port["id"],
                    "internal_ip_address": address,
                    "internal_port": 22,
                    "external_port": 2222,
                    "protocol": "tcp",
                }
            },
            "port_forwarding",
            by="demo",
        )
        self.ids["port_forwardings"] = made

    def _local_ip(self, make: Callable[..., str], network: str) -> None:
        """Of a new port, associated with a further port."""
        associated = self._made(
            "network", "/ports", {"port": {"network_id": network}}, "port", by="demo"
        )
        local_ip = make("local-ips", "local_ip", network_id=network)
        path = f"/local_ips/{local_ip}/port_associations"
        body = {"port_association": {"fixed_port_id": associated}}
        assert self.demo.post("network", path, json=body).status_code == 201
        self.ids |= {"local_ips": local_ip, "port_associations": associated}

    def _qos(self, ids: dict[str, str], owner: Client) -> None:
        """A policy of the owner's project with a rule of each type, made by an administrator."""
        network = owner.get("network", f"/networks/{ids['networks']}").json()["network"]
        policy = {"policy": {"name": "estate", "project_id": network["project_id"]}}
        made = self._made("network", "/qos/policies", policy, "policy")
        ids["qos/policies"] = made
        ids["rule-types"] = ids["rule_types"] = "bandwidth_limit"
        for kind, values in QOS_RULES.items():
            path, key = f"/qos/policies/{made}/{kind}_rules", f"{kind}_rule"
            rule = self._made("network", path, {key: values}, key)
            ids[f"{kind}_rules"] = ids[f"alias_{kind}_rules"] = rule
            ids[f"alias-{kind.replace('_', '-')}-rules"] = rule

    def _image(self) -> None:
        body = {"name": "estate", "disk_format": "raw", "container_format": "bare", "tags": ["one"]}
        image = self._made("image", "/images", {**body, "visibility": "shared"}, "", by="demo")
        stream = {"Content-Type": "application/octet-stream"}
        path = f"/images/{image}/file"
        answer = self.demo.put("image", path, content=b"x" * 1024, headers=stream)
        assert answer.status_code == 204, answer.text
        member = {"member": "0" * 32}
        answer = self.demo.post("image", f"/images/{image}/members", json=member)
        assert answer.status_code == 200, answer.text
        self.ids |= {"images": image, "members": "0" * 32}

    def _identity(self) -> None:
        def make(collection: str, key: str, by: str = "admin", path: str = "", **v: Any) -> None:
            self.ids[collection] = self._made(
                "identity", f"/{path or collection}", {key: v}, key, by=by
            )

        project = self._find_or_make("projects", "project", "demo")
        self.ids["projects"] = self.ids["quotas"] = self.ids["os-quota-sets"] = project
        user = self.admin.get("identity", "/users?name=demo").json()["users"][0]["id"]
        self.ids["users"] = user
        make("groups", "group", name="estate")
        make("roles", "role", name="estate")
        self.ids["implies"] = self._find_or_make("roles", "role", "estate-implied")
        make("domains", "domain", name="estate")
        make("regions", "region", id="estate")
        make("services", "service", type="estate")
        endpoint = {"service_id": self.ids["services"], "interface": "public", "url": "http://e/"}
        make("endpoints", "endpoint", **endpoint)
        make("credentials", "credential", by="demo", type="cert", blob="x", user_id=user)
        make("policies", "policy", type="application/json", blob="{}")
        make("consumers", "consumer", path="OS-OAUTH1/consumers", description="estate")
        group: dict[str, Any] = {"name": "estate", "filters": {"interface": "public"}}
        make("endpoint_groups", "endpoint_group", path="OS-EP-FILTER/endpoint_groups", **group)
        path = f"/users/{user}/credentials/OS-EC2"
        answer = self.demo.post("identity", path, json={"tenant_id": project})
        assert answer.status_code == 201, answer.text
        self.ids["OS-EC2"] = answer.json()["credential"]["access"]
        path = f"users/{user}/application_credentials"
        make("application_credentials", "application_credential", by="demo", path=path, name="e")

    def _placement(self) -> None:
        provider = self._made("placement", "/resource_providers", {"name": "estate"}, "")
        inventory = {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4}}}
        path = f"/resource_providers/{provider}/inventories"
        answer = self.admin.put("placement", path, json=inventory, microversion="1.36")
        assert answer.status_code == 200, answer.text
        for path in ("/traits/CUSTOM_ESTATE", "/resource_classes/CUSTOM_ESTATE"):
            assert self.admin.put("placement", path, microversion="1.36").status_code == 201
        self.ids |= {"resource_providers": provider, "traits": "CUSTOM_ESTATE"}
        self.ids["resource_classes"] = "CUSTOM_ESTATE"

    def _compute(self) -> None:
        self.cloud.start_hosts()
        known = "/os-hypervisors"
        self.cloud.wait(lambda: self.admin.get("compute", known).json()["hypervisors"])
        key = {"keypair": {"name": "estate"}}
        assert self.demo.post("compute", "/os-keypairs", json=key).status_code == 200
        self.ids |= {"os-keypairs": "estate", "flavors": "42", "os-quota-class-sets": "default"}
        group = {"server_group": {"name": "estate", "policies": ["affinity"]}}
        made = self._made("compute", "/os-server-groups", group, "server_group", by="demo")
        self.ids["os-server-groups"] = made
        aggregate = {"aggregate": {"name": "estate", "availability_zone": None}}
        made = self._made("compute", "/os-aggregates", aggregate, "aggregate")
        self.ids["os-aggregates"] = made
        services = self.admin.get("compute", "/os-services", microversion="2.53").json()
        self.ids["os-services"] = services["services"][0]["id"]
        server = {
            "name": "estate",
            "flavorRef": "42",
            "imageRef": self.ids["images"],
            "metadata": {"colour": "blue"},
            "networks": [{"uuid": self.ids["networks"]}],
        }
        made = self._made("compute", "/servers", {"server": server}, "server", by="demo")
        self.ids["servers"] = made
        self.cloud.wait(lambda: self._server()["status"] == "ACTIVE")
        tag = f"/servers/{made}/tags/one"
        assert self.demo.put("compute", tag, microversion="2.50").status_code == 201
        ports = self.demo.get("network", f"/ports?device_id={made}").json()["ports"]
        actions = self.demo.get("compute", f"/servers/{made}/os-instance-actions").json()
        self.ids["os-interface"] = ports[0]["id"]
        self.ids["os-instance-actions"] = actions["instanceActions"][0]["request_id"]
        self.ids["ips"] = "estate"

    def _server(self) -> dict[str, Any]:
        found = self.demo.get("compute", f"/servers/{self.ids['servers']}").json()
        return dict(found["server"])


# What a look takes in, by service.
LOOKS = {
    "network": [
        "networks",
        "subnets",
        "ports",
        "routers",
        "floatingips",
        "security-groups",
        "security-group-rules",
        "subnetpools",
        "address-scopes",
        "rbac-policies",
        "qos/policies",
    ],
    "image": ["images"],
    "compute": ["servers", "os-keypairs", "os-server-groups", "os-quota-sets"],
}
# What is sent where a schema alone does not make a meaningful body, by the end of the path.
BODIES: dict[str, Any] = {
    **{f"/{kind}_rules": {f"{kind}_rule": values} for kind, values in QOS_RULES.items()},
    **{f"/{kind}_rules/{{rule_id}}": {f"{kind}_rule": v} for kind, v in QOS_RULES.items()},
    **{
        f"/{path}/{{rule_id}}": {f"alias_{kind}_rule": values}
        for kind, values in QOS_RULES.items()
        for path in (f"alias_{kind}_rules", f"alias-{kind.replace('_', '-')}-rules")
    },
    "/qos/policies": {"policy": {"name": "mine"}},
    "/qos/policies/{id}": {"policy": {"name": "mine"}},
    "/servers/{server_id}/action": {"os-start": None},
    "/networks/{id}": {"network": {"name": "mine"}},
    "/subnets/{id}": {"subnet": {"name": "mine"}},
    "/ports/{id}": {"port": {"name": "mine"}},
    "/routers/{id}": {"router": {"name": "mine"}},
    "/routers/{id}/add_extraroutes": {"router": {"routes": []}},
    "/routers/{id}/remove_extraroutes": {"router": {"routes": []}},
    **{
        f"/routers/{{id}}/{verb}_external_gateways": {"router": {"external_gateways": []}}
        for verb in ("add", "update", "remove")
    },
    "/floatingips/{id}": {"floatingip": {"port_id": None}},
    "/port_forwardings/{port_forwarding_id}": {"port_forwarding": {"description": "mine"}},
    "/ndp-proxies/{id}": {"ndp_proxy": {"name": "mine"}},
    "/ndp_proxies/{id}": {"ndp_proxy": {"name": "mine"}},
    **{
        f"/{path}{end}": {"local_ip": values}
        for path in ("local-ips", "local_ips")
        for end, values in (("", {"network_id": "{networks}"}), ("/{id}", {"name": "mine"}))
    },
    "/port_associations": {"port_association": {"fixed_port_id": "{ports}"}},
    "/conntrack_helpers/{conntrack_helper_id}": {"conntrack_helper": {"port": 22}},
    "/port_forwardings": {"port_forwarding": {"protocol": "tcp"}},
    "/security-groups/{id}": {"security_group": {"name": "mine"}},
    "/address-groups/{id}": {"address_group": {"name": "mine"}},
    "/address-groups/{id}/add_addresses": {"addresses": ["10.65.0.0/16"]},
    "/address-groups/{id}/remove_addresses": {"addresses": ["10.64.0.0/16"]},
    "/log/logs/{id}": {"log": {"name": "mine"}},
    "/security-groups-default-statefulness/{id}": {
        "security_groups_default_statefulness": {"stateful": False}
    },
    "/subnetpools/{id}": {"subnetpool": {"name": "mine"}},
    "/address-scopes/{id}": {"address_scope": {"name": "mine"}},
    "/rbac-policies/{id}": {"rbac_policy": {"target_tenant": "mine"}},
    "/trunks/{id}": {"trunk": {"name": "mine"}},
    "/trunks/{id}/add_subports": {"sub_ports": []},
    "/trunks/{id}/remove_subports": {"sub_ports": []},
    "/quotas/{project_id}": {"quota": {"port": 1}},
    "/agents/{id}": {"agent": {"description": "mine"}},
    "/namespaces/{namespace}/tags": {"tags": [{"name": "mine"}]},
    "/os-floating-ips": {"pool": None},
    "/images/{image_id}": [{"op": "replace", "path": "/name", "value": "mine"}],
    "/ports/{id}/bindings": {"binding": {"host": "elsewhere"}},
    "/ports/{id}/bindings/{host}": {"binding": {"profile": {}}},
    "/networks": {"network": {"name": "mine"}},
    "/subnets": {"subnet": {"network_id": "{networks}", "ip_version": 4, "cidr": "10.1.0.0/24"}},
    "/ports": {"port": {"network_id": "{networks}"}},
    "/routers": {"router": {"name": "mine"}},
    "/routers/{id}/add_router_interface": {"subnet_id": "{subnets}"},
    "/routers/{id}/remove_router_interface": {"subnet_id": "{subnets}"},
    "/floatingips": {"floatingip": {"floating_network_id": "{public}"}},
    "/v2.0/security-groups": {"security_group": {"name": "mine"}},
    "/v2.0/security-group-rules": {
        "security_group_rule": {"security_group_id": "{security-groups}", "direction": "ingress"}
    },
    "/address-groups": {"address_group": {"name": "mine"}},
    "/log/logs": {"log": {"resource_type": "security_group"}},
    "/default-security-group-rules": {
        "default_security_group_rule": {
            "direction": "ingress",
            "protocol": "udp",
            "used_in_default_sg": False,
            "used_in_non_default_sg": False,
        }
    },
    "/security-groups-default-statefulness": {
        "security_groups_default_statefulness": {"stateful": False}
    },
    "/subnetpools": {"subnetpool": {"name": "mine", "prefixes": ["10.0.0.0/8"]}},
    "/address-scopes": {"address_scope": {"name": "mine", "ip_version": 4}},
    "/v2.0/flavors": {"flavor": {"service_type": "L3_ROUTER_NAT"}},
    "/v2.0/flavors/{id}": {"flavor": {"name": "mine"}},
    "/v2.0/flavors/{id}/service_profiles": {"service_profile": {"id": "{service_profiles}"}},
    "/metering-labels": {"metering_label": {"name": "mine"}},
    "/metering-label-rules": {
        "metering_label_rule": {
            "metering_label_id": "{metering-labels}",
            "direction": "egress",
            "remote_ip_prefix": "10.9.0.0/24",
        }
    },
    "/service_profiles": {"service_profile": {"metainfo": "mine"}},
    "/service_profiles/{id}": {"service_profile": {"description": "mine"}},
    "/trunks": {"trunk": {"port_id": "{ports}"}},
    "/v2.0/segments": {"segment": {"network_id": "{networks}", "network_type": "geneve"}},
    "/v2.0/segments/{id}": {"segment": {"name": "mine"}},
    **{
        f"/{path}{end}": {"network_segment_range": values}
        for path in ("network_segment_ranges", "network-segment-ranges")
        for end, values in (
            ("", {"network_type": "vxlan", "minimum": 9_000_001, "maximum": 9_000_002}),
            ("/{id}", {"name": "mine"}),
        )
    },
    **{
        f"/{path}": {"ndp_proxy": {"router_id": "{routers}", "port_id": "{ports}"}}
        for path in ("ndp-proxies", "ndp_proxies")
    },
    "/rbac-policies": {
        "rbac_policy": {
            "object_type": "network",
            "object_id": "{networks}",
            "action": "access_as_shared",
            "target_tenant": "*",
        }
    },
}


def look(who: Client, ids: dict[str, str]) -> dict[str, Any]:
    """What ``who`` is told about the things of ``LOOKS``."""
    found: dict[str, Any] = {}
    for service, collections in LOOKS.items():
        for one in collections:
            if one not in ids:  # a recorded database is older than this kind of thing
                continue
            answer = who.get(service, f"/{one}/{ids[one]}")
            assert answer.status_code == 200, f"{one}: {answer.text}"
            found[one] = answer.json()
    return found


def body_of(route: Route, path: str) -> Any:
    """A body that the route takes: of those above, or the smallest that its schema lets pass."""
    for known, body in BODIES.items():
        if path.endswith(known):
            return body
    if path.endswith("/tags"):
        return {"tags": ["mine"]}
    return smallest(route.body) if route.body is not None else None
