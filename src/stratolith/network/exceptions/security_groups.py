"""Errors of security groups."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class SecurityGroupNotFound(NotFound):
    message = "Security group {id} does not exist"


class SecurityGroupRuleNotFound(NotFound):
    message = "Security group rule {id} does not exist"


class SecurityGroupInUse(Conflict):
    message = "Security Group {id} in use."


class SecurityGroupDefaultAlreadyExists(Conflict):
    message = "Default security group already exists."


class SecurityGroupCannotUpdateDefault(Conflict):
    message = "Updating default security group not allowed."


class SecurityGroupCannotRemoveDefault(Conflict):
    message = "Insufficient rights for removing default security group."


class SecurityGroupRuleExists(Conflict):
    message = "Security group rule already exists. Rule id is {rule_id}."


class SecurityGroupConflict(Conflict):
    message = "Error {reason} while attempting the operation."


class InvalidCIDR(BadRequest):
    message = "Invalid CIDR {input} given as IP prefix."


class SecurityGroupRuleInvalidProtocol(BadRequest):
    message = (
        "Security group rule protocol {protocol} not supported. Only protocol values {values} "
        "and integer representations [0 to 255] are supported."
    )


class SecurityGroupRuleInvalidEtherType(BadRequest):
    message = (
        "Security group rule for ethertype '{ethertype}' not supported. Allowed values are "
        "{values}."
    )


class SecurityGroupInvalidPortRange(BadRequest):
    message = "For TCP/UDP protocols, port_range_min must be <= port_range_max"


class SecurityGroupInvalidPortValue(BadRequest):
    message = "Invalid value for port {port}"


class SecurityGroupInvalidIcmpValue(BadRequest):
    message = "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255."


class SecurityGroupMissingIcmpType(BadRequest):
    message = (
        "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing."
    )


class SecurityGroupProtocolRequiredWithPorts(BadRequest):
    message = "Must also specify protocol if port range is given."


class SecurityGroupInvalidProtocolForPort(BadRequest):
    message = (
        "Port range cannot be specified for protocol {protocol}. Port range is only supported "
        "for {valid_port_protocols}."
    )


class SecurityGroupMultipleRemoteEntites(BadRequest):  # spelt as clients know it
    message = (
        "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be "
        "provided."
    )


class SecurityGroupRuleParameterConflict(BadRequest):
    message = "Conflicting value ethertype {ethertype} for CIDR {cidr}"


class SecurityGroupEthertypeConflictWithProtocol(BadRequest):
    message = "Invalid ethertype {ethertype} for protocol {protocol}."


class DefaultSecurityGroupRuleNotFound(NotFound):
    message = "Default Security Group rule {id} does not exist"


class DefaultSecurityGroupRuleExists(Conflict):
    message = "Default Security group rule already exists. Rule id is {rule_id}."


class SecurityGroupDefaultStatefulnessNotFound(NotFound):
    message = "Security group default statefulness {id} could not be found."


class SecurityGroupDefaultStatefulnessAlreadyExists(Conflict):
    message = (
        "A security group default statefulness setting already exists for project '{project_id}'."
    )
