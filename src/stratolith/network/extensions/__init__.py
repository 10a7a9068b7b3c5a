"""The extensions that this service has, a module for each subject.

An alias is listed only when everything behind it works. Names and dates are from the extension list
of the API reference.
"""

from __future__ import annotations

from stratolith.network.extensions import (
    core,
    dns,
    flavors,
    metering,
    ports,
    qos,
    routing,
    security,
    segments,
    subnetpools,
    topologies,
    trunks,
)

# alias -> (name, updated)
KNOWN: dict[str, tuple[str, str]] = {
    **core.EXTENSIONS,
    **dns.EXTENSIONS,
    **flavors.EXTENSIONS,
    **ports.EXTENSIONS,
    **metering.EXTENSIONS,
    **topologies.EXTENSIONS,
    **qos.EXTENSIONS,
    **routing.EXTENSIONS,
    **segments.EXTENSIONS,
    **subnetpools.EXTENSIONS,
    **trunks.EXTENSIONS,
    **security.EXTENSIONS,
}
