"""The preparation of a checkout: what is needed, what is locked, what is skipped."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from stratolith.deploy import prepare
from stratolith.deploy.checkout_tests import counts_of

ROOT = Path(__file__).resolve().parents[3]


def locked(name: str) -> dict[str, str]:
    """Package -> version of a lock file."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {normal(package): pin for package, pin in pins}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict[str, list[Requirement]]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "requirements.lock": [Requirement(text) for text in table["dependencies"]],
        "requirements-test.lock": [
            Requirement(text)
            for text in table["dependencies"] + table["optional-dependencies"]["test"]
        ],
    }


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_dependency_is_locked_at_an_allowed_version(name: str) -> None:
    pins = locked(name)
    for wanted in project()[name]:
        key = normal(wanted.name)
        assert key in pins, f"{wanted.name} is not locked; run tools/lock"
        assert wanted.specifier.contains(pins[key]), f"{wanted}; run tools/lock"


def test_every_package_the_program_imports_is_locked() -> None:
    """What only the tests' environment brings would be missing on a user's machine."""
    owners = packages_distributions()
    pins = locked("requirements.lock")
    missing = set()
    for path in (ROOT / "src" / "stratolith").rglob("*.py"):
        if "testing" in path.parts:  # for plug-ins' tests; comes with the test packages
            continue
        for name in imported(path) - sys.stdlib_module_names - {"stratolith"}:
            found = {normal(owner) for owner in owners.get(name, [name])}
            if not found & pins.keys():
                missing.add(f"{name} ({path.relative_to(ROOT)})")
    assert missing == set(), "add it to pyproject.toml, then run tools/lock"


