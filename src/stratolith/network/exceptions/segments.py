"""Errors of segments and of ranges of their numbers."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class SegmentNotFound(NotFound):
    message = "Segment {segment_id} could not be found."


class SegmentInUse(Conflict):
    message = "Segment '{segment_id}' cannot be deleted: {reason}."


class SegmentsSetInConjunctionWithProviders(BadRequest):
    message = "Segments and provider values cannot both be set."


class SegmentsContainDuplicateEntry(BadRequest):
    message = "Duplicate segment entry in request."


class NoUpdateSubnetWhenMultipleSegmentsOnNetwork(BadRequest):
    message = (
        "The network '{network_id}' has multiple segments, it is only possible to associate an "
        "existing subnet with a segment on networks with a single segment."
    )


class SubnetsNotAllAssociatedWithSegments(BadRequest):
    message = (
        "All of the subnets on network '{network_id}' must either all be associated with segments "
        "or all not associated with any segment."
    )


class SubnetSegmentAssociationChangeNotAllowed(BadRequest):
    message = (
        "A subnet that is already associated with a segment cannot have its segment association "
        "changed."
    )


class NetworkIdsDontMatch(BadRequest):
    message = (
        "The subnet's network id, '{subnet_network}', doesn't match the network_id of segment "
        "'{segment_id}'"
    )


class HostNotConnectedToAnySegment(Conflict):
    message = (
        "Host {host} is not connected to any segments on routed provider network '{network_id}'.  "
        "It should be connected to one."
    )


class HostNotCompatibleWithFixedIps(Conflict):
    message = (
        "Host {host} is not connected to a segment where the existing fixed_ips on port {port_id} "
        "will function given the routed network topology."
    )


class FixedIpsSubnetsNotOnSameSegment(BadRequest):
    message = "Cannot allocate addresses from different segments."


class NetworkSegmentRangeNotFound(NotFound):
    message = "Network Segment Range {range_id} could not be found."


class NetworkSegmentRangeNetTypeNotSupported(BadRequest):
    message = "Network type {type} does not support network segment ranges."


class NetworkSegmentRangeReferencedByProject(Conflict):
    message = "Network Segment Range {range_id} is referenced by one or more project networks."


class NetworkSegmentRangeDefaultReadOnly(BadRequest):
    message = (
        "Network Segment Range {range_id} is a default segment range which could not be updated "
        "or deleted."
    )


class NetworkSegmentRangeOverlaps(Conflict):
    message = "Network segment range overlaps with range(s) with id {range_id}"


class NetworkTunnelRangeError(BadRequest):
    message = "Invalid network tunnel range: '{tunnel_range}' - {error}."


class NetworkVlanRangeError(BadRequest):
    message = "Invalid network VLAN range: '{vlan_range}' - '{error}'."


class BadSegmentRangeRequest(BadRequest):
    message = "Bad network_segment_range request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
