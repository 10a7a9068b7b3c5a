"""Typed settings: one YAML file, one section per service, STRATOLITH_* overrides.

A section is a frozen msgspec struct whose fields have their documentation in
``Meta(description=...)``; the generated configuration file and the reference page are made from it,
so each key is documented. Precedence, lowest first: defaults, the YAML file, ``conf.d/*.yaml``
beside it in name order, ``STRATOLITH_<SECTION>_<KEY>`` in the environment, command line options.
Secrets are only in ``secrets.json`` (mode 0600).
"""

from stratolith.kernel.config.sections import (
    HIGHEST_PORT,
    KERNEL_SECTIONS,
    LEVELS,
    OTHER_VARIABLES,
    ApiSection,
    CloudSection,
    ConfigError,
    DatabaseSection,
    Doc,
    HostsSection,
    LogSection,
    Section,
)
from stratolith.kernel.config.settings import (
    Settings,
    files,
    load,
    load_valid,
    read_yaml,
    require_known_variables,
)

__all__ = [
    "HIGHEST_PORT",
    "KERNEL_SECTIONS",
    "LEVELS",
    "OTHER_VARIABLES",
    "ApiSection",
    "CloudSection",
    "ConfigError",
    "DatabaseSection",
    "Doc",
    "HostsSection",
    "LogSection",
    "Section",
    "Settings",
    "files",
    "load",
    "load_valid",
    "read_yaml",
    "require_known_variables",
]
