"""Record what Neutron makes of values of its attributes, before any look at its database.

Run with the Python of an environment that has Neutron:

    /path/to/venv/bin/python tools/record_attribute_values.py

writes tests/unit/network/attribute_values.tsv. Each line: collection, attribute, and in JSON the
list of [value given, value kept] of what was offered; what is not in the list was refused.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neutron.conf.extensions import allowedaddresspairs
from neutron.extensions import securitygroup
from neutron_lib.api import attributes, definitions

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.unit.network.attribute_values import RECORD, offered

COLLECTIONS = (
    "networks", "subnets", "ports", "routers", "floatingips", "security_groups",
    "security_group_rules", "subnetpools", "address_scopes",
)  # fmt: skip
# An extension that changes attributes which this cloud has in their plain form
OTHERS = ("dvr",)


def attribute_map() -> dict[str, dict[str, Any]]:
    """Collection -> attribute -> how Neutron declares it, of all its API definitions."""
    found: dict[str, dict[str, Any]] = {}
    for module in pkgutil.iter_modules(definitions.__path__):
        one = importlib.import_module(f"{definitions.__name__}.{module.name}")
        if getattr(one, "ALIAS", None) not in OTHERS:
            _merge(found, getattr(one, "RESOURCE_ATTRIBUTE_MAP", None) or {})
    _merge(found, securitygroup.RESOURCE_ATTRIBUTE_MAP)
    _merge(found, securitygroup.EXTENDED_ATTRIBUTES_2_0)
    return found


def _merge(found: dict[str, dict[str, Any]], more: dict[str, Any]) -> None:
    """What an extension makes writable stays so, whatever the order of the definitions."""
    for collection, named in more.items():
        for name, declared in named.items():
            known = found.setdefault(collection, {}).setdefault(name, {})
            writable = {k: True for k in ("allow_post", "allow_put") if known.get(k)}
            known.update({**declared, **writable})


def kept(name: str, declared: dict[str, Any], value: Any) -> Any:
    """What is kept of a value; raises what Neutron raises."""
    info = attributes.AttributeInfo({name: declared})
    given = {name: json.loads(json.dumps(value))}
    info.convert_values(given, ValueError)
    return given[name]


def lines() -> Iterator[str]:
    known = attribute_map()
    for collection in COLLECTIONS:
        for name, declared in sorted(known[collection].items()):
            if not (declared.get("allow_post") or declared.get("allow_put")):
                continue
            accepted = []
            for value in offered(name):
                try:
                    accepted.append([value, kept(name, declared, value)])
                except Exception:  # whatever Neutron raises is a refusal
                    continue
            yield "\t".join((collection, name, json.dumps(accepted, sort_keys=True)))


if __name__ == "__main__":
    allowedaddresspairs.register_allowed_address_pair_opts()
    RECORD.write_text("".join(f"{line}\n" for line in lines()))
