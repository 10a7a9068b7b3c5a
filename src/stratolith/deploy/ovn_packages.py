"""The Debian packages of the network driver ovn; only a checkout installs them by itself."""

from __future__ import annotations

from stratolith.deploy import prepare
from stratolith.deploy.checks import requirements
from stratolith.deploy.errors import DeployError
from stratolith.deploy.supervision import running


def install() -> list[str]:
    """Install what is missing; returns the names. Raises DeployError."""
    missing = " ".join(requirements.missing_packages(ovn=True))
    if not missing:
        return []
    if not (running.SOURCES.parent / "pyproject.toml").exists():
        raise DeployError(
            f"The network driver ovn needs these packages: {missing}.",
            f"apt-get install --no-install-recommends {missing}, without starting their "
            "services (docs/howto/ovn.md)",
        )
    try:
        return prepare.Preparation(running.SOURCES.parent).install_for_ovn()
    except prepare.PrepareError as error:
        raise DeployError(str(error)) from error
