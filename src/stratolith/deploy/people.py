"""The person who runs the command: home directory, key pair, client configuration.

Under sudo this is the user who called sudo, not root: the cloud gets this user's key, and this
user's client gets its configuration.
"""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from stratolith.deploy import files

KEYPAIR_NAME = "mykey"  # in the cloud
KEY_NAMES = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"]


@dataclass(frozen=True)
class Person:
    """The user of the cloud on this machine."""

    home: Path
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make the person the owner of a file or directory in the home directory."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class KeyPair:
    """A public key and the file of its private half."""

    public_key: str
    private_file: Path
    is_generated: bool


def caller() -> Person:
    """The user who called sudo, else the user of this process."""
    name = os.environ.get("SUDO_USER")
    if os.geteuid() == 0 and name and name != "root":
        try:
            entry = pwd.getpwnam(name)
            return Person(Path(entry.pw_dir), entry.pw_uid, entry.pw_gid)
        except KeyError:
            pass
    return Person(Path.home(), os.geteuid(), os.getegid())


def key_pair(person: Person, keys: Path) -> KeyPair:
    """The person's own key, else the key in ``keys``, which is generated if missing."""
    for name in KEY_NAMES:
        public = person.home / ".ssh" / name
        text = _read_key(public)
        if text:
            return KeyPair(text, public.with_suffix(""), False)
    private = keys / "mykey"
    if not private.exists():
        _generate(private)
    return KeyPair(_read_key(private.with_suffix(".pub")) or "", private, True)


def _read_key(path: Path) -> str | None:
    try:
        line = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return line if re.match(r"(ssh-|ecdsa-)\S+ \S+", line) else None


def _generate(private: Path) -> None:
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ed25519.Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    # The private key is written last: if it exists, the pair is complete.
    files.write(private.with_suffix(".pub"), f"{public.decode()} {KEYPAIR_NAME}\n")
    files.write(private, text.decode(), mode=0o600)
