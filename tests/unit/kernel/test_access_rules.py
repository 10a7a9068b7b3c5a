"""Paths of access rules: what they allow, and that none keeps the interpreter busy."""

from __future__ import annotations

import pytest

from stratolith.kernel.auth import AccessRule

SERVERS = "/v2.1/servers"


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        (SERVERS, SERVERS, True),
        (SERVERS, f"{SERVERS}/x", False),
        (f"{SERVERS}/*", f"{SERVERS}/x", True),
        (f"{SERVERS}/*", f"{SERVERS}/x/ips", False),
        (f"{SERVERS}/*", f"{SERVERS}/", False),
        (f"{SERVERS}/{{id}}/ips", f"{SERVERS}/x/ips", True),
        ("/v2.1/**", f"{SERVERS}/x/ips", True),
        ("/v2.1/**/ips", f"{SERVERS}/x/ips", True),
        ("/**", "/", True),
        ("/a.b", "/axb", False),
        ("/a+", "/aa", False),
        ("/(a|a)*b", "/aaab", False),
        ("/{not closed", "/{not closed", True),
        ("/\u00e9/*", "/\u00e9/x", True),
        ("/*", "/half a letter \ud800", False),
        ("/*", "/line\nbreak", True),
    ],
)
def test_what_a_pattern_allows(pattern: str, path: str, allowed: bool) -> None:
    assert AccessRule("compute", "GET", pattern).allows("compute", "GET", path) is allowed


def test_head_needs_a_rule_of_its_own() -> None:
    assert not AccessRule("compute", "GET", SERVERS).allows("compute", "HEAD", SERVERS)
    assert AccessRule("compute", "HEAD", SERVERS).allows("compute", "HEAD", SERVERS)
    assert not AccessRule("compute", "HEAD", SERVERS).allows("compute", "GET", SERVERS)


@pytest.mark.parametrize(
    "pattern",
    ["/" + "**a" * 42, "/" + "*a" * 60, "/" + "*{x}**" * 18, "/" + "**" * 63, "/" + "{a}" * 42],
)
def test_no_pattern_is_slow(pattern: str) -> None:
    """Each of these takes a matcher that tries every way for ever."""
    for path in ("/" + "a" * 16_000 + "!", "/" + "aa/" * 5_000 + "!"):
        AccessRule("compute", "GET", pattern).allows("compute", "GET", path)
