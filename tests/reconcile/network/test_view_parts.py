"""A part of a view, put into the view a host had, is what the whole view would have been."""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy import ColumnElement, select

from stratolith.kernel import quota
from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError, NotFound
from stratolith.kernel.hints import HOST_HINT
from stratolith.network.agent import NetworkRoom
from stratolith.network.agent.parts import Lacking, merged
from stratolith.network.drivers.base import HostNetworkPart, HostNetworkView, PortPart
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.managers import (
    address_scopes,
    floatingips,
    holders,
    host_hints,
    networks,
    placement,
    places,
    ports,
    router_interfaces,
    routers,
    security_group_rules,
    security_groups,
    subnetpools,
    subnets,
)
from stratolith.network.managers.binding import port_bindings
from stratolith.network.managers.metering import metering_label_rules, metering_labels
from stratolith.network.managers.qos import policies, rules
from stratolith.network.managers.routing import (
    conntrack_helpers,
    elections,
    local_ips,
    port_associations,
    port_forwardings,
)
from stratolith.network.managers.security import address_groups, logs
from stratolith.network.managers.servers import server_ports
from stratolith.network.managers.trunk import trunks
from stratolith.network.models import (
    AddressGroup,
    ConntrackHelper,
    DhcpPlace,
    FloatingIp,
    LocalIp,
    LocalIpAssociation,
    Log,
    MeteringLabel,
    Network,
    Port,
    PortBinding,
    PortForwarding,
    PortSecurityGroup,
    QosPolicy,
    QosRule,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    SubnetPool,
    SubPort,
    Trunk,
)
from stratolith.network.reconcilers.host_view import compile_view
from stratolith.network.reconcilers.view_parts import answer
from tests.unit.network import rooms

HOSTS = ("h1", "h2", "h3")
M = TypeVar("M")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path, dhcp_domain="cloud.example")
    ctx = rooms.context(found)
    for project in ("p1", "p2"):
        for name in ("port", "router", "floatingip", "security_group", "security_group_rule"):
            quota.set_limit(ctx, project, name, -1, found.service("network"))
    ctx.commit()
    assert found.agents is not None
    for number, host in enumerate(HOSTS, 1):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        found.agents.seen(host, "1", ["network"], found.clock.now(), offers)
    yield found
    found.db.dispose()


