"""Errors of flavors and service profiles."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound, Unavailable


class FlavorNotFound(NotFound):
    message = "Flavor {flavor_id} could not be found."


class FlavorInUse(Conflict):
    message = "Flavor {flavor_id} is used by some service instance."


class ServiceProfileNotFound(NotFound):
    message = "Service Profile {sp_id} could not be found."


class ServiceProfileInUse(Conflict):
    message = "Service Profile {sp_id} is used by some service instance."


class FlavorServiceProfileBindingExists(Conflict):
    message = "Service Profile {sp_id} is already associated with flavor {fl_id}."


class FlavorServiceProfileBindingNotFound(NotFound):
    message = "Service Profile {sp_id} is not associated with flavor {fl_id}."


class ServiceProfileDriverNotFound(NotFound):
    message = "Service Profile driver {driver} could not be found."


class ServiceProfileEmpty(BadRequest):
    message = "Service Profile needs either a driver or metainfo."


class InvalidServiceType(BadRequest):
    message = "Invalid service type: {service_type}."


class FlavorDisabled(Unavailable):
    message = "Flavor is not enabled."


class ServiceProfileDisabled(Unavailable):
    message = "Service Profile is not enabled."
