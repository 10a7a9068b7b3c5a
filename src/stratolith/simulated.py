"""The simulated hosts of a fake cloud: agents inside the server's process."""

from __future__ import annotations

from stratolith.agent import host_name, make_rooms, own_addresses
from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.environment import Environment


def simulated_hosts(env: Environment) -> list[Host]:
    """A list with one simulated host with fake drivers, not started yet."""
    assert env.agents is not None
    name = host_name()
    rooms = make_rooms(env.settings, name, fake=True)
    return [Host(name, LocalTransport(env.agents), rooms, own_addresses(env.settings))]
