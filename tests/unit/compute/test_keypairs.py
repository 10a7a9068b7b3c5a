"""Keys: reading, generating, refusing."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from stratolith.compute.exceptions import InvalidKeypair
from stratolith.compute.managers import keypairs

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaPdSg+Mbp5GS0Mnk+Uu0YaAVzYVYZQXxKzVCBzs3Ug me@here"


def test_an_imported_key_has_its_md5_fingerprint() -> None:
    found = keypairs.read_ssh(ED25519)
    assert found.fingerprint.count(":") == 15
    assert found.private_key is None


@pytest.mark.parametrize("text", ["", "nonsense", "ssh-rsa", "ssh-rsa AAAA", "ssh-rsa ÄÖ", "\x00"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeypair):
        keypairs.read_ssh(text)


def test_a_generated_key_fits_its_public_half() -> None:
    found = keypairs.generate_ssh()
    assert found.private_key is not None
    key = load_pem_private_key(found.private_key.encode(), None)
    assert keypairs.read_ssh(found.public_key).fingerprint == found.fingerprint
    assert key.public_key() is not None


def test_a_generated_certificate() -> None:
    found = keypairs.generate_x509("somebody")
    assert found.public_key.startswith("-----BEGIN CERTIFICATE-----")
    assert found.fingerprint.count(":") == 19
    with pytest.raises(InvalidKeypair):
        keypairs.read_x509("-----BEGIN CERTIFICATE-----")
