"""What the image tests of Tempest need beside a cloud: its settings, and images on a web server.

The settings are the documented test profile of the image service (docs/reference/test-profiles.md).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.api.image.pages import Site, site
from tests.unit.image.hostile import qcow2

RAW, QCOW2 = "image.bin", "disk.qcow2"


@contextmanager
def images() -> Iterator[Site]:
    """A web server on the loopback with an image of random data and one in a format."""
    with site({RAW: random.Random(0).randbytes(1 << 20), QCOW2: qcow2()}) as found:
        yield found


def settings(web: Site) -> dict[str, str]:
    """Variables for the cloud: its places are shown, and it may ask this web server."""
    return {
        "STRATOLITH_IMAGE_SHOW_MULTIPLE_LOCATIONS": "true",
        "STRATOLITH_IMAGE_SHOW_IMAGE_DIRECT_URL": "true",
        "STRATOLITH_IMAGE_IMPORT_PORTS": f"80,443,{web.server_port}",
        "STRATOLITH_IMAGE_IMPORT_PRIVATE_NETWORKS": "127.0.0.1/32",
    }


def options(web: Site) -> dict[str, dict[str, str]]:
    """What tempest.conf is told of the web server."""
    return {"image": {"http_image": f"{web.url}/{RAW}", "http_qcow2_image": f"{web.url}/{QCOW2}"}}


# The second profile: data that does not fit its format is taken, and not hashed where it stays on
# the web; another door of the image service is in the catalogue.
REMOTE = "image_remote"
LENIENT_SETTINGS = {
    "STRATOLITH_IMAGE_ENFORCE_FORMAT": "false",
    "STRATOLITH_IMAGE_DO_SECURE_HASH": "false",
}


def lenient_options(web: Site) -> dict[str, dict[str, str]]:
    return {
        "image": {**options(web)["image"], "alternate_image_endpoint": REMOTE},
        "image-feature-enabled": {"image_format_enforcement": "false", "do_secure_hash": "false"},
    }