class Cloud:
    """Whatever may change on a few networks, one of them shared, two of them routed."""

    def __init__(self, env: Environment, seed: int) -> None:
        self.env, self.random = env, random.Random(seed)
        self.ctx = rooms.context(env)
        self.servers: dict[str, str] = {}  # server -> its port
        self.made = 0
        self.networks = [self._network(number) for number in range(4)]
        flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
        public = networks.create(self.ctx, "p1", {"name": "ext", "router:external": True, **flat})
        outside = {"cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
        subnets.create(self.ctx, "p1", public, outside)
        self.public = public.id
        for number in range(2):
            router = routers.create(self.ctx, "p1", {"name": f"r{number}"})
            subnet = ports.subnets_of(self.ctx, self.networks[number])[0]
            router_interfaces.add(self.ctx, router, {"subnet_id": subnet.id})
        self.groups = self._groups()
        self._pool()
        self.commit()

    def _network(self, number: int) -> str:
        network = networks.create(self.ctx, "p1", {"name": "n", "shared": number == 2})
        cidr = f"10.0.{number}.0/24"
        subnets.create(self.ctx, "p1", network, {"cidr": cidr, "ip_version": 4})
        return network.id

    def _pool(self) -> None:
        """Two address scopes, and a pool in one of them, with a subnet behind the first router."""
        self.scopes = [
            address_scopes.create(self.ctx, "p1", {"name": "s", "ip_version": 4}).id
            for _ in range(2)
        ]
        values = {"name": "p", "prefixes": ["10.64.0.0/16"], "address_scope_id": self.scopes[0]}
        self.pool = subnetpools.create(self.ctx, "p1", values).id
        network = networks.create(self.ctx, "p1", {"name": "pooled"})
        pooled = {"subnetpool_id": self.pool, "cidr": "10.64.0.0/24", "ip_version": 4}
        subnet = subnets.create(self.ctx, "p1", network, pooled)
        router = self.any(Router)
        router_interfaces.add(self.ctx, router, {"subnet_id": subnet.id})

    def rescope(self) -> None:
        pool = self.ctx.session.get_one(SubnetPool, self.pool)
        scope = self.random.choice((None, *self.scopes))
        subnetpools.update(self.ctx, pool, {"address_scope_id": scope})

    def _groups(self) -> list[str]:
        self.lists = [
            address_groups.create(self.ctx, "p1", {"addresses": ["10.0.0.0/8", "fd00::/8"]}).id
            for _ in range(2)
        ]
        made = [security_groups.create(self.ctx, "p1", {"name": f"g{n}"}).id for n in range(4)]
        for of, remote in ((0, 1), (1, 1), (2, 0)):
            values = {"direction": "ingress", "ethertype": "IPv4", "remote_group_id": made[remote]}
            security_group_rules.create(self.ctx, "p1", {"security_group_id": made[of], **values})
        return made

    def commit(self) -> None:
        self.ctx.commit()
        self.ctx = rooms.context(self.env)

    def step(self, acts: Sequence[Callable[[Cloud], object]]) -> str:
        """Do one of these; gives its name. What is refused changes nothing."""
        act = self.random.choice(acts) if self.servers else Cloud.boot
        try:
            act(self)
            self.commit()
        except ApiError:
            self.ctx.close()
            self.ctx = rooms.context(self.env)
        return act.__name__

    def any(self, model: type[M], *which: ColumnElement[bool]) -> M:
        """One of the rows; raises NotFound for none."""
        order = model.__mapper__.primary_key
        rows = self.ctx.session.scalars(select(model).where(*which).order_by(*order)).all()
        if not rows:
            raise NotFound
        return self.random.choice(rows)

    # -- ports -----------------------------------------------------------------------------------

    def boot(self) -> str:
        network = self.random.choice(self.networks)
        project = self.random.choice(("p1", "p2")) if network == self.networks[2] else "p1"
        request = server_ports.NetworkRequest(network_id=network)
        plan = server_ports.plan(self.ctx, project, [request], [])
        self.made += 1
        server = f"s{self.made}"
        name = self.random.choice(("web", "db", server))
        host = self.random.choice(HOSTS)
        (made,) = server_ports.create(self.ctx, plan, server, host, name, "nova")
        self.servers[server] = made.port_id
        return made.port_id

    def add_port(self) -> None:
        """Of no server; somebody only says that it is on a host."""
        values = {"network_id": self.random.choice(self.networks)}
        ports.create(self.ctx, "p1", {**values, "binding:host_id": self.random.choice(HOSTS)})

    def release(self) -> None:
        server = self.random.choice(sorted(self.servers))
        server_ports.release(self.ctx, server)
        del self.servers[server]

    def move(self) -> None:
        server_ports.bind(self.ctx, [self._port().id], self.random.choice(HOSTS))

    def regroup(self) -> None:
        port = self._port()
        if port.project_id == "p1" and port.port_security_enabled:
            most = min(2, len(self.groups))
            some = self.random.sample(self.groups, self.random.randint(0, most))
            ports.update(self.ctx, port, {"security_groups": some})

    def change_port(self) -> None:
        port = self._port()
        pair = {"ip_address": self.random.choice(("10.0.9.9", "10.0.8.0/24", "10.0.8.128/25"))}
        changes: list[dict[str, object]] = [
            {"admin_state_up": False}, {"admin_state_up": True}, {"name": "another"},
            {"dns_name": f"web{self.random.randint(0, 3)}"}, {"dns_name": "db.cloud.example."},
            {"extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400", "ip_version": 4}]},
        ]  # fmt: skip
        if port.port_security_enabled:
            changes += [{"allowed_address_pairs": [pair]}, {"allowed_address_pairs": []}]
        else:
            changes += [{"port_security_enabled": True}]
        ports.update(self.ctx, port, self.random.choice(changes))

    def open(self) -> None:
        free = {"port_security_enabled": False, "security_groups": [], "allowed_address_pairs": []}
        ports.update(self.ctx, self._port(), free)

    def carry(self) -> None:
        """A trunk on a new port, which a server then has, and a sub-port on another network."""
        network, other = self.random.sample(self.networks[:3], 2)
        parent = ports.create(self.ctx, "p1", {"network_id": network})
        carried = ports.create(self.ctx, "p1", {"network_id": other})
        sub_port = {"port_id": carried.id, "segmentation_type": "vlan", "segmentation_id": 5}
        trunks.create(self.ctx, "p1", {"port_id": parent.id, "sub_ports": [sub_port]})
        request = server_ports.NetworkRequest(port_id=parent.id)
        plan = server_ports.plan(self.ctx, "p1", [request], [])
        self.made += 1
        server = f"s{self.made}"
        server_ports.create(self.ctx, plan, server, self.random.choice(HOSTS), "t", "nova")
        self.servers[server] = parent.id

    def add_sub_port(self) -> None:
        port = self.any(Port, Port.holder == "", Port.project_id == "p1")
        self.made += 1
        number = self.made % 4000 + 10
        item = {"port_id": port.id, "segmentation_type": "vlan", "segmentation_id": number}
        trunks.add_sub_ports(self.ctx, self.any(Trunk), [item])

    def remove_sub_port(self) -> None:
        sub_port = self.any(SubPort)
        trunk = self.ctx.session.get_one(Trunk, sub_port.trunk_id)
        trunks.remove_sub_ports(self.ctx, trunk, [{"port_id": sub_port.port_id}])

    def remove_trunk(self) -> None:
        trunks.delete(self.ctx, self.any(Trunk))

    def prepare(self) -> None:
        """A port that is bound, or one of no server, gets an inactive binding to another host."""
        host = self.random.choice(HOSTS)
        port_bindings.create(self.ctx, self._port(), {"host": host})

    def activate(self) -> None:
        port_bindings.activate(self.ctx, self._binding())

    def change_binding(self) -> None:
        changes: list[dict[str, object]] = [{"profile": {"a": "b"}}, {"host": "h1"}]
        port_bindings.update(self.ctx, self._binding(), self.random.choice(changes))

    def remove_binding(self) -> None:
        """Also the active one."""
        port_bindings.delete(self.ctx, self._binding())

    def _binding(self) -> port_bindings.Binding:
        of_guest = Port.holder == holders.SERVER
        port_ids = select(PortBinding.port_id).join(Port, Port.id == PortBinding.port_id)
        port = self.any(Port, Port.id.in_(port_ids.where(of_guest)))
        return self.random.choice(port_bindings.of_port(self.ctx, port))

    def _port(self) -> Port:
        server = self.random.choice(sorted(self.servers))
        return self.ctx.session.get_one(Port, self.servers[server])

    # -- security groups -------------------------------------------------------------------------

    def add_rule(self) -> None:
        number = self.random.randint(1, 9)
        remotes: list[dict[str, object]] = [
            {}, {"remote_ip_prefix": f"10.{number}.0.0/16"},
            {"remote_group_id": self.random.choice(self.groups)},
            {"remote_address_group_id": self.random.choice(self.lists)},
        ]  # fmt: skip
        values = {
            "security_group_id": self.any(SecurityGroup).id,
            "direction": self.random.choice(("ingress", "egress")), "ethertype": "IPv4",
            "protocol": "tcp", "port_range_min": number, "port_range_max": number,
        }  # fmt: skip
        security_group_rules.create(self.ctx, "p1", values | self.random.choice(remotes))

    def change_addresses(self) -> None:
        """A few addresses, or too many to name each of them."""
        group = self.ctx.session.get_one(AddressGroup, self.random.choice(self.lists))
        number = self.random.randint(0, 3)
        count = self.random.choice((1, 2, 20))
        some = [f"192.168.{number}.{n}/32" for n in range(count)]
        change = self.random.choice((address_groups.add_addresses, address_groups.remove_addresses))
        change(self.ctx, group, some)

    def add_log(self) -> None:
        general: dict[str, object] = {"resource_type": "security_group"}
        about: list[dict[str, object]] = [
            {}, {"resource_id": self.random.choice(self.groups)}, {"target_id": self._port().id},
            {"event": "DROP"}, {"enabled": False},
        ]  # fmt: skip
        logs.create(self.ctx, self.random.choice(("p1", "p2")), general | self.random.choice(about))

    def change_log(self) -> None:
        enabled = {"enabled": self.random.random() < 0.5}
        logs.update(self.ctx, self.any(Log), enabled)

    def remove_log(self) -> None:
        logs.delete(self.ctx, self.any(Log))

    def change_state(self) -> None:
        """Of a group that no port uses."""
        group = self.ctx.session.get_one(SecurityGroup, self.random.choice(self.groups))
        security_groups.update(self.ctx, group, {"stateful": not group.stateful})

    def remove_rule(self) -> None:
        security_group_rules.delete(self.ctx, self.any(SecurityGroupRule))

    def add_group(self) -> None:
        self.groups.append(security_groups.create(self.ctx, "p1", {"name": "more"}).id)

    def remove_group(self) -> None:
        """Where no port uses it; rules that name it go, too."""
        used = select(PortSecurityGroup.security_group_id)
        own = SecurityGroup.is_default.is_(False)
        group = self.any(SecurityGroup, SecurityGroup.id.not_in(used), own)
        security_groups.delete(self.ctx, group)
        self.groups = [group_id for group_id in self.groups if group_id != group.id]
        if not self.groups:
            self.add_group()

    # -- routers ---------------------------------------------------------------------------------

    def add_router(self) -> None:
        info = {"external_gateway_info": {"network_id": self.public}}
        values = self.random.choice(({}, info))
        routers.create(self.ctx, "p1", {"name": "more", **values})

    def remove_router(self) -> None:
        routers.delete(self.ctx, self.any(Router))

    def change_router(self) -> None:
        router = self.any(Router)
        attached = routers.interface_subnets(self.ctx, router.id)
        nexthop = str(ipaddress.ip_network(attached[0][1].cidr)[200]) if attached else "10.0.0.9"
        gateway = {"network_id": self.public, "enable_snat": self.random.random() < 0.5}
        changes: list[dict[str, object]] = [
            {"admin_state_up": self.random.random() < 0.5}, {"name": "other"}, {"routes": []},
            {"routes": [{"destination": "192.168.0.0/24", "nexthop": nexthop}]},
            {"external_gateway_info": gateway}, {"external_gateway_info": {}},
        ]  # fmt: skip
        routers.update(self.ctx, router, self.random.choice(changes))

    def join(self) -> None:
        subnet = self.any(Subnet, Subnet.network_id.in_(self.networks))
        router_interfaces.add(self.ctx, self.any(Router), {"subnet_id": subnet.id})

    def join_by_new_port(self) -> None:
        port = ports.create(self.ctx, "p1", {"network_id": self.random.choice(self.networks)})
        router_interfaces.add(self.ctx, self.any(Router), {"port_id": port.id})

    def join_by_bound_port(self) -> None:
        port = self.any(Port, Port.holder == "", Port.binding_host != "")
        router_interfaces.add(self.ctx, self.any(Router), {"port_id": port.id})

    def leave(self) -> None:
        port = self.any(Port, Port.holder == holders.INTERFACE)
        router = self.ctx.session.get_one(Router, port.holder_id)
        router_interfaces.remove(self.ctx, router, {"port_id": port.id})

    def change_router_port(self) -> None:
        port = self.any(Port, Port.holder == holders.INTERFACE)
        subnet = self.any(Subnet, Subnet.network_id == port.network_id)
        self.made += 1
        changes = [{"mac_address": f"fa:16:3e:00:00:{self.made % 256:02x}"},
                   {"fixed_ips": [{"subnet_id": subnet.id}]}]  # fmt: skip
        ports.update(self.ctx, port, self.random.choice(changes))

    def switch(self) -> None:
        """A port of a router or DHCP server, on or off."""
        service = Port.holder.in_((*holders.ROUTER, holders.DHCP))
        ports.update(
            self.ctx, self.any(Port, service), {"admin_state_up": self.random.random() < 0.5}
        )

    def move_router(self) -> None:
        host = self.random.choice(("", *HOSTS))
        router = self.any(Router, Router.ha.is_(False))
        places.place(self.ctx, placement.ROUTER, router.id, host)

    def elect(self) -> None:
        """Let several hosts have a router, or one of them alone."""
        router = self.any(Router)
        routers.update(self.ctx, router, {"ha": not router.ha, "admin_state_up": False})

    def change_hosts(self) -> None:
        router, host = self.any(Router, Router.ha.is_(True)), self.random.choice(HOSTS)
        if host in elections.states(self.ctx, router.id):
            elections.remove_host(self.ctx, router, host)
        else:
            elections.add_host(self.ctx, router, host)

    # -- floating IPs ----------------------------------------------------------------------------

    def add_floating_ip(self) -> None:
        port = self.random.choice(("", self._port().id))
        values = {"floating_network_id": self.public, "port_id": port}
        floatingips.create(self.ctx, "p1", values)

    def change_floating_ip(self) -> None:
        port = self.random.choice(("", self._port().id))
        floatingips.update(self.ctx, self.any(FloatingIp), {"port_id": port})

    def remove_floating_ip(self) -> None:
        floatingips.delete(self.ctx, self.any(FloatingIp))

    # -- metering --------------------------------------------------------------------------------

    def add_label(self) -> None:
        values = {"name": "l", "description": "", "shared": self.random.random() < 0.5}
        project = self.random.choice(("p1", "p2"))
        metering_labels.create(self.ctx, project, values)

    def add_label_rule(self) -> None:
        label = self.any(MeteringLabel, MeteringLabel.project_id == "p1")
        self.made += 1
        values = {"metering_label_id": label.id, "direction": "ingress", "excluded": False,
                  "remote_ip_prefix": f"10.{self.made % 256}.0.0/16"}  # fmt: skip
        metering_label_rules.create(self.ctx, "p1", values)

    def remove_label(self) -> None:
        metering_labels.delete(self.ctx, self.any(MeteringLabel))

    def add_forwarding(self) -> None:
        """Of a floating IP that has no port; for the address of a server."""
        port = self._port()
        address = ports.fixed_ips(self.ctx, [port.id])[port.id][0]["ip_address"]
        first = self.random.randint(1, 90)
        values = {"internal_port_id": port.id, "internal_ip_address": address, "protocol": "tcp",
                  "external_port_range": (first, first + 1), "internal_port": 22}  # fmt: skip
        floating = self.any(FloatingIp, FloatingIp.port_id.is_(None))
        port_forwardings.create(self.ctx, floating, values)

    def change_forwarding(self) -> None:
        changes = [{"external_port": 99}, {"protocol": "udp"}, {"description": "x"}]
        row = self.any(PortForwarding)
        port_forwardings.update(self.ctx, row, self.random.choice(changes))

    def remove_forwarding(self) -> None:
        port_forwardings.delete(self.ctx, self.any(PortForwarding))

    def add_local_ip(self) -> None:
        values = {"network_id": self.random.choice(self.networks), "ip_mode": "translate"}
        local_ips.create(self.ctx, "p1", values)

    def associate(self) -> None:
        local_ip = self.any(LocalIp)
        port = self.any(
            Port,
            Port.network_id == local_ip.network_id,
            Port.binding_host != "",
            Port.project_id == "p1",
        )
        port_associations.create(self.ctx, local_ip, {"fixed_port_id": port.id})

    def disassociate(self) -> None:
        port_associations.delete(self.ctx, self.any(LocalIpAssociation))

    def add_helper(self) -> None:
        values = {"protocol": "tcp", "port": self.random.randint(1, 4), "helper": "ftp"}
        conntrack_helpers.create(self.ctx, self.any(Router), values)

    def remove_helper(self) -> None:
        conntrack_helpers.delete(self.ctx, self.any(ConntrackHelper))

    # -- networks --------------------------------------------------------------------------------

    def change_network(self) -> None:
        network = self.any(Network, Network.id.in_(self.networks))
        changes: list[dict[str, object]] = [
            {"mtu": self.random.choice((1300, 1400))}, {"name": "other"},
            {"admin_state_up": False}, {"admin_state_up": True}, {"admin_state_up": True},
        ]  # fmt: skip
        networks.update(self.ctx, network, self.random.choice(changes))

    def change_subnet(self) -> None:
        subnet = self.any(Subnet)
        outer = subnet.network_id == self.public
        gateways = ["172.24.4.1", "172.24.4.254", None] if outer else [None]
        changes: list[dict[str, object]] = [
            {"dns_nameservers": ["9.9.9.9"]}, {"dns_nameservers": []},
            {"enable_dhcp": self.random.random() < 0.6},
            {"host_routes": [{"destination": "10.7.0.0/16", "nexthop": "10.0.0.7"}]},
            {"gateway_ip": self.random.choice(gateways)},
        ]  # fmt: skip
        if subnet.ip_version == 6:
            changes = [{"dns_nameservers": []}, {"dns_nameservers": ["2001:db8::53"]}]
        subnets.update(self.ctx, subnet, self.random.choice(changes))

    def add_subnet(self) -> None:
        self.made += 1
        plain = {"cidr": f"10.1.{self.made % 256}.0/24", "ip_version": 4}
        mode = self.random.choice(("slaac", "dhcpv6-stateless", "dhcpv6-stateful", None))
        automatic = {"cidr": f"fd00:{self.made}::/64", "ip_version": 6,
                     "ipv6_ra_mode": mode, "ipv6_address_mode": mode}  # fmt: skip
        network = self.any(Network, Network.id.in_(self.networks))
        subnets.create(self.ctx, "p1", network, self.random.choice((plain, automatic)))

    def remove_subnet(self) -> None:
        subnets.delete(self.ctx, self.any(Subnet, Subnet.network_id != self.public))

    def add_dhcp(self) -> None:
        host, network = self.random.choice(HOSTS), self.random.choice(self.networks)
        if host not in placement.hosts_of_network(self.ctx, network):
            self.ctx.session.add(DhcpPlace(network_id=network, host=host))
            self.ctx.session.flush()
            host_hints.network(self.ctx, network)

    def remove_dhcp(self) -> None:
        place = self.ctx.session.scalars(select(DhcpPlace)).first()
        if place is not None:
            host_hints.network(self.ctx, place.network_id)
            self.ctx.session.delete(place)
            self.ctx.session.flush()

    # -- QoS -------------------------------------------------------------------------------------

    def add_policy(self) -> None:
        policy = policies.create(self.ctx, "p1", {"name": "q", "shared": True})
        self._rule(policy)

    def remove_policy(self) -> None:
        policies.delete(self.ctx, self.any(QosPolicy))

    def add_qos_rule(self) -> None:
        self._rule(self.any(QosPolicy))

    def change_qos_rule(self) -> None:
        rule = self.any(QosRule, QosRule.type != "dscp_marking")
        rules.update(self.ctx, rule, {"amount": self.random.randint(1, 999)})

    def remove_qos_rule(self) -> None:
        rules.delete(self.ctx, self.any(QosRule))

    def _rule(self, policy: QosPolicy) -> None:
        kind, values = self.random.choice(
            [
                ("bandwidth_limit", {"direction": "ingress", "burst": 9}),
                ("bandwidth_limit", {"direction": "egress"}),
                ("packet_rate_limit", {"direction": "egress"}),
                ("dscp_marking", {}),
            ]
        )
        rules.create(self.ctx, policy, kind, {"amount": 10, **values})

    def limit(self) -> None:
        """Give a policy to something that may have one, or take it away."""
        policy = self.random.choice((None, self.any(QosPolicy).id))
        values = {"qos_policy_id": policy}
        chosen = self.random.randrange(5)
        if chosen == 0:
            ports.update(self.ctx, self._port(), values)
        elif chosen == 1:
            networks.update(self.ctx, self.any(Network, Network.id.in_(self.networks)), values)
        elif chosen == 2:
            networks.update(self.ctx, self.ctx.session.get_one(Network, self.public), values)
        elif chosen == 3:
            floatingips.update(self.ctx, self.any(FloatingIp), values)
        else:
            router = self.any(Router, Router.gateway_network_id.is_not(None))
            gateway = {"network_id": self.public, **values}
            routers.update(self.ctx, router, {"external_gateway_info": gateway})


