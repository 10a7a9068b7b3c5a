"""What a new cloud begins with: the seed file that ``up`` writes and services read.

Services make their premade objects in ``bootstrap(ctx, seed)``, all in one transaction at the
first start; each must leave existing objects alone, so that it may run again.
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
    """Everything the premade objects are made from; passwords come from the secrets."""

    images: list[SeedImage] = []
    keypair: SeedKeypair | None = None
    external: SeedExternal = SeedExternal()
    fake: bool = False
    # "kolla": images, flavors, key pair and networks are left to Kolla's init-runonce
    names: Literal["stratolith", "kolla"] = "stratolith"

    @property
    def is_left_to_kolla(self) -> bool:
        return self.names == "kolla"


def read_seed(path: Path) -> Seed:
    """The seed, defaults when there is no file; raises msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Seed) if path.exists() else Seed()


def read_secrets(path: Path) -> dict[str, str]:
    """secrets.json: name -> secret."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