def imported(path: Path) -> set[str]:
    """Top-level names of the modules a file imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return {name.split(".")[0] for name in names}


def test_the_test_lock_is_a_superset_of_the_runtime_lock() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-test.lock").items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_each_pin_has_hashes_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if "==" in block.split("\n")[0]:
            assert "--hash=sha256:" in block, block.split("\n")[0]
    assert "://" not in text


def test_debian_packages_of_this_machine_are_well_described() -> None:
    packages = prepare.required_packages()
    names = [package.name for package in packages]
    assert len(set(names)) == len(names)
    assert {"iproute2", "nftables", "dnsmasq-base", "qemu-utils", "openssh-client"} <= set(names)
    assert all(package.need in ("required", "helpful") for package in packages)
    assert all(package.why and not package.why.startswith("#") for package in packages)
    emulators = [name for name in names if name.startswith("qemu-system")]
    assert len(emulators) == 1, "only this architecture's"


def test_packages_of_foreign_guests_are_optional() -> None:
    needed, all_of_them = prepare.required_packages(), prepare.required_packages(optional=True)
    optional = [package for package in all_of_them if package not in needed]
    assert all(package.guests and not package.is_required for package in optional)
    assert not any(package.guests for package in needed)
    emulators = {one.name for one in all_of_them if one.name.startswith("qemu-system")}
    assert emulators == {"qemu-system-x86", "qemu-system-arm"}
    assert "qemu-efi-aarch64" in {package.name for package in all_of_them}


def test_what_only_tests_need_is_installed_by_them_alone() -> None:
    def names(*, tests: bool) -> set[str]:
        packages = prepare.required_packages(optional=True, tests=tests)
        return {package.name for package in packages}

    only = {
        "postgresql",
        "mount",
        "cpio",
        "procps",
        "openvswitch-switch",
        "ovn-central",
        "ovn-host",
    }
    assert not only & names(tests=False)
    assert names(tests=True) == names(tests=False) | only


def test_packages_start_no_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(prepare, "SERVICE_POLICY", policy)
    with prepare._without_services():
        assert subprocess.run([policy]).returncode == 101
    assert not policy.exists()
    policy.write_text("of the machine")
    with prepare._without_services():
        assert policy.read_text() == "of the machine"
    assert policy.read_text() == "of the machine"


def test_a_package_is_present_by_command_or_file(tmp_path: Path) -> None:
    def has(probe: str) -> bool:
        return prepare.DebianPackage("x", "any", "required", probe, "why").is_present()

    assert has("sh")
    assert not has("no-such-command-here")
    (tmp_path / "lib3.11").touch()
    assert has(f"{tmp_path}/lib3*")
    assert not has(f"{tmp_path}/lib4*")


def test_a_failing_command_shows_its_last_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = prepare.Progress(tmp_path / "log")
    with pytest.raises(prepare.PrepareError) as caught:
        progress.run("Working", ["sh", "-c", "echo the reason; exit 3"])
    assert "exit status 3" in str(caught.value)
    assert "    the reason" in str(caught.value)
    assert "Working" in capsys.readouterr().err


def test_a_long_command_is_not_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "TICK_SECONDS", 0.2)
    prepare.Progress(tmp_path / "log").run("Long", ["sh", "-c", "echo unpacking qemu; sleep 0.7"])
    assert "  ... unpacking qemu" in capsys.readouterr().err


def make_checkout(root: Path) -> Path:
    """A checkout with an empty lock file: all of the preparation, no package to fetch."""
    (root / "src" / "stratolith" / "deploy").mkdir(parents=True)
    for name in ("stratolith", "src/stratolith/deploy/prepare.py"):
        (root / name).write_bytes((ROOT / name).read_bytes())
        (root / name).chmod(0o755)
    (root / "src/stratolith/deploy/debian-packages.txt").write_text("# none\n")
    (root / "src/stratolith/__init__.py").touch()
    (root / "src/stratolith/__main__.py").write_text("import sys; print('ran', sys.argv[1:])\n")
    (root / "requirements.lock").write_text("# nothing\n")
    return root


def launch(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / "stratolith", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_the_launcher_prepares_once_and_then_only_runs(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    first = launch(root, "status", "--x")
    assert first.stdout == "ran ['status', '--x']\n", first.stderr
    assert "virtual environment" in first.stderr
    second = launch(root, "up", "--fake")
    assert second.stdout == "ran ['up', '--fake']\n"
    assert second.stderr == ""
    # A link to it from elsewhere finds the checkout.
    (tmp_path / "link").symlink_to(root / "stratolith")
    linked = subprocess.run([tmp_path / "link", "x"], capture_output=True, text=True)
    assert linked.stdout == "ran ['x']\n"
    # A new lock file is installed, the environment stays.
    (root / "requirements.lock").write_text("# nothing new\n")
    third = launch(root, "status")
    assert "Installing the Python packages" in third.stderr
    assert "Making the virtual environment" not in third.stderr
    # A moved checkout gets an environment that fits its new place.
    root = root.rename(tmp_path / "moved")
    fourth = launch(root, "status")
    assert fourth.stdout == "ran ['status']\n"
    assert "Making the virtual environment" in fourth.stderr


def test_what_pip_cannot_install_is_an_expected_problem(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    (root / "requirements.lock").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    environ = {**os.environ, "PIP_NO_INDEX": "1"}
    answer = subprocess.run([root / "stratolith", "x"], capture_output=True, text=True, env=environ)
    assert answer.returncode == 1
    assert "no-such-package" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("3 passed, 1 skipped in 0.1s", (3, 0, 1)),
        ("= 1 failed, 2 passed, 1 error in 3s =", (2, 2, 0)),
        ("4 passed, 1 xfailed, 1 xpassed", (5, 0, 1)),
        ("no tests ran in 0.01s", (0, 0, 0)),
    ],
)
def test_pytests_closing_line_is_understood(line: str, counts: tuple[int, int, int]) -> None:
    found = counts_of(line)
    assert (found["passed"], found["failed"], found["skipped"]) == counts


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom stratolith.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'starlette', 'cryptography', 'msgspec', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stderr == "[]\n"
    assert "verify" in answer.stdout