OF_PORTS = [
    Cloud.boot, Cloud.boot, Cloud.boot, Cloud.release, Cloud.move, Cloud.regroup,
    Cloud.change_port, Cloud.open,
]  # fmt: skip
OF_BINDINGS = [
    Cloud.prepare, Cloud.prepare, Cloud.prepare, Cloud.activate, Cloud.activate,
    Cloud.change_binding, Cloud.remove_binding,
]  # fmt: skip
OF_TRUNKS = [
    Cloud.carry, Cloud.carry, Cloud.add_port, Cloud.add_sub_port, Cloud.add_sub_port,
    Cloud.remove_sub_port, Cloud.remove_trunk,
]  # fmt: skip
OF_GROUPS = [
    Cloud.add_rule, Cloud.add_rule, Cloud.remove_rule, Cloud.add_group, Cloud.remove_group,
    Cloud.regroup, Cloud.change_addresses, Cloud.change_addresses, Cloud.change_state,
    Cloud.add_log, Cloud.change_log, Cloud.remove_log,
]  # fmt: skip
OF_ROUTERS = [
    Cloud.add_router, Cloud.remove_router, Cloud.change_router, Cloud.change_router, Cloud.join,
    Cloud.join, Cloud.join_by_new_port, Cloud.join_by_bound_port, Cloud.add_port, Cloud.leave,
    Cloud.change_router_port, Cloud.move_router, Cloud.elect, Cloud.change_hosts,
    Cloud.add_floating_ip, Cloud.add_floating_ip,
    Cloud.change_floating_ip, Cloud.remove_floating_ip, Cloud.add_forwarding, Cloud.add_forwarding,
    Cloud.change_forwarding, Cloud.remove_forwarding,
    Cloud.add_label, Cloud.add_label_rule, Cloud.add_label_rule, Cloud.remove_label,
    Cloud.add_helper, Cloud.add_local_ip, Cloud.associate, Cloud.associate, Cloud.disassociate,
    Cloud.remove_helper, Cloud.rescope,
]  # fmt: skip
OF_NETWORKS = [
    Cloud.switch, Cloud.change_network, Cloud.change_subnet, Cloud.change_subnet, Cloud.add_subnet,
    Cloud.remove_subnet, Cloud.add_dhcp, Cloud.remove_dhcp,
]  # fmt: skip
OF_QOS = [
    Cloud.add_policy, Cloud.remove_policy, Cloud.add_qos_rule, Cloud.change_qos_rule,
    Cloud.remove_qos_rule, Cloud.limit, Cloud.limit, Cloud.limit,
]  # fmt: skip
ALL = [*OF_PORTS, *OF_BINDINGS, *OF_TRUNKS, *OF_GROUPS, *OF_ROUTERS, *OF_NETWORKS, *OF_QOS]


