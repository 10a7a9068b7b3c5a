"""Checks all wishes of `up` before it changes anything of a running cloud."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from oslo_policy import _checks, _parser

from stratolith.deploy import config_file, database_tables, host
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.supervision import processes, running
from stratolith.kernel import config, plugins
from stratolith.kernel.config import ApiSection, ConfigError, Settings
from stratolith.kernel.config import secrets as config_secrets
from stratolith.kernel.policy import enforcer


def wished_settings(
    layout: Layout, values: Mapping[str, Mapping[str, Any]], *, is_new: bool
) -> Settings:
    """The settings after `up`; raises ConfigError for an unknown key or an invalid value."""
    config_path = layout.config if not is_new or layout.config.exists() else None
    kinds = config_file.sections()
    config.require_known_variables(kinds, os.environ)
    settings = config.load(kinds, config_path, os.environ, values)
    config_secrets.require_private(layout.config)
    _require_ports(settings)
    return settings


def _require_ports(settings: Settings) -> None:
    api = settings.of(ApiSection)
    classic = [port + api.port_offset for port in running.classic_ports()]
    if not api.single_port and api.port in classic:
        raise ConfigError(f"api.port: {api.port} is also one of the classic ports {classic}")


def require_listenable(settings: Settings) -> None:
    """Raises DeployError when the address of the APIs is not one of this machine."""
    listen = settings.of(ApiSection).listen
    try:
        processes.is_bindable(listen, 0)
    except OSError as error:
        raise DeployError(
            f"The APIs cannot listen on {listen}: {error.strerror}.",
            "choose an address of this host with --listen (setting api.listen); "
            "`ip address` shows them",
        ) from None


def require_alone(settings: Settings) -> None:
    """Raises DeployError when another real cloud has networks on this host."""
    other = host.other_cloud(settings)
    if other is not None:
        raise DeployError(
            f"The cloud in {other} has networks on this machine, which can have one real cloud.",
            f"stratolith destroy --state-dir {other}, or simulate the hosts with --fake",
        )


def require_plugins(settings: Settings) -> None:
    """Raises PluginError or ConfigError when a plug-in of an installed package cannot be used.

    Loads the built-in services only when there are plug-ins.
    """
    from stratolith.compute.drivers import choice as hypervisors
    from stratolith.network.drivers import choice as networks

    hypervisors.name_of(settings)
    networks.name_of(settings)
    if any(plugins.names(group) for group in plugins.GROUPS):
        from stratolith import services
        from stratolith.compute.scheduler import place

        services.load()
        place.require_plugins()


def require_policies(state_dir: Path) -> None:
    """Raises DeployError when policy.yaml cannot be read."""
    if not (state_dir / "policy.yaml").exists():
        return
    from stratolith import services

    loaded = services.load()
    logging.getLogger("oslo_policy._parser").disabled = True  # the error below reports it
    try:
        overrides = enforcer.read_overrides(state_dir / "policy.yaml")
        _require_known_rules(
            overrides, {rule.name for service in loaded for rule in service.policies}
        )
        enforcer.Policies({service.type: service.policies for service in loaded}, overrides)
    except enforcer.PolicyError as error:
        raise DeployError(f"The policy cannot be used: {error}.") from None


def _require_known_rules(overrides: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse a rule that no operation and no other rule uses: its name is a typing error."""
    referred = " ".join(overrides.values())
    for name, text in overrides.items():
        # oslo.policy turns what it cannot parse into the check "!" (never allowed).
        if isinstance(_parser.parse_rule(text), _checks.FalseCheck) and text.strip() != "!":
            raise DeployError(f"policy.yaml: the rule '{name}' cannot be read: {text}")
        if name not in known and f"rule:{name}" not in referred:
            close = difflib.get_close_matches(name, known, 1)
            raise DeployError(
                f"policy.yaml: no operation has a rule '{name}'.",
                f"did you mean {close[0]}?" if close else "docs/reference/api.md lists them",
            )


def require_database(layout: Layout, settings: Settings) -> None:
    """Raises DeployError when a PostgreSQL database does not answer or is another cloud's."""
    tables = database_tables.of(layout, settings)
    if tables is not None:
        tables.require_usable("" if settings.fake else _cloud_of_host(layout))


def _cloud_of_host(layout: Layout) -> str:
    try:
        return (layout.state_dir / "cloud-id").read_text().strip()
    except OSError:
        return ""
