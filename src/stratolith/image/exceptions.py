"""Errors of the image service.

NotFound 404            Forbidden 403            Conflict 409
  ImageNotFound           AttributeReadOnly        DuplicateImage
  MemberNotFound          AttributeReserved        DuplicateMember
  TagNotFound             ImageProtected           PropertyMissing
  ImageDataNotFound       ImageDeactivated         InvalidTransition
  NamespaceNotFound       NamespaceProtected       DuplicateNamespace
  DefinitionNotFound      DefinitionProtected      DuplicateDefinition
  TaskNotFound            LastStore                StoreUnknown
  NotInStore              NotShared                ImportNotPossible
  CacheDisabled           PropertyKept             DigestConflict  WrongMoment
BadRequest 400            WrongStatus            TooLarge 413
  FormatsMissing          NotOwner                 ImageTooLarge  StorageFull
  InvalidPatch            LocationsHidden          LimitExceeded  OverLimit
  InvalidFilter           LocationsKept          UnsupportedMediaType 415
  ImageNotActive          LastLocation             InvalidImageData
  UnknownStore            PropertyProtected      Unavailable 503
  InvalidLocation         NoWebStore               RemoteUnavailable
  InvalidDigest         Gone 410
  UriRefused              ImageGone
  DownloadFailed          MethodNotAllowed 405
                            TaskDeletionNotAllowed
"""

from __future__ import annotations

from stratolith.kernel.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)


class ImageNotFound(NotFound):
    message = "No image found with ID {image_id}"


class ImageDataNotFound(NotFound):
    message = "The data of image {image_id} is not in the store"


class MemberNotFound(NotFound):
    message = "{member_id} not found in the member list of the image {image_id}."


class TagNotFound(NotFound):
    message = "Image {image_id} has no tag {tag}"


class AttributeReadOnly(Forbidden):
    message = "Attribute '{name}' is read-only."


class AttributeReserved(Forbidden):
    message = "Attribute '{name}' is reserved."


class PropertyKept(Forbidden):
    message = "Property {name} may not be removed."


class ImageProtected(Forbidden):
    message = "Image {image_id} is protected and cannot be deleted."


class ImageDeactivated(Forbidden):
    message = "The requested image has been deactivated. Image data download is forbidden."


class NotShared(Forbidden):
    message = "Only shared images have members, image {image_id} is {visibility}."


class WrongStatus(Forbidden):
    message = "Not allowed to {verb} image in status '{status}'"


class NotOwner(Forbidden):
    message = "You are not permitted to {verb} images owned by '{owner}'."


class DuplicateImage(Conflict):
    message = "Image ID {image_id} already exists!"


class DuplicateMember(Conflict):
    message = "Member {member_id} is duplicated for image {image_id}"


class PropertyMissing(Conflict):
    message = "Property {name} does not exist."


class InvalidTransition(Conflict):
    message = "Image status transition from {status} to {wanted} is not allowed"


class WrongMoment(Conflict):
    message = "It's not allowed to {verb} if image status is {status}."


class ImportNotPossible(Conflict):
    message = "Image with status {status} cannot be target for import"


class FormatsMissing(BadRequest):
    message = "Properties disk_format, container_format must be set prior to saving data."


class InvalidPatch(BadRequest):
    """The JSON patch is invalid, or does not fit this resource."""


class InvalidFilter(BadRequest):
    """A filter of the list is invalid."""


class UnknownStore(BadRequest):
    message = "Store '{store}' does not exist; known are: {known}."


class ImageNotActive(BadRequest):
    message = "Image {image_id} is not active."


class ImageNotBootable(BadRequest):
    message = "Image {image_id} is unacceptable: {reason}"


class ImageGone(Gone):
    message = "Image {image_id} was deleted while its data was uploaded."


class ImageTooLarge(TooLarge):
    message = "Denying attempt to upload an image larger than {limit} bytes."


class StorageFull(TooLarge):
    message = "Image storage media is full: {free} bytes are free, {reserve} are kept in reserve."


class LimitExceeded(TooLarge):
    message = "The limit has been exceeded on the number of allowed image {what}: {limit}."


class NamespaceNotFound(NotFound):
    message = "Metadata definition namespace={namespace} was not found."


class DefinitionNotFound(NotFound):
    message = "The metadata definition {kind} with name={name} was not found in {namespace}."


class DuplicateNamespace(Conflict):
    message = "The metadata definition namespace={namespace} already exists."


class DuplicateDefinition(Conflict):
    message = "A metadata definition {kind} with name={name} already exists in {namespace}."


class NamespaceProtected(Forbidden):
    message = "Metadata definition namespace {namespace} is protected and cannot be deleted."


class DefinitionProtected(Forbidden):
    message = "The {kind} {name} cannot be deleted: its namespace {namespace} is protected."


class TaskNotFound(NotFound):
    message = "No task found with ID {task_id}"


class NotInStore(NotFound):
    message = "Image {image_id} is not stored in store {store}."


class StoreUnknown(Conflict):
    message = "The selected store {store} is not available on this node."


class LastStore(Forbidden):
    message = "Cannot delete image data from the only store that holds it; delete the image."


class CacheDisabled(NotFound):
    message = "Caching via API is not supported at this site."


class InvalidLocation(BadRequest):
    message = "Invalid location: {reason}."


class InvalidDigest(BadRequest):
    message = "Invalid validation_data: {reason}."


class DigestConflict(Conflict):
    message = "Invalid validation_data: {reason}."


class LocationsHidden(Forbidden):
    message = "It's not allowed to change locations if locations are invisible."


class LocationsKept(Forbidden):
    message = "Cannot set locations to empty list."


class LastLocation(Forbidden):
    message = "Cannot remove last location in the image."


class NoWebStore(Forbidden):
    message = "http store must be enabled to use location API by normal user."


class PropertyProtected(Forbidden):
    message = "Property '{name}' is protected"


class OverLimit(TooLarge):
    message = "Project {project_id} is over a limit for {what}: {used} of {limit} are used."


class RemoteUnavailable(Unavailable):
    message = "The data of image {image_id} cannot be read from its location: {reason}"


class UriRefused(BadRequest):
    message = "URI does not pass filtering: {reason}"


class DownloadFailed(BadRequest):
    message = "Image data could not be fetched: {reason}"


class InvalidImageData(UnsupportedMediaType):
    """The data do not have the declared format, or are unsafe."""

    message = "{reason}"


class TaskDeletionNotAllowed(MethodNotAllowed):
    message = (
        "This operation is currently not permitted on Glance Tasks. They are auto deleted after "
        "reaching the time based on their expires_at property."
    )

    def __init__(self) -> None:
        super().__init__()
        self.headers["Allow"] = "GET"