class Noting(LocalTransport):
    """Notes whether questions were for the whole view and which keys they named."""

    def __init__(self, env: Environment) -> None:
        assert env.agents is not None
        super().__init__(env.agents)
        self.asked: list[list[str] | None] = []

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        self.asked.append(keys)
        return super().view(host, view, keys)

    def report(self, host: str, view: str, payload: Any) -> Any:
        return {}  # it would write statuses, which no view shows


class Agent:
    """The network room of a host, which looks when it is told to."""

    def __init__(self, env: Environment, name: str) -> None:
        self.transport, self.driver = Noting(env), FakeNetworkDriver()
        self.room = NetworkRoom(self.driver)
        self.host = Host(name, self.transport, [self.room])
        self.room.sync(None)

    @property
    def view(self) -> HostNetworkView:
        assert self.driver.view is not None
        return plain(self.driver.view)


def plain(view: HostNetworkView) -> HostNetworkView:
    return msgspec.structs.replace(view, generation=0)


def read(env: Environment, host: str, keys: list[str] | None) -> object:
    ctx: Context = rooms.context(env, write=False)
    try:
        return answer(ctx, host, keys)
    finally:
        ctx.close()


def whole(env: Environment, host: str) -> HostNetworkView:
    found = read(env, host, None)
    assert isinstance(found, HostNetworkView)
    return found


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "acts",
    [
        OF_PORTS,
        [*OF_PORTS, *OF_TRUNKS],
        [*OF_PORTS, *OF_BINDINGS, *OF_GROUPS],
        [*OF_PORTS, *OF_ROUTERS],
        ALL,
    ],
    ids=["ports", "trunks", "groups", "routers", "all"],
)
def test_parts_put_together_are_the_whole_view(
    env: Environment, acts: Sequence[Callable[[Cloud], object]], seed: int
) -> None:
    """After each change, on each host, woken or not; and hardly any needs the whole view."""
    cloud, hints = Cloud(env, seed), list[str]()
    env.hints.listen(HOST_HINT, hints.append)
    agents = {host: Agent(env, host) for host in HOSTS}
    counts = Counter[str]()
    for _ in range(80):
        hints.clear()
        act = cloud.step(acts)
        woken: dict[str, set[str]] = {}
        for hint in hints:
            host, _view, key = hint.split("\n")
            woken.setdefault(host, set()).add(key)
        for host, agent in agents.items():
            agent.transport.asked.clear()
            if host in woken:
                agent.room.sync(sorted(woken[host]))
                counts["whole" if None in agent.transport.asked else "part"] += 1
            assert agent.view == plain(whole(env, host)), (act, host, woken.get(host))
    assert counts["whole"] <= counts.total() / 20


