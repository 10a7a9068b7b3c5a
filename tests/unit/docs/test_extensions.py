"""Every extension that upstream's network service knows is offered, or the page says why not."""

from __future__ import annotations

from pathlib import Path

from tools.extensions_not_offered import REASONS

from stratolith.network.extensions import KNOWN

# aliases of release 2026.2, with those of its plug-ins
UPSTREAM = Path(__file__).parents[1] / "network" / "upstream_extensions.txt"


def test_every_extension_is_offered_or_has_a_reason() -> None:
    upstream = set(UPSTREAM.read_text().split())
    assert upstream - KNOWN.keys() - REASONS.keys() == set()
    assert KNOWN.keys() <= upstream, "no extension is ours alone"
    assert REASONS.keys() <= upstream
    assert all(REASONS.values())
