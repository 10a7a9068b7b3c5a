"""`check`: whether this machine meets the requirements of a cloud, with a fix for each."""

from __future__ import annotations

import os
from typing import Any

from stratolith.deploy import belongings, external, validation
from stratolith.deploy.checks import features, requirements
from stratolith.deploy.checks.requirements import Finding
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.supervision import running
from stratolith.kernel.config import Settings
from stratolith.network.settings import NetworkSettings


def check(layout: Layout, *, fake: bool, port_offset: int | None = None) -> int:
    """Print the requirements; 0 when all are met. Raises ConfigError, DeployError."""
    values = {"cloud": {"state_dir": str(layout.state_dir), "run_dir": str(layout.run_dir)}}
    wishes: dict[str, dict[str, Any]] = {**values, "api": running.ports_moved_by(port_offset)}
    if fake:
        wishes["cloud"] = {**wishes["cloud"], "fake": True}
    belongings.require_usable(layout)
    settings = validation.wished_settings(layout, wishes, is_new=not layout.config.exists())
    own = set(running.pids(layout).values())
    findings = list(requirements.findings(settings, own))
    if not settings.fake and settings.of(NetworkSettings).driver in ("", "linux"):
        findings += features.findings()
    if not layout.seed.exists():
        findings.append(_external(settings))
    _print(findings)
    failed = [finding for finding in findings if not finding.is_met and not finding.is_warning]
    if failed:
        print(f"\n{len(failed)} of {len(findings)} requirements are not met.")
        return 1
    print(f"\nAll {len(findings)} checked; this machine can run the cloud.")
    return 0


def _external(settings: Settings) -> Finding:
    try:
        chosen = external.choose(None, None, None, os.environ)
        external.require_apart(chosen, settings.of(NetworkSettings).private_cidr)
        if not settings.fake:
            external.require_no_overlap(chosen, external.host_networks())
    except DeployError as error:
        return Finding("external network", error.problem, "free", False, error.fix)
    return Finding("external network", f"{chosen.cidr} is free", "free", True)


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark = "ok  " if finding.is_met else _mark(finding)
        line = f"{mark}  {finding.what:<{width}}  {finding.actual}"
        if not finding.is_met:
            line += f" (wanted: {finding.wanted})\n      fix: {finding.fix}"
        print(line)


def _mark(missing: Finding) -> str:
    if missing.is_optional:
        return "opt "
    return "warn" if missing.is_warning else "FAIL"
