"""Errors of RBAC policies."""

from __future__ import annotations

from stratolith.kernel.exceptions import Conflict, NotFound


class RbacPolicyNotFound(NotFound):
    message = "RBAC policy of type {object_type} with ID {id} not found"


class RbacPolicyInUse(Conflict):
    message = (
        "RBAC policy on object {object_id} cannot be removed because other objects depend on it."
    )


class DuplicateRbacPolicy(Conflict):
    message = "An RBAC policy already exists with those values."

    @property
    def type(self) -> str:
        return "DuplicateRbacPolicy"
