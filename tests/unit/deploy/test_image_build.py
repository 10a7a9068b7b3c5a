"""`stratolith image build` around the building itself: cache, output, what is asked wrongly."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from stratolith.deploy.errors import DeployError
from stratolith.deploy.guest_image.prepare import _recipe
from stratolith.deploy.images import image_build
from stratolith.deploy.images.image_build import Wishes
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache in which the arm64 image is finished."""
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "cirros-arm64.qcow2").write_bytes(b"finished")
    note = {"recipe": _recipe(), "sha256": hashlib.sha256(b"finished").hexdigest()}
    (folder / "cirros-arm64.json").write_text(json.dumps(note))
    return folder


def no_cloud() -> Layout:
    raise DeployError("There is no cloud.")


def build(wishes: Wishes) -> str:
    out = io.StringIO()
    assert image_build.run(wishes, no_cloud, Report(), out) == 0
    return out.getvalue().strip()


def test_a_finished_image_is_told_without_a_cloud(cache: Path) -> None:
    assert build(Wishes(cache, "arm64")) == str(cache / "cirros-arm64.qcow2")


def test_the_output_is_a_file_or_a_directory(cache: Path, tmp_path: Path) -> None:
    for output, made in [("my.img", "my.img"), (".", "cirros-arm64.qcow2")]:
        assert build(Wishes(cache, "arm64", tmp_path / output)) == str(tmp_path / made)
        assert (tmp_path / made).read_bytes() == b"finished"
    assert not list(tmp_path.glob(".*.part"))
    with pytest.raises(DeployError, match=r"nowhere/x cannot be written: No such file"):
        build(Wishes(cache, "arm64", tmp_path / "nowhere/x"))


def test_unknown_architectures_are_told_the_known_ones(cache: Path) -> None:
    with pytest.raises(DeployError, match=r"'mips'.*'amd64', 'arm64'"):
        build(Wishes(cache, "mips"))


def test_an_upload_without_a_cloud_fails_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="There is no cloud"):
        build(Wishes(tmp_path / "cache", "arm64", upload=True))
    assert not (tmp_path / "cache").exists()
