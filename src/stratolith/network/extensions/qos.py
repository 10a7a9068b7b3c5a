"""Quality of service."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "qos": ("Quality of Service", "2015-06-08T10:00:00-00:00"),
    "qos-bw-limit-direction": (
        "Direction for QoS bandwidth limit rule",
        "2017-04-10T10:00:00-00:00",
    ),
    "qos-bw-minimum-ingress": (
        "Ingress direction for QoS minimum bandwidth rule",
        "2018-07-09T10:00:00-00:00",
    ),
    "qos-default": ("QoS default policy", "2017-041-06T10:00:00-00:00"),
    "qos-fip": ("Floating IP QoS", "2017-07-20T00:00:00-00:00"),
    "qos-gateway-ip": ("Router gateway IP QoS", "2018-02-24T00:00:00-00:00"),
    "qos-port-network-policy": ("QoS port network policy ID", "2019-11-01T10:00:00-00:00"),
    "qos-pps": ("QoS Rule Type Packet per Second Extension", "2021-05-12T10:00:00-00:00"),
    "qos-pps-minimum": ("QoS minimum packet rate rule", "2021-07-14T10:00:00-00:00"),
    "qos-pps-minimum-rule-alias": (
        "QoS minimum packet rate rule alias",
        "2021-10-22T10:00:00-00:00",
    ),
    "qos-rule-type-details": ("Details of QoS rule types", "2017-06-22T10:00:00-00:00"),
    "qos-rule-type-filter": (
        "Allow to filter the list of QoS rule types",
        "2022-02-02T10:00:00-00:00",
    ),
    "qos-rules-alias": ("Quality of Service rules alias API", "2018-10-07T10:00:00-00:00"),
}
