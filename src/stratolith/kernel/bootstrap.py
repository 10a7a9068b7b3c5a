"""The first objects of a new cloud: the seed file, which ``up`` writes and services read.

Services create these objects in ``bootstrap(ctx, seed)``, in one transaction at the first start;
each must leave existing objects unchanged, so that it can run again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from stratolith.kernel.architecture import of_this_host


class SeedImage(msgspec.Struct, kw_only=True):
    """An image to register at first start."""

    name: str
    path: str
    disk_format: str = "qcow2"
    architecture: str = msgspec.field(default_factory=of_this_host)
    properties: dict[str, str] = {}


class SeedKeypair(msgspec.Struct, kw_only=True):
    name: str = "mykey"
    public_key: str


class SeedExternal(msgspec.Struct, kw_only=True, frozen=True):
    """The external network."""

    cidr: str = "172.24.4.0/24"
    range_start: str = ""  # empty: chosen from the CIDR
    range_end: str = ""
    gateway: str = ""


class Seed(msgspec.Struct, kw_only=True):
    """The input for the first objects; passwords come from the secrets."""

    images: list[SeedImage] = []
    keypair: SeedKeypair | None = None
    external: SeedExternal = SeedExternal()
    fake: bool = False
    # "kolla": Kolla's init-runonce creates images, flavors, key pair and networks
    names: Literal["stratolith", "kolla"] = "stratolith"

    @property
    def is_left_to_kolla(self) -> bool:
        return self.names == "kolla"


def read_seed(path: Path) -> Seed:
    """The seed, or defaults without a file; raises msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Seed) if path.exists() else Seed()


def read_secrets(path: Path) -> dict[str, str]:
    """secrets.json: name -> secret."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
