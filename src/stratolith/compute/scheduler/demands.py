"""Demands of a flavor's extra specs and an image's properties on a host, besides sizes.

If no host of this cloud can meet a demand (dedicated processors, large pages, a TPM), all hosts
are refused: the server fails with this reason instead of running without the feature.
Preferences (such as the model of a disk's bus) are no demands; they are listed in
docs/reference/compute-attributes.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TRAIT = "trait:"
_RESOURCE = "resources:"
_NUMBERED = re.compile(r"(resources|trait|group_policy)[0-9a-zA-Z_-]*(:|\Z)")
_NO = ("false", "no", "off", "0", "f", "n", "")

# extra spec -> values that demand nothing; None: only the values in _NO demand nothing
_IMPOSSIBLE: dict[str, tuple[str, ...] | None] = {
    "hw:cpu_policy": ("shared",),
    "hw:cpu_thread_policy": ("prefer",),
    "hw:emulator_threads_policy": (),
    "hw:cpu_realtime": None,
    "hw:cpu_realtime_mask": (),
    "hw:cpu_dedicated_mask": (),
    "hw:mem_page_size": ("small", "any"),
    "hw:mem_encryption": None,
    "hw:locked_memory": None,
    "hw:numa_nodes": ("1",),
    "hw:pci_numa_affinity_policy": ("preferred", "legacy"),
    "hw:tpm_model": (),
    "hw:tpm_version": (),
    "hw:viommu_model": (),
    "hw:serial_port_count": ("1",),
    "os:secure_boot": ("disabled", "optional"),
    "pci_passthrough:alias": (),
}


@dataclass(frozen=True)
class Demands:
    """``resources``: replace or extend the flavor's sizes; ``impossible``: unmet demands."""

    resources: Mapping[str, int] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    impossible: str = ""


def of(extra_specs: Mapping[str, str], properties: Mapping[str, str]) -> Demands:
    """The demands. ``properties``: of the image."""
    resources: dict[str, int] = {}
    traits: dict[str, set[str]] = {"required": set(), "forbidden": set()}
    impossible = []
    for name, value in extra_specs.items():
        amount = value if value.isascii() and value.isdigit() and len(value) < 10 else None
        if name.startswith(_RESOURCE) and amount is not None:
            resources[name.removeprefix(_RESOURCE)] = int(amount)
        elif name.startswith(_TRAIT) and value in traits:
            traits[value].add(name.removeprefix(_TRAIT))
        elif _NUMBERED.match(name) or _is_impossible(name, value):
            impossible.append(f"the flavor's {name}={value}")
    for name, value in properties.items():
        if name.startswith(_TRAIT) and value == "required":
            traits["required"].add(name.removeprefix(_TRAIT))
        elif _is_impossible(_as_flavor(name), value):
            impossible.append(f"the image's {name}={value}")
    return Demands(
        resources,
        frozenset(traits["required"]),
        frozenset(traits["forbidden"]),
        ", ".join(impossible),
    )


def _as_flavor(name: str) -> str:
    """The extra spec for an image property: hw:cpu_policy for hw_cpu_policy."""
    space, _, rest = name.partition("_")
    return f"{space}:{rest}" if space in ("hw", "os") else name


def _is_impossible(name: str, value: str) -> bool:
    if name not in _IMPOSSIBLE and not name.startswith(("hw:numa_cpus.", "hw:numa_mem.")):
        return False
    harmless = _IMPOSSIBLE.get(name, ())
    lowered = value.strip().lower()
    return lowered not in _NO if harmless is None else lowered not in harmless
