"""Asks a network service about the standard attributes of every kind of resource.

Description, revision, times and tags; conditions on the revision; filters by these attributes and
sort keys; and what else changes the revision of a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# (method, path below the API's version, body, headers) -> (status, decoded body)
Ask = Callable[[str, str, Any, dict[str, str]], tuple[int, Any]]
Body = dict[str, Any]

STANDARD = (
    "description", "revision_number", "created_at", "updated_at", "tags", "project_id", "tenant_id",
)  # fmt: skip
FILTERS = (
    "description=two", "description=zzz", "revision_number={revision}", "revision_number=999",
    "created_at={created}", "created_at=2001-01-01T00:00:00Z", "updated_at=2001-01-01T00:00:00Z",
    "changed_since=2001-01-01T00:00:00", "changed_since=2999-01-01T00:00:00", "changed_since=bad",
    "tags=red", "tags=blue", "tags-any=red,blue", "not-tags=red", "not-tags-any=blue",
    "tenant_id=zzz", "project_id={project}",
)  # fmt: skip
SORT_KEYS = (
    "id", "name", "description", "revision_number", "created_at", "updated_at", "project_id",
    "tenant_id", "tags", "status", "admin_state_up", "network_id",
)  # fmt: skip
EXT = {"router:external": True, "provider:network_type": "vxlan"}
# What the others need: name -> (collection, key, values); ${name} is the id of an earlier one.
NEEDED: dict[str, tuple[str, str, Body]] = {
    "net": ("networks", "network", {"name": "sa"}),
    "sub": ("subnets", "subnet", {"network_id": "${net}", "ip_version": 4, "cidr": "10.9.0.0/24"}),
    "ext": ("networks", "network", {"name": "sa-ext", **EXT}),
    "extsub": (
        "subnets", "subnet",
        {"network_id": "${ext}", "ip_version": 4, "cidr": "203.0.113.0/24", "enable_dhcp": False},
    ),
    "port": ("ports", "port", {"network_id": "${net}"}),
    "router": ("routers", "router", {"external_gateway_info": {"network_id": "${ext}"}}),
    "group": ("security-groups", "security_group", {"name": "sa"}),
    "policy": ("qos/policies", "policy", {"name": "sa"}),
    "label": ("metering/metering-labels", "metering_label", {"name": "sa"}),
    "parent": ("ports", "port", {"network_id": "${net}"}),
}  # fmt: skip
# Collection -> (key, values of a new one)
RESOURCES: dict[str, tuple[str, Body]] = {
    "networks": ("network", {"name": "sb"}),
    "subnets": ("subnet", {"network_id": "${net}", "ip_version": 4, "cidr": "10.8.0.0/24"}),
    "ports": ("port", {"network_id": "${net}"}),
    "routers": ("router", {"name": "sb"}),
    "floatingips": ("floatingip", {"floating_network_id": "${ext}"}),
    "security-groups": ("security_group", {"name": "sb"}),
    "security-group-rules": (
        "security_group_rule", {"security_group_id": "${group}", "direction": "ingress"},
    ),
    "subnetpools": ("subnetpool", {"name": "sb", "prefixes": ["10.70.0.0/16"]}),
    "address-scopes": ("address_scope", {"name": "sb", "ip_version": 4}),
    "address-groups": ("address_group", {"name": "sb"}),
    "trunks": ("trunk", {"port_id": "${parent}"}),
    "qos/policies": ("policy", {"name": "sb"}),
    "qos/policies/${policy}/bandwidth_limit_rules": ("bandwidth_limit_rule", {"max_kbps": 9}),
    "segments": ("segment", {"network_id": "${net}", "network_type": "vxlan"}),
    "network_segment_ranges": (
        "network_segment_range", {"network_type": "vxlan", "minimum": 900_001, "maximum": 900_002},
    ),
    "rbac-policies": (
        "rbac_policy",
        {"object_type": "network", "object_id": "${net}", "action": "access_as_shared",
         "target_tenant": "0" * 32},
    ),
    "log/logs": ("log", {"name": "sb", "resource_type": "security_group"}),
    "flavors": ("flavor", {"name": "sb", "service_type": "L3_ROUTER_NAT"}),
    "service_profiles": ("service_profile", {"metainfo": "sb"}),
    "metering/metering-labels": ("metering_label", {"name": "sb"}),
    "metering/metering-label-rules": (
        "metering_label_rule",
        {"metering_label_id": "${label}", "direction": "ingress",
         "remote_ip_prefix": "10.7.0.0/24"},
    ),
    "routers/${router}/conntrack_helpers": (
        "conntrack_helper", {"protocol": "tcp", "port": 21, "helper": "ftp"},
    ),
    "default-security-group-rules": (
        "default_security_group_rule",
        {"direction": "ingress", "protocol": "udp", "port_range_min": 7, "port_range_max": 7,
         "used_in_default_sg": False, "used_in_non_default_sg": False},
    ),
}  # fmt: skip
# What may change the revision of a resource: name of the change -> (the resource, method, path,
# body), in this order.
CHANGES: dict[str, tuple[str, str, str, Body | None]] = {
    "a subnet more": (
        "networks/${net}", "POST", "subnets",
        {"subnet": {"network_id": "${net}", "ip_version": 4, "cidr": "10.7.0.0/24"}},
    ),
    "a port more": ("networks/${net}", "POST", "ports", {"port": {"network_id": "${net}"}}),
    "a port more, for its subnet": (
        "subnets/${sub}", "POST", "ports", {"port": {"network_id": "${net}"}},
    ),
    "an address more": (
        "ports/${port}", "PUT", "ports/${port}",
        {"port": {"fixed_ips": [{"ip_address": "10.9.0.77"}, {"ip_address": "10.9.0.78"}]}},
    ),
    "other groups": (
        "ports/${port}", "PUT", "ports/${port}", {"port": {"security_groups": ["${group}"]}},
    ),
    "nothing new": ("ports/${port}", "PUT", "ports/${port}", {"port": {"name": ""}}),
    "an interface more": (
        "routers/${router}", "PUT", "routers/${router}/add_router_interface",
        {"subnet_id": "${sub}"},
    ),
    "a route more": (
        "routers/${router}", "PUT", "routers/${router}",
        {"router": {"routes": [{"destination": "10.99.0.0/24", "nexthop": "10.9.0.5"}]}},
    ),
    "no route": ("routers/${router}", "PUT", "routers/${router}", {"router": {"routes": []}}),
    "a helper more": (
        "routers/${router}", "POST", "routers/${router}/conntrack_helpers",
        {"conntrack_helper": {"protocol": "udp", "port": 69, "helper": "tftp"}},
    ),
    "an interface less": (
        "routers/${router}", "PUT", "routers/${router}/remove_router_interface",
        {"subnet_id": "${sub}"},
    ),
    "a rule more": (
        "security-groups/${group}", "POST", "security-group-rules",
        {"security_group_rule": {"security_group_id": "${group}", "direction": "ingress",
                                 "protocol": "tcp"}},
    ),
    "a limit more": (
        "qos/policies/${policy}", "POST", "qos/policies/${policy}/dscp_marking_rules",
        {"dscp_marking_rule": {"dscp_mark": 10}},
    ),
    "a tag": ("networks/${net}", "PUT", "networks/${net}/tags/red", None),
    "the same tag": ("networks/${net}", "PUT", "networks/${net}/tags/red", None),
    "no tags": ("networks/${net}", "DELETE", "networks/${net}/tags", None),
    "a segment more": (
        "networks/${net}", "POST", "segments",
        {"segment": {"network_id": "${net}", "network_type": "vxlan"}},
    ),
    "a tag of a port": ("ports/${port}", "PUT", "ports/${port}/tags/red", None),
    "a host": ("ports/${port}", "PUT", "ports/${port}", {"port": {"binding:host_id": "nowhere"}}),
    "a policy": (
        "ports/${port}", "PUT", "ports/${port}", {"port": {"qos_policy_id": "${policy}"}},
    ),
    "no policy": ("ports/${port}", "PUT", "ports/${port}", {"port": {"qos_policy_id": None}}),
}  # fmt: skip
# The same of several resources: name of the change -> (the resources, method, path, body). What a
# POST makes is ${name of the change} from then on.
_FORWARDINGS = "floatingips/${a floating IP}/port_forwardings"
_SUB_PORT: Body = {"port_id": "${port}", "segmentation_type": "vlan", "segmentation_id": 5}
_SHARE: Body = {"action": "access_as_shared", "target_tenant": "1" * 32}
WIDE_CHANGES: dict[str, tuple[tuple[str, ...], str, str, Body | None]] = {
    "a known address": (
        ("ports/${port}", "networks/${net}", "subnets/${sub}"), "PUT", "ports/${port}",
        {"port": {"fixed_ips": [{"ip_address": "10.9.0.77"}], "security_groups": ["${group}"]}},
    ),
    "an interface": (
        ("routers/${router}", "networks/${net}", "subnets/${sub}"), "PUT",
        "routers/${router}/add_router_interface", {"subnet_id": "${sub}"},
    ),
    "a floating IP": (
        ("routers/${router}", "networks/${ext}"), "POST", "floatingips",
        {"floatingip": {"floating_network_id": "${ext}"}},
    ),
    "a port forwarding": (
        ("floatingips/${a floating IP}", "ports/${port}", "routers/${router}"), "POST",
        _FORWARDINGS,
        {"port_forwarding": {"protocol": "tcp", "external_port": 22, "internal_port": 22,
                             "internal_port_id": "${port}", "internal_ip_address": "10.9.0.77"}},
    ),
    "another port forwarded": (
        ("floatingips/${a floating IP}", "ports/${port}", "routers/${router}"), "PUT",
        _FORWARDINGS + "/${a port forwarding}", {"port_forwarding": {"external_port": 23}},
    ),
    "no port forwarding": (
        ("floatingips/${a floating IP}", "ports/${port}", "routers/${router}"), "DELETE",
        _FORWARDINGS + "/${a port forwarding}", None,
    ),
    "a port of a floating IP": (
        ("floatingips/${a floating IP}", "ports/${port}", "routers/${router}"), "PUT",
        "floatingips/${a floating IP}", {"floatingip": {"port_id": "${port}"}},
    ),
    "a tag of a floating IP": (
        ("floatingips/${a floating IP}",), "PUT", "floatingips/${a floating IP}/tags/red", None,
    ),
    "no port of a floating IP": (
        ("floatingips/${a floating IP}", "ports/${port}", "routers/${router}"), "PUT",
        "floatingips/${a floating IP}", {"floatingip": {"port_id": None}},
    ),
    "a trunk": (
        ("ports/${parent}", "networks/${net}"), "POST", "trunks",
        {"trunk": {"port_id": "${parent}"}},
    ),
    "a sub-port": (
        ("trunks/${a trunk}", "ports/${parent}", "ports/${port}", "networks/${net}"), "PUT",
        "trunks/${a trunk}/add_subports", {"sub_ports": [_SUB_PORT]},
    ),
    "no sub-port": (
        ("trunks/${a trunk}", "ports/${parent}", "ports/${port}", "networks/${net}"), "PUT",
        "trunks/${a trunk}/remove_subports", {"sub_ports": [{"port_id": "${port}"}]},
    ),
    "a shared network": (
        ("networks/${net}", "subnets/${sub}", "ports/${port}"), "POST", "rbac-policies",
        {"rbac_policy": {"object_type": "network", "object_id": "${net}", **_SHARE}},
    ),
    "a network shared elsewhere": (
        ("networks/${net}", "subnets/${sub}"), "PUT", "rbac-policies/${a shared network}",
        {"rbac_policy": {"target_tenant": "2" * 32}},
    ),
    "no shared network": (
        ("networks/${net}", "subnets/${sub}"), "DELETE", "rbac-policies/${a shared network}", None,
    ),
    "a network for all": (
        ("networks/${net}", "subnets/${sub}"), "PUT", "networks/${net}",
        {"network": {"shared": True}},
    ),
    "a shared group": (
        ("security-groups/${group}", "ports/${port}"), "POST", "rbac-policies",
        {"rbac_policy": {"object_type": "security_group", "object_id": "${group}", **_SHARE}},
    ),
    "a shared policy": (
        ("qos/policies/${policy}",), "POST", "rbac-policies",
        {"rbac_policy": {"object_type": "qos_policy", "object_id": "${policy}", **_SHARE}},
    ),
    "a rule of a group": (
        ("security-groups/${group}", "ports/${port}"), "POST", "security-group-rules",
        {"security_group_rule": {"security_group_id": "${group}", "direction": "ingress",
                                 "protocol": "udp"}},
    ),
    "no rule of a group": (
        ("security-groups/${group}", "ports/${port}"), "DELETE",
        "security-group-rules/${a rule of a group}", None,
    ),
    "a tag of a group": (
        ("security-groups/${group}",), "PUT", "security-groups/${group}/tags/red", None,
    ),
    "a policy of a network": (
        ("networks/${net}", "ports/${port}", "qos/policies/${policy}"), "PUT", "networks/${net}",
        {"network": {"qos_policy_id": "${policy}"}},
    ),
    "a rule of a policy": (
        ("qos/policies/${policy}", "networks/${net}", "ports/${port}"), "POST",
        "qos/policies/${policy}/bandwidth_limit_rules", {"bandwidth_limit_rule": {"max_kbps": 9}},
    ),
    "another rate": (
        ("qos/policies/${policy}", "networks/${net}"), "PUT",
        "qos/policies/${policy}/bandwidth_limit_rules/${a rule of a policy}",
        {"bandwidth_limit_rule": {"max_kbps": 10}},
    ),
    "no rule of a policy": (
        ("qos/policies/${policy}", "networks/${net}"), "DELETE",
        "qos/policies/${policy}/bandwidth_limit_rules/${a rule of a policy}", None,
    ),
    "no policy of a network": (
        ("networks/${net}", "qos/policies/${policy}"), "PUT", "networks/${net}",
        {"network": {"qos_policy_id": None}},
    ),
    "a name of a subnet": (
        ("subnets/${sub}", "networks/${net}", "ports/${port}", "routers/${router}"), "PUT",
        "subnets/${sub}", {"subnet": {"name": "named"}},
    ),
    "a name of a port": (
        ("ports/${port}", "networks/${net}", "subnets/${sub}"), "PUT", "ports/${port}",
        {"port": {"name": "named"}},
    ),
    "a tag of a router": (("routers/${router}",), "PUT", "routers/${router}/tags/red", None),
    "a helper": (
        ("routers/${router}",), "POST", "routers/${router}/conntrack_helpers",
        {"conntrack_helper": {"protocol": "tcp", "port": 2121, "helper": "ftp"}},
    ),
    "another port of a helper": (
        ("routers/${router}",), "PUT", "routers/${router}/conntrack_helpers/${a helper}",
        {"conntrack_helper": {"port": 2122}},
    ),
    "no helper": (
        ("routers/${router}",), "DELETE", "routers/${router}/conntrack_helpers/${a helper}", None,
    ),
    "a local IP": (
        ("ports/${port}", "networks/${net}"), "POST", "local_ips",
        {"local_ip": {"local_port_id": "${port}"}},
    ),
    "no interface": (
        ("routers/${router}", "networks/${net}", "subnets/${sub}"), "PUT",
        "routers/${router}/remove_router_interface", {"subnet_id": "${sub}"},
    ),
    "no gateway": (
        ("routers/${router}", "networks/${ext}"), "PUT", "routers/${router}",
        {"router": {"external_gateway_info": None}},
    ),
    "a subnet": (
        ("networks/${net}",), "POST", "subnets",
        {"subnet": {"network_id": "${net}", "ip_version": 4, "cidr": "10.6.0.0/24"}},
    ),
    "no subnet": (("networks/${net}",), "DELETE", "subnets/${a subnet}", None),
}  # fmt: skip


class Walk:
    """Asks one service; ``answers``: resource -> question -> answer in few words."""

    def __init__(self, ask: Ask, project: str) -> None:
        self._ask, self.project = ask, project
        self.ids: dict[str, str] = {}
        self.made: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self._ask(method, f"/{self.filled(path)}", self.filled(body), headers)

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str):
            for name, known in self.ids.items():
                value = value.replace(f"${{{name}}}", known)
        return value

    def answers(self) -> dict[str, dict[str, str]]:
        try:
            self._make_needed()
            found = {path: dict(self._resource(path, *how)) for path, how in RESOURCES.items()}
            found["revisions"] = dict(self._revisions())
        finally:
            self._clean()
        return {**found, **self.wide_answers()}

    def wide_answers(self) -> dict[str, dict[str, str]]:
        """Which revisions grow by changes of something else."""
        try:
            self._make_needed()
            return {"revisions of several": dict(self._wide_revisions())}
        finally:
            self._clean()

    def _make_needed(self) -> None:
        for name, (collection, key, values) in NEEDED.items():
            self.ids[name] = self._create(collection, key, values)["id"]

    def _create(self, collection: str, key: str, values: Body) -> Body:
        status, body = self.ask("POST", collection, {key: values})
        assert status == 201, (collection, body)
        made: Body = body[key]
        self.made.append(f"{collection}/{made['id']}")
        return made

    def _resource(self, collection: str, key: str, values: Body) -> Iterator[tuple[str, str]]:
        status, body = self.ask("POST", collection, {key: {**values, "description": "one"}})
        yield "create described", str(status)
        if status == 201:
            self.ask("DELETE", f"{collection}/{body[key]['id']}")
        made = self._create(collection, key, values)
        yield "new", _standard(made)
        path = f"{collection}/{made['id']}"
        status, body = self.ask("PUT", path, {key: {"description": "two"}})
        yield "describe", f"{status} {_standard(body[key]) if status == 200 else ''}"
        status, body = self.ask("PUT", path, {key: {"description": "two"}})
        yield "describe alike", f"{status} {_revision(body.get(key, {}), made)}"
        for name, condition in (("wrong", "revision_number=999"), ("garbled", "x")):
            status, body = self.ask(
                "PUT", path, {key: {"description": "two"}}, **{"If-Match": condition}
            )
            yield f"{name} condition", f"{status} {_type(body)}"
        yield from self._tags(path)
        status, body = self.ask("GET", path)
        yield "shown", _standard(body[key])
        yield from self._lists(collection, body[key])
        status, _ = self.ask("DELETE", path, **{"If-Match": "revision_number=999"})
        yield "delete under a wrong condition", str(status)

    def _tags(self, path: str) -> Iterator[tuple[str, str]]:
        yield "tag", str(self.ask("PUT", f"{path}/tags/red")[0])
        status, body = self.ask("GET", f"{path}/tags")
        yield "tags", f"{status} {body.get('tags') if status == 200 else ''}"

    def _lists(self, collection: str, shown: Body) -> Iterator[tuple[str, str]]:
        revision, created = shown.get("revision_number", 0), shown.get("created_at", "none")
        for filter_ in FILTERS:
            given = filter_.format(revision=revision, created=created, project=self.project)
            status, body = self.ask("GET", f"{collection}?{given}&fields=id")
            rows = next((v for v in body.values() if isinstance(v, list)), [])
            is_there = any(row.get("id") == shown["id"] for row in rows)
            yield f"filter {filter_}", f"{status} {is_there if status == 200 else _type(body)}"
        for name in SORT_KEYS:
            status, body = self.ask("GET", f"{collection}?sort_key={name}&sort_dir=asc&fields=id")
            yield f"sort {name}", f"{status} {'' if status == 200 else _type(body)}"

    def _revisions(self) -> Iterator[tuple[str, str]]:
        for name, (of, method, path, body) in CHANGES.items():
            before = self._shown(of)
            status, answer = self.ask(method, path, body)
            if method == "POST" and status == 201:
                ((_, made),) = answer.items()
                self.made.append(f"{self.filled(path)}/{made['id']}")
            yield name, f"{status} {_revision(self._shown(of), before)}"

    def _wide_revisions(self) -> Iterator[tuple[str, str]]:
        for name, (resources, method, path, body) in WIDE_CHANGES.items():
            before = {of: self._shown(of) for of in resources}
            status, answer = self.ask(method, path, body)
            if method == "POST" and status == 201:
                ((_, made),) = answer.items()
                self.ids[name] = made["id"]
                self.made.append(f"{self.filled(path)}/{made['id']}")
            changes = [
                f"{of.split('/$')[0]} {_revision(self._shown(of), before[of])}" for of in resources
            ]
            yield name, f"{status} {', '.join(changes)}"

    def _shown(self, path: str) -> Body:
        _, body = self.ask("GET", path)
        ((_, shown),) = body.items()
        return dict(shown)

    def _clean(self) -> None:
        for path in reversed(self.made):
            self.ask("DELETE", path)
        self.made.clear()


def _standard(shown: Body) -> str:
    """The standard attributes in a document: values that do not differ from cloud to cloud."""
    kept = {name: shown[name] for name in ("description", "revision_number") if name in shown}
    present = [name for name in STANDARD if name in shown and name not in kept]
    return " ".join([*(f"{name}={value}" for name, value in kept.items()), *present])


def _revision(shown: Body, before: Body) -> str:
    """Whether the revision grew; by how much is upstream's number of statements."""
    if "revision_number" not in shown or "revision_number" not in before:
        return "no revisions"
    return "grew" if shown["revision_number"] > before["revision_number"] else "stayed"


def _type(body: Any) -> str:
    error = body.get("NeutronError") if isinstance(body, dict) else None
    return str(error.get("type", "")) if isinstance(error, dict) else ""
