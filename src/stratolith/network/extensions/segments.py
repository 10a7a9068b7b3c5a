"""Types of networks, segments, and ranges of their numbers."""

from __future__ import annotations

EXTENSIONS = {
    "ip_allocation": ("IP Allocation", "2016-06-10T23:00:00-00:00"),
    "l2_adjacency": ("L2 Adjacency", "2016-04-12T16:00:00-00:00"),
    "multi-provider": ("Multi Provider Network", "2013-06-27T10:00:00-00:00"),
    "network-segment-range": ("Neutron Network Segment Range", "2018-11-29T00:00:00-00:00"),
    "segment": ("Segment", "2016-02-24T17:00:00-00:00"),
    "segments-peer-subnet-host-routes": (
        "Segments peer-subnet host routes",
        "2018-06-12T10:00:00-00:00",
    ),
    "standard-attr-segment": ("Standard Attribute Segment Extension", "2018-04-09T10:00:00-00:00"),
    "subnet-segmentid-writable": ("Subnet SegmentID (writable)", "2018-03-12T00:00:00-00:00"),
}
