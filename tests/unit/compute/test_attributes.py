"""docs/reference/compute-attributes.md says what becomes of every attribute of request bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stratolith.compute.schemas import server_actions
from stratolith.compute.service import SERVICE
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.http.validation import Schema

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "compute-attributes.md"
ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)
VERSIONS = [Version.parse(f"2.{minor}") for minor in range(1, 101)]
FATES = ("effect", "refused", "kept, without effect", "another value than")


def attributes(document: Any, path: str = "") -> Iterator[str]:
    """Names of all attributes of a schema: ``server.networks[].uuid``."""
    if not isinstance(document, dict):
        return
    for name, inner in document.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from attributes(inner, here)
    yield from attributes(document.get("items"), f"{path}[]")
    for several in ("anyOf", "oneOf", "allOf"):
        for one in document.get(several, ()):
            yield from attributes(one, path)


def in_all_versions(schema: Schema, versions: list[Version]) -> set[str]:
    return {name for version in versions for name in attributes(schema.document(version))}


def bodies() -> dict[str, set[str]]:
    """Request -> the attributes its body may have in any microversion."""
    found: dict[str, set[str]] = {}
    for route in SERVICE.routes:
        if route.body is None:
            continue
        versions = [one for one in VERSIONS if route.serves(one)]
        name = f"{route.method} {route.path}"
        found.setdefault(name, set()).update(in_all_versions(route.body, versions))
    for action, schema in server_actions.ACTIONS.items():
        found[f"action {action}"] = in_all_versions(schema, VERSIONS)
    return {request: names for request, names in found.items() if names}


def test_the_page_has_every_attribute_once() -> None:
    rows = ROW.findall(PAGE.read_text())
    listed = [(request, name) for request, name, _ in rows]
    assert len(listed) == len(set(listed))
    wanted = {(request, name) for request, names in bodies().items() for name in names}
    assert set(listed) - wanted == set(), "no such attribute"
    assert wanted - set(listed) == set(), "not on the page"


def test_the_page_says_what_becomes_of_each() -> None:
    for request, name, fate in ROW.findall(PAGE.read_text()):
        assert fate.startswith(FATES), f"{request} {name}: {fate}"