def test_several_changes_at_once(env: Environment) -> None:
    """The view is right after hints of many changes, whatever their order."""
    cloud, hints = Cloud(env, 99), list[str]()
    agents = {host: Agent(env, host) for host in HOSTS}
    env.hints.listen(HOST_HINT, hints.append)
    for _ in range(8):
        hints.clear()
        for _ in range(8):
            cloud.step(ALL)
        for host, agent in agents.items():
            keys = sorted({hint.split("\n")[2] for hint in hints if hint.split("\n")[0] == host})
            if keys:
                agent.room.sync(keys)
            assert agent.view == plain(whole(env, host))


class Missed:
    """A host that looks once after several changes; others are there already."""

    def __init__(self, env: Environment) -> None:
        self.env, self.cloud, self.hints = env, Cloud(env, 1), list[str]()
        env.hints.listen(HOST_HINT, self.hints.append)
        self.first = self.boot("h1")

    def boot(self, host: str, groups: Sequence[str] = (), number: int = 2) -> str:
        """A server on a network, by default the one that no router joins; gives its port."""
        ctx, self.network = self.cloud.ctx, self.cloud.networks[2]
        request = server_ports.NetworkRequest(network_id=self.cloud.networks[number])
        plan = server_ports.plan(ctx, "p1", [request], list(groups))
        self.cloud.made += 1
        server = f"s{self.cloud.made}"
        (made,) = server_ports.create(ctx, plan, server, host, server, "nova")
        self.cloud.commit()
        return made.port_id

    def arrive(self, host: str) -> None:
        """The host has its view now, and is told of changes from now on."""
        self.agent = Agent(self.env, host)
        self.hints.clear()

    def check(self) -> None:
        """The host looks once."""
        host = self.agent.host.name
        keys = {hint.split("\n")[2] for hint in self.hints if hint.split("\n")[0] == host}
        self.agent.transport.asked.clear()
        self.agent.room.sync(sorted(keys))
        assert self.agent.view == plain(whole(self.env, host))
        assert None not in self.agent.transport.asked


