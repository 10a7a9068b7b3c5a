"""Errors of trunks."""

from __future__ import annotations

from stratolith.kernel.exceptions import Conflict, NotFound


class TrunkNotFound(NotFound):
    message = "Trunk {trunk_id} could not be found."


class SubPortNotFound(NotFound):
    message = "SubPort {port_id} on trunk {trunk_id} could not be found."


class TrunkPortInUse(Conflict):
    message = "Port {port_id} is in use by another trunk."


class ParentPortInUse(Conflict):
    message = "Port {port_id} is currently in use and is not eligible for use as a parent port."


class DuplicateSubPort(Conflict):
    message = (
        "segmentation_type {segmentation_type} and segmentation_id {segmentation_id} already in "
        "use on trunk {trunk_id}."
    )


class SubPortMtuGreaterThanTrunkPortMtu(Conflict):
    message = (
        "MTU {port_mtu} of subport {port_id} cannot be greater than MTU {trunk_mtu} of trunk "
        "{trunk_id}."
    )


class PortInUseAsTrunkParent(Conflict):
    message = "Port {port_id} is currently a parent port for trunk {trunk_id}."


class PortInUseAsSubPort(Conflict):
    message = "Port {port_id} is currently a subport for trunk {trunk_id}."


class TrunkInUse(Conflict):
    message = "Trunk {trunk_id} is currently in use."


class TrunkDisabled(Conflict):
    message = "Trunk {trunk_id} is currently disabled."


class TrunkInErrorState(Conflict):
    message = (
        "Trunk {trunk_id} is in error state. Attempt to resolve the error condition before "
        "proceeding."
    )
