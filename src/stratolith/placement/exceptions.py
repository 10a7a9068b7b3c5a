"""Errors of the placement service.

NotFound 404
  ProviderNotFound         InventoryNotFound      TraitNotFound
  ResourceClassNotFound    NoAllocations
Conflict 409
  ConcurrentUpdate         InventoryInUse         ProviderInUse
  DuplicateName            ProviderHasChildren    CapacityExceeded
  TraitInUse               ResourceClassInUse
BadRequest 400
  BadQueryValue            MissingQueryValue      DuplicateQueryKey
  UnknownTraits            UnknownResourceClass   InvalidInventory
  UnknownProvider          InvalidParent          StandardName
"""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class ProviderNotFound(NotFound):
    message = "No resource provider with uuid {uuid} found."


class InventoryNotFound(NotFound):
    message = "No inventory of class {resource_class} found for provider {uuid}."


class ResourceClassNotFound(NotFound):
    message = "No such resource class {name}."


class TraitNotFound(NotFound):
    message = "No such trait: {name}."


class NoAllocations(NotFound):
    message = "No allocations for consumer '{consumer}'."


class ConcurrentUpdate(Conflict):
    code = "placement.concurrent_update"
    message = "The generation given is not the current one: {detail}."


class InventoryInUse(Conflict):
    code = "placement.inventory.inuse"
    message = "Inventory for '{classes}' on resource provider '{uuid}' is in use."


class ProviderInUse(Conflict):
    code = "placement.resource_provider.inuse"
    message = "Unable to delete resource provider {uuid}: it has allocations."


class ProviderHasChildren(Conflict):
    code = "placement.resource_provider.cannot_delete_parent"
    message = "Unable to delete parent resource provider {uuid}: it has child providers."


class DuplicateName(Conflict):
    code = "placement.duplicate_name"
    message = "A {what} with {field} '{value}' exists already."


class CapacityExceeded(Conflict):
    """An allocation exceeds the free capacity; the message names class and amount."""

    message = "Unable to allocate inventory: {reason}."


class TraitInUse(Conflict):
    message = "The trait {name} is in use by a resource provider."


class ResourceClassInUse(Conflict):
    message = "The resource class {name} is in use by an inventory."


class BadQueryValue(BadRequest):
    code = "placement.query.bad_value"


class MissingQueryValue(BadRequest):
    code = "placement.query.missing_value"


class DuplicateQueryKey(BadRequest):
    code = "placement.query.duplicate_key"
    message = "The query parameter '{name}' may be given only once."


class UnknownTraits(BadRequest):
    message = "No such trait(s): {names}."


class UnknownResourceClass(BadRequest):
    message = "Unknown resource class in '{what}': {name}."


class UnknownProvider(BadRequest):
    message = "Allocation for resource provider '{uuid}' that does not exist."


class InvalidInventory(BadRequest):
    message = "Invalid inventory for '{resource_class}': {reason}."


class InvalidParent(BadRequest):
    message = "Unable to save resource provider {uuid}: {reason}."


class StandardName(BadRequest):
    message = "Cannot change or delete the standard {what} {name}."