@pytest.fixture
def missed(env: Environment) -> Missed:
    return Missed(env)


def test_a_network_that_changed_while_the_host_had_no_part_of_it(missed: Missed) -> None:
    cloud = missed.cloud
    missed.arrive("h1")
    server_ports.release(cloud.ctx, "s1")
    cloud.commit()
    values = {"cidr": "10.9.0.0/24", "ip_version": 4}
    network = cloud.ctx.session.get_one(Network, missed.network)
    subnets.create(cloud.ctx, "p1", network, values)
    networks.update(cloud.ctx, network, {"mtu": 1300})
    cloud.commit()
    missed.boot("h1")
    missed.check()


def test_a_network_that_changed_while_its_router_was_on_another_host(missed: Missed) -> None:
    """The only guest of the network here leaves before the router returns."""
    cloud = missed.cloud
    subnet = ports.subnets_of(cloud.ctx, missed.network)[0].id
    router = cloud.any(Router, Router.name == "r0").id
    host = placement.host_of(cloud.ctx, router)
    router_interfaces.add(
        cloud.ctx, cloud.ctx.session.get_one(Router, router), {"subnet_id": subnet}
    )
    cloud.commit()
    missed.arrive(host)
    places.place(cloud.ctx, placement.ROUTER, router, "h3" if host != "h3" else "h2")
    cloud.commit()
    server_ports.release(cloud.ctx, "s1")
    cloud.commit()
    changed = cloud.ctx.session.get_one(Network, missed.network)
    networks.update(cloud.ctx, changed, {"mtu": 1300})
    cloud.commit()
    places.place(cloud.ctx, placement.ROUTER, router, host)
    cloud.commit()
    missed.check()


