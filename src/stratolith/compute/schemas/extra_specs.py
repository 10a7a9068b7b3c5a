"""Known extra specs and their values; checked from microversion 2.86 on.

Source of names and values: the compute service's reference of flavor extra specs. Namespaces
that are not listed here belong to the operator and may have any value.
"""

from __future__ import annotations

from collections.abc import Mapping

from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.matching import Expression


def _whole(pattern: str) -> Expression:
    return Expression.parse(f"^(?:{pattern})$", case_sensitive=True)


_NUMBER, _BOOL, _ANY = r"[0-9]+", r"(?i:true|false|yes|no|on|off|1|0|t|f|y|n)", r".*"
_FRACTION = r"[0-9]+(\.[0-9]+)?"

# name (a pattern) -> pattern of the value
_PATTERNS = {
    r"hw:boot_menu": _BOOL,
    r"hw:cpu_cores|hw:cpu_sockets|hw:cpu_threads": _NUMBER,
    r"hw:cpu_max_cores|hw:cpu_max_sockets|hw:cpu_max_threads": _NUMBER,
    r"hw:cpu_policy": r"shared|dedicated|mixed",
    r"hw:cpu_thread_policy": r"prefer|isolate|require",
    r"hw:emulator_threads_policy": r"isolate|share",
    r"hw:cpu_dedicated_mask|hw:cpu_realtime_mask": r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*",
    r"hw:cpu_realtime|hw:mem_encryption|hw:pmu|hw:locked_memory": _BOOL,
    r"hw:hide_hypervisor_id|hw:tpm_secret_security|hw:virtio_packed_ring": _ANY,
    r"hw:mem_page_size": r"small|large|any|[0-9]+([kKmMgGtT]i?[bB]?)?",
    r"hw:numa_nodes": r"[1-9][0-9]*",
    r"hw:numa_cpus\.[0-9]+": r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*",
    r"hw:numa_mem\.[0-9]+": _NUMBER,
    r"hw:pci_numa_affinity_policy": r"required|preferred|legacy|socket",
    r"hw:serial_port_count": _NUMBER,
    r"hw:tpm_model": r"tpm-tis|tpm-crb",
    r"hw:tpm_version": r"1\.2|2\.0",
    r"hw:watchdog_action": r"none|pause|poweroff|reset|disabled",
    r"hw:vif_multiqueue_enabled": _BOOL,
    r"hw:maxphysaddr_mode": r"passthrough|emulate",
    r"hw:maxphysaddr_bits": _NUMBER,
    r"hw:viommu_model": r"intel|smmuv3|virtio|auto",
    r"hw:sound_model|hw:usb_model|hw:redirected_usb_ports": _ANY,
    r"hw_rng:allowed": _BOOL,
    r"hw_rng:rate_bytes|hw_rng:rate_period": _NUMBER,
    r"hw_video:ram_max_mb": _NUMBER,
    r"quota:(cpu|memory|disk_io|vif)_shares_(level|share)": _ANY,
    r"quota:(cpu|memory|disk_io|vif)_(limit|reservation)": _NUMBER,
    r"quota:cpu_(shares|period|quota)": r"-?[0-9]+",
    r"quota:disk_(read|write|total)_(bytes|iops)_sec(_max)?": _NUMBER,
    r"quota:vif_(inbound|outbound)_(average|peak|burst)": _NUMBER,
    r"os:secure_boot": r"required|disabled|optional",
    r"os:monitors": r"[1-8]",
    r"pci_passthrough:alias": r".+:[0-9]+(,.+:[0-9]+)*",
    r"trait[0-9a-zA-Z_-]*:[A-Z][A-Z0-9_]*": r"required|forbidden",
    r"resources[0-9a-zA-Z_-]*:[A-Z][A-Z0-9_]*": _FRACTION,
}
# Values may be long, so the expressions must match in linear time.
_KNOWN = [(_whole(key), _whole(value)) for key, value in _PATTERNS.items()]
_NAMESPACES = {"hw", "hw_rng", "hw_video", "quota", "os", "pci_passthrough"}


def check(specs: Mapping[str, str]) -> None:
    """Raise BadRequest for an unknown name of a known namespace, or a wrong value."""
    for name, value in specs.items():
        known = [pattern for key, pattern in _KNOWN if key.search(name)]
        if not known:
            namespace = name.split(":")[0] if ":" in name else ""
            if namespace in _NAMESPACES or namespace in ("trait", "resources"):
                raise BadRequest(
                    f"Validation failed; extra spec '{name}' does not appear to be a valid "
                    "extra spec."
                )
            continue
        if not known[0].search(value):
            raise BadRequest(
                f"Validation failed; '{value}' is not a valid value of extra spec '{name}'."
            )
