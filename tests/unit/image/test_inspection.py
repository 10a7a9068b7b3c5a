"""Inspection, patches, ranges: whatever comes in, they answer or refuse, and never break."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratolith.image.exceptions import InvalidImageData, InvalidPatch
from stratolith.image.schemas import json_patch
from stratolith.image.schemas.images import DISK_FORMATS
from stratolith.image.store.inspection import MAX_VIRTUAL_SIZE, Inspection
from stratolith.image.store.sending import parse_range
from stratolith.kernel.exceptions import BadRequest, RangeNotSatisfiable
from tests.unit.image import hostile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SEEDS = [case.data for case in hostile.GOOD if len(case.data) < 1 << 20] + [b"", b"text"]


def inspect(data: bytes, disk_format: str, block: int, *, enforce: bool) -> int | None:
    inspection = Inspection(disk_format, "bare", enforce=enforce)
    for start in range(0, len(data), block):
        inspection.feed(data[start : start + block])
    return inspection.verdict()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 4096), st.binary(min_size=1, max_size=16)), max_size=4),
    st.sampled_from(DISK_FORMATS),
    st.sampled_from([100, 511, 4096, 1 << 20]),
    st.booleans(),
)
def test_damaged_headers_get_a_verdict(
    data: bytes, damage: list[tuple[int, bytes]], disk_format: str, block: int, enforce: bool
) -> None:
    damaged = bytearray(data)
    for at, junk in damage:
        damaged[at : at + len(junk)] = junk
    try:
        size = inspect(bytes(damaged), disk_format, block, enforce=enforce)
    except InvalidImageData:
        return
    assert size is None or 0 <= size <= MAX_VIRTUAL_SIZE


@pytest.mark.parametrize("case", hostile.GOOD, ids=lambda case: case.name)
@pytest.mark.parametrize("block", [65536, 2 << 20])
def test_honest_headers_are_accepted(case: hostile.Case, block: int) -> None:
    size = inspect(case.data, case.disk_format, block, enforce=True)
    if case.disk_format == "raw":
        assert size == len(case.data)
    else:
        assert size in (4 << 20, 1 << 20, 64 << 10)


@pytest.mark.parametrize("case", hostile.DANGEROUS, ids=lambda case: case.name)
@pytest.mark.parametrize("enforce", [True, False])
def test_danger_is_refused_whatever_the_settings_say(case: hostile.Case, enforce: bool) -> None:
    with pytest.raises(InvalidImageData):
        inspect(case.data, case.disk_format, 65536, enforce=enforce)


@pytest.mark.parametrize("case", hostile.LIES, ids=lambda case: case.name)
def test_another_format_than_promised_is_a_matter_of_settings(case: hostile.Case) -> None:
    with pytest.raises(InvalidImageData):
        inspect(case.data, case.disk_format, 65536, enforce=True)
    inspect(case.data, case.disk_format, 65536, enforce=False)


@pytest.mark.parametrize("block", [1, 7, 512, 65536])
def test_the_size_of_blocks_does_not_matter(block: int) -> None:
    data = hostile.qcow2(
        length=2048, l1_at=512, refcounts_at=512, cluster_bits=9, virtual_size=1 << 15
    )
    assert inspect(data, "qcow2", block, enforce=True) == 1 << 15
    bad = hostile.qcow2(backing=b"/etc/passwd", length=2048)
    with pytest.raises(InvalidImageData, match="safety"):
        inspect(bad, "qcow2", block, enforce=False)


# a busy machine makes inputs slowly, which says nothing about the parser
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["op", "path", "value", "add", "x"]), JSON), max_size=3
    )
)
def test_any_patch_is_parsed_or_refused(document: list[dict[str, Any]]) -> None:
    for content_type in json_patch.MEDIA_TYPES:
        try:
            found = json_patch.parse(document, content_type)
        except InvalidPatch:
            continue
        assert len(found) == len(document)


@settings(deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"bytes=[0-9]*-[0-9]*"), st.integers(0, 1 << 40))
def test_any_range_is_inside_the_file_or_refused(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except (BadRequest, RangeNotSatisfiable):
        return
    if found is not None:
        start, length = found
        assert start >= 0 and length > 0 and start + length <= size
