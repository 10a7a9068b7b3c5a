"""Errors of QoS policies and their rules."""

from __future__ import annotations

from stratolith.kernel.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotSupported,
)


class QosPolicyNotFound(NotFound):
    message = "QoS policy {policy_id} could not be found."


class QosPolicyInUse(Conflict):
    message = "QoS Policy {policy_id} is used by {object_type} {object_id}."


class QosPolicyWithoutProject(BadRequest):
    message = "A QoS policy belongs to a project, and the token has none."


class QoSPolicyDefaultAlreadyExists(Conflict):
    message = "A default QoS policy exists for project {project_id}."


class QosRuleNotFound(NotFound):
    message = "QoS rule {rule_id} for policy {policy_id} could not be found."


class QoSRulesConflict(Conflict):
    message = (
        "Rule {new_rule_type} conflicts with rule {rule_id} which already exists in "
        "QoS Policy {policy_id}."
    )


class QoSRuleParameterConflict(Conflict):
    message = (
        "Unable to add the rule with value {rule_value} to the policy {policy_id} as the existing "
        "rule of type {existing_rule} has value {existing_value}."
    )


class QosRuleNotSupported(Conflict):
    message = "Rule {rule_type} is not supported by port {port_id}"


class QosRuleNotSupportedByNetwork(Conflict):
    message = "Rule {rule_type} is not supported by network {network_id}"


class QosRuleTypeNotFound(NotFound):
    message = "There is no type of QoS rules with the name {name}."


class PolicyRemoveAuthorizationError(Forbidden):
    message = "Failed to remove provided policy {policy_id} because you are not authorized."


class NotAuthorized(Forbidden):
    message = "Not authorized."


class QosPlacementAllocationUpdateConflict(Conflict):
    message = (
        "Updating placement allocation with {alloc_diff} for consumer {consumer} failed. The "
        "requested resources would exceed the capacity available."
    )


class PlacementAllocationRemoved(BadRequest):
    message = "Resource allocation is deleted for consumer {consumer}"


class PlacementAllocationRpNotExists(BadRequest):
    message = "Resource provider {resource_provider} for {consumer} does not exist"


class TrackedInPlacement(NotSupported):
    """Upstream's type is that of Python's error."""

    message = "Cannot update QoS policies/rules backed by resources tracked in Placement"

    @property
    def type(self) -> str:
        return "NotImplementedError"
