"""Bindings of ports."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.managers.binding.port_bindings import Binding
from stratolith.network.schemas.attributes import single
from stratolith.network.schemas.fields import any_mapping, one_of, text
from stratolith.network.schemas.ports import VNIC_TYPES, vif


def _host(value: Any) -> str:
    host = str(text()(value))
    if not host:
        raise Invalid("'' is not the name of a host.")
    return host


BINDING = single(
    "binding",
    "bindings",
    {
        "host": Attribute(_host, required=True),
        "vif_type": READ_ONLY,
        "vif_details": READ_ONLY,
        "vnic_type": Attribute(one_of(*VNIC_TYPES), default="normal"),
        "profile": Attribute(any_mapping),
        "status": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
    },
)


def render(binding: Binding) -> dict[str, Any]:
    kind, details = vif(binding.port, binding.host)
    return {
        "host": binding.host,
        "vif_type": kind,
        "vif_details": details,
        "vnic_type": binding.vnic_type,
        "status": binding.status,
        "profile": binding.profile,
    }
