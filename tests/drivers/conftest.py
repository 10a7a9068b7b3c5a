"""The sample package, whose drivers keep the contracts as ours do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel import plugins
from tests.plugins import install_sample


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample package is installed, which offers a driver."""
    return install_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def installed(sample_site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(sample_site))
    plugins.forget()
    yield
    plugins.forget()
