"""Fixtures of the interop tests: one running fake cloud that unmodified clients talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.image.pages import Site
from tests.installation import Installation, free_offset

from . import image_site
from .openstack_client import Shell, of_user


@pytest.fixture(scope="package")
def web_images() -> Iterator[Site]:
    """A web server with images that the cloud may fetch."""
    with image_site.images() as found:
        yield found


@pytest.fixture(scope="package")
def fake_cloud(
    tmp_path_factory: pytest.TempPathFactory, web_images: Site
) -> Iterator[Installation]:
    """A cloud with simulated hosts as processes of its own, set up by `up --fake`."""
    found = Installation(tmp_path_factory.mktemp("interop"), free_offset())
    # what Tempest's identity tests of account lockout and password history expect
    found.environment = {
        "STRATOLITH_IDENTITY_LOCKOUT_FAILURE_ATTEMPTS": "2",
        "STRATOLITH_IDENTITY_LOCKOUT_DURATION": "5",
        "STRATOLITH_IDENTITY_UNIQUE_LAST_PASSWORD_COUNT": "2",
        **image_site.settings(web_images),
    }
    found.up()
    found.wait_host()
    yield found
    found.run("destroy", "--yes")


@pytest.fixture(scope="package")
def admin_shell(fake_cloud: Installation) -> Shell:
    """A shell set up for the user admin."""
    return Shell(of_user(fake_cloud, "admin"))


@pytest.fixture(scope="package")
def demo_shell(fake_cloud: Installation) -> Shell:
    """A shell set up for the user demo, a member of a project."""
    return Shell(of_user(fake_cloud, "demo"))
