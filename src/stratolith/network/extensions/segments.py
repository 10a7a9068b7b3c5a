"""Types of networks, segments, and ranges of their numbers."""

from __future__ import annotations

EXTENSIONS = {
    "multi-provider": ("Multi Provider Network", "2013-06-27T10:00:00-00:00"),
    "network-segment-range": ("Neutron Network Segment Range", "2018-11-29T00:00:00-00:00"),
    "segment": ("Segment", "2016-02-24T17:00:00-00:00"),
    "standard-attr-segment": ("Standard Attribute Segment Extension", "2018-04-09T10:00:00-00:00"),
}