def test_a_group_that_changed_while_no_rule_on_the_host_named_it(missed: Missed) -> None:
    cloud, named = missed.cloud, missed.cloud.groups[1]  # which names itself
    port_id = missed.boot("h2", [named])
    missed.arrive("h2")
    ports.update(cloud.ctx, cloud.ctx.session.get_one(Port, port_id), {"security_groups": []})
    cloud.commit()
    missed.boot("h3", [named], 0)
    again = cloud.ctx.session.get_one(Port, port_id)
    ports.update(cloud.ctx, again, {"security_groups": [named]})
    cloud.commit()
    missed.check()


def test_addresses_that_changed_while_no_rule_on_the_host_named_them(missed: Missed) -> None:
    cloud, own = missed.cloud, missed.cloud.groups[3]
    values = {"direction": "ingress", "ethertype": "IPv4", "security_group_id": own}
    listed = {"remote_address_group_id": cloud.lists[0]}
    security_group_rules.create(cloud.ctx, "p1", {**values, **listed})
    port_id = missed.boot("h2", [own])
    missed.arrive("h2")
    ports.update(cloud.ctx, cloud.ctx.session.get_one(Port, port_id), {"security_groups": []})
    cloud.commit()
    group = cloud.ctx.session.get_one(AddressGroup, cloud.lists[0])
    address_groups.add_addresses(cloud.ctx, group, ["192.168.7.0/24"])
    cloud.commit()
    again = cloud.ctx.session.get_one(Port, port_id)
    ports.update(cloud.ctx, again, {"security_groups": [own]})
    cloud.commit()
    missed.check()


