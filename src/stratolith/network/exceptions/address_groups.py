"""Errors of address groups."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class AddressGroupNotFound(NotFound):
    message = "Address group {address_group_id} could not be found."


class AddressGroupInUse(Conflict):
    message = "Address group {address_group_id} is in use on one or more security group rules."


class AddressesNotFound(NotFound):
    message = "Addresses {addresses} not found in the address group {address_group_id}."


class AddressesAlreadyExist(BadRequest):
    message = "Addresses {addresses} already exist in the address group {address_group_id}."


class AddrFormatError(BadRequest):
    message = "invalid IPNetwork {address}"
