"""`check`: what is missing fails, warns, or is only named."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from stratolith.deploy.checks import check, features, requirements
from stratolith.deploy.checks.requirements import Finding
from stratolith.deploy.prepare import DebianPackage


def test_missing_packages_of_foreign_guests_are_named_and_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DebianPackage, "is_present", lambda package: False)
    found = list(requirements._packages())
    check._print(found)
    lines = capsys.readouterr().out.splitlines()
    optional = [line for line in lines if line.startswith("opt ")]
    assert any("by emulation" in line for line in optional)
    assert any("ovmf" in line for line in optional)
    fixes = [line for line in lines if "fix: apt-get install" in line]
    assert any(line.endswith("ovmf") for line in fixes)
    assert any(line.startswith("FAIL") and "qemu-utils" in line for line in lines)
    assert "ovmf" not in requirements.missing_packages()


def test_check_tells_what_runs_which_guests() -> None:
    found = {one.what: one for one in requirements._guests()}
    for one in found.values():
        assert one.is_met and "machine type" in one.actual
    assert len(found) == len({name for name in found if name.startswith("guests of ")})


@pytest.mark.parametrize(
    ("changes", "mark"),
    [({}, "FAIL"), ({"is_warning": True}, "warn"), ({"is_optional": True}, "opt ")],
)
def test_marks(changes: dict[str, bool], mark: str, capsys: pytest.CaptureFixture[str]) -> None:
    check._print([Finding("thing", "missing", "present", False, "get it", **changes)])
    assert capsys.readouterr().out.startswith(mark)


@pytest.mark.root
def test_features_of_the_kernel_are_named_and_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    found = {one.what: one for one in features.findings()}
    assert found["VLAN networks and trunks"].actual.endswith("without the module 8021q")
    assert all(one.is_met for one in found.values()), found
    after = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    assert after == tables
    lacking = [replace(one, is_there=lambda: False) for one in features.FEATURES]
    monkeypatch.setattr(features, "FEATURES", lacking)
    check._print(list(features.findings()))
    assert capsys.readouterr().out.count("warn  ") == len(lacking)
