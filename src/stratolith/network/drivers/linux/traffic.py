"""The traffic of ports in a plan: whose connections may go on, whose packets are logged."""

from __future__ import annotations

from collections.abc import Sequence

from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.objects import LoggedPort, PortFlows


def logged(ports: Sequence[FilteredPort]) -> tuple[LoggedPort, ...]:
    """The ports of which packets are logged."""
    if not any(port.view.logs for port in ports):
        return ()
    marks = names.packet_marks(port.view.id for port in ports if port.view.admin_state_up)
    return tuple(
        LoggedPort(
            port_id=port.view.id,
            project_id=port.view.project_id,
            tap=port.view.tap,
            mark=marks[port.view.id],
            addresses=tuple(address for _, address in port.facts.addresses.sources.pairs),
            logs=tuple(port.view.logs),
        )
        for port in ports
        if port.view.logs and port.view.port_security and port.view.admin_state_up
    )


def flows(ports: Sequence[FilteredPort]) -> tuple[PortFlows, ...]:
    """For an address that belongs to a port, only that port's rules decide.

    Other ports may have it as an allowed pair; changing their rules must not end connections.
    """
    owners = {
        (port.zone, address): port.view.id
        for port in ports
        for address in [
            link_local(checked_mac(port.view.mac)),
            *(ip.ip_address for ip in port.view.fixed_ips),
        ]
    }
    return tuple(
        PortFlows(
            port_id=port.view.id,
            zone=port.zone or 0,
            addresses=tuple(
                address
                for _, address in port.facts.addresses.sources.pairs
                if owners.get((port.zone, address), port.view.id) == port.view.id
            ),
            filtered=port.view.port_security,
            admin_state_up=port.view.admin_state_up,
            rules=tuple(port.view.rules),
            stateful=port.view.stateful,
        )
        for port in ports
    )
