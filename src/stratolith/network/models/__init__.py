"""Tables of the network service, a module for each subject."""

from stratolith.network.models.address_groups import AddressGroup as AddressGroup
from stratolith.network.models.address_groups import GroupAddress as GroupAddress
from stratolith.network.models.capacity import HostCapacity as HostCapacity
from stratolith.network.models.conntrack_helpers import ConntrackHelper as ConntrackHelper
from stratolith.network.models.flavors import Flavor as Flavor
from stratolith.network.models.flavors import FlavorProfile as FlavorProfile
from stratolith.network.models.flavors import ServiceProfile as ServiceProfile
from stratolith.network.models.local_ips import LocalIp as LocalIp
from stratolith.network.models.local_ips import LocalIpAssociation as LocalIpAssociation
from stratolith.network.models.logs import Log as Log
from stratolith.network.models.metering import MeteringLabel as MeteringLabel
from stratolith.network.models.metering import MeteringLabelRule as MeteringLabelRule
from stratolith.network.models.ndp_proxies import NdpProxy as NdpProxy
from stratolith.network.models.networks import FixedIp as FixedIp
from stratolith.network.models.networks import Fresh as Fresh
from stratolith.network.models.networks import Network as Network
from stratolith.network.models.networks import Port as Port
from stratolith.network.models.networks import Subnet as Subnet
from stratolith.network.models.places import AgentNote as AgentNote
from stratolith.network.models.places import DhcpPlace as DhcpPlace
from stratolith.network.models.places import ElectionNetwork as ElectionNetwork
from stratolith.network.models.places import Place as Place
from stratolith.network.models.places import RouterHost as RouterHost
from stratolith.network.models.port_bindings import PortBinding as PortBinding
from stratolith.network.models.port_forwardings import PortForwarding as PortForwarding
from stratolith.network.models.qos import DefaultQosPolicy as DefaultQosPolicy
from stratolith.network.models.qos import QosPolicy as QosPolicy
from stratolith.network.models.qos import QosRule as QosRule
from stratolith.network.models.routers import FloatingIp as FloatingIp
from stratolith.network.models.routers import Router as Router
from stratolith.network.models.security_groups import DefaultSecurityGroup as DefaultSecurityGroup
from stratolith.network.models.security_groups import (
    DefaultSecurityGroupRule as DefaultSecurityGroupRule,
)
from stratolith.network.models.security_groups import DefaultStatefulness as DefaultStatefulness
from stratolith.network.models.security_groups import PortSecurityGroup as PortSecurityGroup
from stratolith.network.models.security_groups import SecurityGroup as SecurityGroup
from stratolith.network.models.security_groups import SecurityGroupRule as SecurityGroupRule
from stratolith.network.models.segments import HostMapping as HostMapping
from stratolith.network.models.segments import NetworkSegmentRange as NetworkSegmentRange
from stratolith.network.models.segments import Segment as Segment
from stratolith.network.models.sharing import RbacPolicy as RbacPolicy
from stratolith.network.models.sharing import Tag as Tag
from stratolith.network.models.standard import ID as ID
from stratolith.network.models.standard import Standard as Standard
from stratolith.network.models.subnetpools import AddressScope as AddressScope
from stratolith.network.models.subnetpools import SubnetPool as SubnetPool
from stratolith.network.models.topologies import AutoAllocatedTopology as AutoAllocatedTopology
from stratolith.network.models.trunks import SubPort as SubPort
from stratolith.network.models.trunks import Trunk as Trunk
