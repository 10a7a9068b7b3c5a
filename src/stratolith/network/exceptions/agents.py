"""Errors of agents and of what they have."""

from __future__ import annotations

from stratolith.kernel.exceptions import Conflict, NotFound


class AgentNotFound(NotFound):
    message = "Agent {id} could not be found."


class InvalidL3Agent(NotFound):
    message = "Agent {id} is not a L3 Agent or has been disabled"


class InvalidDHCPAgent(NotFound):
    message = "Agent {id} is not a valid DHCP Agent or has been disabled."


class RouterHostedByL3Agent(Conflict):
    message = "The router {router_id} has been already hosted by the L3 Agent {agent_id}."


class RouterSchedulingFailed(Conflict):
    message = "Failed scheduling router {router_id} to the L3 Agent {agent_id}."


class NetworkHostedByDHCPAgent(Conflict):
    message = "The network {network_id} has been already hosted by the DHCP Agent {agent_id}."


class NetworkNotHostedByDhcpAgent(Conflict):
    message = "The network {network_id} is not hosted by the DHCP Agent {agent_id}."


class NetworkHasPortsThere(Conflict):
    message = (
        "The network {network_id} has ports or routers on the host of DHCP agent {agent_id}, "
        "which therefore must serve it."
    )


class AvailabilityZoneNotFound(NotFound):
    message = "AvailabilityZone {availability_zone} could not be found."