def test_a_port_that_was_on_the_host_before_it_became_a_sub_port(missed: Missed) -> None:
    cloud = missed.cloud
    parent = ports.create(cloud.ctx, "p1", {"network_id": missed.network})
    made = trunks.create(cloud.ctx, "p1", {"port_id": parent.id}).id
    server_ports.create(
        cloud.ctx,
        server_ports.plan(
            cloud.ctx, "p1", [server_ports.NetworkRequest(port_id=parent.id)], []
        ),
        "carrier", "h2", "t", "nova",
    )  # fmt: skip
    values = {"network_id": missed.network, "binding:host_id": "h2"}
    port_id = ports.create(cloud.ctx, "p1", values).id
    cloud.commit()
    missed.arrive("h2")
    item = {"port_id": port_id, "segmentation_type": "vlan", "segmentation_id": 7}
    trunks.add_sub_ports(cloud.ctx, cloud.ctx.session.get_one(Trunk, made), [item])
    cloud.commit()
    missed.check()
    found = {port.id: port.tag for n in missed.agent.view.networks for port in n.ports}
    assert found[port_id] == 7
    assert cloud.ctx.session.get_one(Port, port_id).device_owner == "trunk:subport"


@pytest.mark.parametrize("key", ["", "subnet/x", "port/", "junk"])
def test_other_keys_are_answered_by_the_whole_view(env: Environment, key: str) -> None:
    cloud = Cloud(env, 1)
    cloud.boot()
    cloud.commit()
    part = read(env, "h1", [key])
    assert isinstance(part, HostNetworkPart) and part.whole is not None
    assert plain(part.whole) == plain(whole(env, "h1"))


@pytest.fixture
def foreign(env: Environment) -> dict[str, str]:
    """What h1 and h2 realise and h3 has no part of, by kind of key: a routed guest, its rules."""
    cloud = Cloud(env, 1)
    ctx, network = cloud.ctx, cloud.networks[0]
    request = server_ports.NetworkRequest(network_id=network)
    plan = server_ports.plan(ctx, "p1", [request], [cloud.groups[1]])  # which names itself
    (made,) = server_ports.create(ctx, plan, "s1", "h2", "name", "nova")
    router = cloud.any(Router, Router.name == "r0")
    routers.update(ctx, router, {"external_gateway_info": {"network_id": cloud.public}})
    values = {"floating_network_id": cloud.public, "port_id": made.port_id}
    floatingips.create(ctx, "p1", values)
    interface = cloud.any(
        Port,
        Port.holder_id == router.id,
        Port.holder == holders.INTERFACE,
        Port.network_id == network,
    )
    ids = {
        "port": made.port_id,
        "interface": interface.id,
        "network": network,
        "router": router.id,
        "group": cloud.groups[1],
        "members": cloud.groups[1],
    }
    cloud.commit()
    return ids


def asked(env: Environment, host: str, kind: str, object_id: str) -> HostNetworkPart:
    part = read(env, host, [host_hints.key_of(kind, object_id)])
    assert isinstance(part, HostNetworkPart) and part.whole is None
    return part


@pytest.mark.parametrize("kind", ["port", "interface"])
def test_a_host_learns_nothing_of_ports_that_are_not_its_business(
    env: Environment, foreign: dict[str, str], kind: str
) -> None:
    """By asking for them by key: neither of other networks nor of groups that no rule names."""
    port_id = foreign[kind]
    (part,) = asked(env, "h3", "port", port_id).ports.values()
    assert part == PortPart()
    owner = "h2" if kind == "port" else "h1"
    (part,) = asked(env, owner, "port", port_id).ports.values()
    assert part.network_id == foreign["network"] and part.mac


def test_a_host_learns_nothing_of_networks_that_it_has_no_part_of(
    env: Environment, foreign: dict[str, str]
) -> None:
    part = asked(env, "h3", "network", foreign["network"])
    assert part.networks == {foreign["network"]: None}
    assert not part.routers and not part.externals
    part = asked(env, "h2", "network", foreign["network"])
    assert part.networks[foreign["network"]] is not None
    assert not part.routers  # that one is on another host


@pytest.mark.parametrize("host", ["h2", "h3"])
def test_a_host_learns_nothing_of_routers_that_are_on_another(
    env: Environment, foreign: dict[str, str], host: str
) -> None:
    part = asked(env, host, "router", foreign["router"])
    assert part.routers == {foreign["router"]: None}
    assert not part.externals
    router = asked(env, "h1", "router", foreign["router"]).routers[foreign["router"]]
    assert router is not None and len(router.floating_ips) == 1


def test_a_host_learns_no_rules_of_groups_that_none_of_its_ports_has(
    env: Environment, foreign: dict[str, str]
) -> None:
    for host in ("h1", "h3"):
        part = asked(env, host, "group", foreign["group"])
        assert not part.rules and not part.other_rules
    assert asked(env, "h2", "group", foreign["group"]).rules[foreign["group"]]


def test_a_host_learns_no_addresses_of_groups_that_no_rule_there_names(
    env: Environment, foreign: dict[str, str]
) -> None:
    for host in ("h1", "h3"):
        assert asked(env, host, "members", foreign["members"]).members == {}
    part = asked(env, "h2", "members", foreign["members"])
    assert list(part.members[foreign["members"]]) == [foreign["port"]]


def test_whoever_has_something_left_out_asks_for_the_whole_view(env: Environment) -> None:
    cloud = Cloud(env, 1)
    cloud.boot()
    cloud.commit()
    view = msgspec.structs.replace(compile_view(cloud.ctx, "h1"), left_out={"x": "why"})
    cloud.ctx.close()
    assert merged(view, HostNetworkPart(generation=1)) == Lacking()
