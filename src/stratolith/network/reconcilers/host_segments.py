"""The segment of a network on one host, for networks that have several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from stratolith.kernel.readable import LeftOut
from stratolith.network.models import Segment
from stratolith.network.reconcilers import view_rows
from stratolith.network.reconcilers.view_rows import NetworkRow, SegmentRow

Uplinks = Callable[[], Mapping[str, str]]


def on_host(
    session: Session, rows: Sequence[NetworkRow], uplinks: Uplinks, left_out: LeftOut
) -> tuple[list[NetworkRow], dict[str, str]]:
    """(the rows, network -> id of its segment). Networks of several segments have the first one
    that the host is connected to; the type is "" if it is connected to none.

    uplinks: gives physical network -> device of the host.
    """
    ids = [row.id for row in rows if row.several_segments]
    if not ids:
        return list(rows), {}
    wanted = view_rows.SEGMENTS.where(Segment.network_id.in_(ids))
    segments = left_out.rows(
        session, wanted.order_by(Segment.position), Segment.network_id, SegmentRow
    )
    connected = uplinks()
    chosen: dict[str, SegmentRow] = {}
    for segment in segments:
        if not segment.physical_network or segment.physical_network in connected:
            chosen.setdefault(segment.network_id, segment)
    made = [_with(row, chosen.get(row.id)) if row.several_segments else row for row in rows]
    return made, {key: chosen[key].id if key in chosen else "" for key in ids}


def _with(row: NetworkRow, segment: SegmentRow | None) -> NetworkRow:
    return msgspec.structs.replace(
        row,
        network_type=segment.network_type if segment else "",
        physical_network=segment.physical_network if segment else "",
        segmentation_id=segment.segmentation_id if segment else None,
    )
