"""The settings of one process: read from files, environment and command line, then validated."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import msgspec.inspect
import yaml

from stratolith.kernel import files as kernel_files
from stratolith.kernel.addresses import is_loopback
from stratolith.kernel.config.sections import (
    KERNEL_SECTIONS,
    OTHER_VARIABLES,
    ApiSection,
    CloudSection,
    ConfigError,
    DatabaseSection,
    HostsSection,
    Section,
)

S = TypeVar("S", bound=Section)


class Settings:
    """All sections of one process, read only."""

    def __init__(
        self,
        sections: Mapping[str, Section],
        raw: Mapping[str, dict[str, Any]] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        only_valid: bool = False,
    ) -> None:
        self._convert = _convert_valid if only_valid else _convert
        self._by_name = dict(sections)
        self._by_type = {type(section): section for section in sections.values()}
        self._others = dict(raw or {})  # sections that were not requested when loading
        self._environ = environ or {}

    def of(self, kind: type[S]) -> S:
        """The section of this type; raises ConfigError for invalid values.

        A section that was not loaded is made now, from the file or from defaults: so an agent can
        read its sections without importing the services.
        """
        section = self._by_type.get(kind)
        if section is None:
            name = kind.section_name()
            values = dict(self._others.get(name, {}))
            values |= _from_environment({name: kind}, self._environ).get(name, {})
            section = self._by_type[kind] = self._convert(name, kind, values)
        assert isinstance(section, kind)
        return section

    def named(self, name: str) -> Section:
        return self._by_name[name]

    def names(self) -> list[str]:
        return list(self._by_name)

    @property
    def state_dir(self) -> Path:
        return Path(self.of(CloudSection).state_dir)

    @property
    def run_dir(self) -> Path:
        return Path(self.of(CloudSection).run_dir)

    @property
    def fake(self) -> bool:
        return self.of(CloudSection).fake

    @property
    def database_url(self) -> str:
        return self.of(DatabaseSection).url or f"sqlite:///{self.state_dir}/stratolith.db"

    @property
    def hosts_address(self) -> tuple[str, int] | None:
        """Address on which the server listens for agents of other machines; None: it does not."""
        api, hosts = self.of(ApiSection), self.of(HostsSection)
        address = hosts.listen or api.listen
        if not hosts.listen and is_loopback(address):
            return None
        return address, hosts.port or api.port + 2

    @property
    def agent_socket(self) -> Path:
        """The socket on which the server listens for the local agent."""
        return self.run_dir / "agent.sock"


def load(
    sections: Mapping[str, type[Section]],
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    others_allowed: bool = False,
) -> Settings:
    """Read the settings of ``sections`` and of the kernel; raises ConfigError.

    ``others_allowed`` accepts other sections in the files, unchecked until ``Settings.of`` reads
    them, so that agents and light commands need not import every service.
    """
    known = {**KERNEL_SECTIONS, **sections}
    merged: dict[str, dict[str, Any]] = {name: {} for name in known}
    for source in files(path):
        document = read_yaml(source)
        if others_allowed:
            merged |= {str(name): {} for name in document if name not in merged}
        _merge(merged, document, str(source))
    _merge(merged, _from_environment(known, environ or {}), "the environment")
    _merge(merged, {k: dict(v) for k, v in (overrides or {}).items()}, "the command line")
    unread = {name: values for name, values in merged.items() if name not in known}
    return Settings(
        {name: _convert(name, kind, merged[name]) for name, kind in known.items()},
        unread,
        environ,
    )


def load_valid(
    path: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, Mapping[str, Any]],
) -> Settings:
    """The kernel's settings without what is invalid: for commands that remove a cloud.

    They must work whatever the configuration contains. Nothing is raised, neither now nor by
    ``Settings.of``.
    """
    merged: dict[str, dict[str, Any]] = {name: {} for name in KERNEL_SECTIONS}
    for source in files(path):
        try:
            document = read_yaml(source)
        except ConfigError:
            continue
        for section, values in document.items():
            if isinstance(values, dict):
                merged.setdefault(str(section), {}).update(values)
    _merge(merged, _from_environment(KERNEL_SECTIONS, environ), "the environment")
    _merge(merged, {k: dict(v) for k, v in overrides.items()}, "the command line")
    unread = {name: values for name, values in merged.items() if name not in KERNEL_SECTIONS}
    return Settings(
        {name: _convert_valid(name, kind, merged[name]) for name, kind in KERNEL_SECTIONS.items()},
        unread,
        environ,
        only_valid=True,
    )


def require_known_variables(
    sections: Mapping[str, type[Section]], environ: Mapping[str, str]
) -> None:
    """Raises ConfigError for a variable STRATOLITH_... that sets nothing: a typing error."""
    known = {
        f"STRATOLITH_{name}_{key}".upper()
        for name, kind in sections.items()
        for key in kind.__struct_fields__
    } | OTHER_VARIABLES
    for name in sorted(environ):
        if name.startswith("STRATOLITH_") and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"the environment: {name} is not a setting{hint}")


def files(path: Path | None) -> Iterable[Path]:
    """The files of a configuration, in order of increasing precedence."""
    if path is None or not path.exists():
        return []
    return [path, *sorted((path.parent / "conf.d").glob("*.yaml"))]


def read_yaml(path: Path) -> dict[str, Any]:
    """The sections of a file; raises ConfigError."""
    try:
        document = yaml.safe_load(kernel_files.read(path)) or {}
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must be a mapping of sections")
    return document


def _merge(merged: dict[str, dict[str, Any]], document: dict[str, Any], source: str) -> None:
    for section, values in document.items():
        if values is None:
            continue  # an empty section, perhaps of a service whose package was removed
        if section not in merged:
            known = ", ".join(sorted(merged))
            raise ConfigError(f"{source}: unknown section '{section}'; known are: {known}")
        if not isinstance(values, dict):
            raise ConfigError(f"{source}: section '{section}' must be a mapping")
        merged[section].update(values)


def _from_environment(
    known: Mapping[str, type[Section]], environ: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for name, kind in known.items():
        for key in kind.__struct_fields__:
            value = environ.get(f"STRATOLITH_{name}_{key}".upper())
            if value is not None:
                values.setdefault(name, {})[key] = _from_text(kind, key, value)
    return values


def _from_text(kind: type[Section], key: str, text: str) -> Any:
    """Lists are written ``a,b`` or as YAML, ``[a, b]``; mappings as YAML, ``{a: 1}``."""
    declared = msgspec.inspect.type_info(kind)
    assert isinstance(declared, msgspec.inspect.StructType)
    type_ = next(field.type for field in declared.fields if field.name == key)
    while isinstance(type_, msgspec.inspect.Metadata):  # the type is wrapped in its documentation
        type_ = type_.type
    is_list = isinstance(type_, msgspec.inspect.ListType | msgspec.inspect.VarTupleType)
    if is_list and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    if is_list or isinstance(type_, msgspec.inspect.DictType):
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text  # the conversion reports the expected type
    return text


def _convert(name: str, kind: type[Section], values: dict[str, Any]) -> Section:
    unknown = sorted(set(values) - set(kind.__struct_fields__))
    if unknown:
        known = ", ".join(kind.__struct_fields__)
        raise ConfigError(f"{name}.{unknown[0]}: unknown key; known are: {known}")
    try:
        # strict=False converts text of the environment to numbers and booleans
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"section '{name}': {error}") from None


def _convert_valid(name: str, kind: type[Section], values: dict[str, Any]) -> Section:
    """As ``_convert``, without the keys whose values are invalid."""
    valid: dict[str, Any] = {}
    for key, value in values.items():
        try:
            _convert(name, kind, {**valid, key: value})
        except ConfigError:
            continue
        valid[key] = value
    return _convert(name, kind, valid)
