"""Rows of the northbound database as values: what it must contain, independent of uuids."""

from __future__ import annotations

from typing import Any

import msgspec


class Ref(msgspec.Struct, frozen=True):
    """Another row, in a column."""

    table: str
    key: str


class Link(msgspec.Struct, frozen=True):
    """A row that refers to this one in a column that is a set."""

    table: str
    key: str
    column: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` identifies the row in its table. ``owner``: the object of the cloud it is made for,
    "port/ID"; all rows of an owner are written together.
    """

    table: str
    key: str
    owner: str
    columns: dict[str, Any] = {}
    links: tuple[Link, ...] = ()


class Partial(ValueError):
    """An object that lacks something: it has these rows, and the text says what is left out."""

    def __init__(self, rows: list[Row], reason: str) -> None:
        super().__init__(reason)
        self.rows = rows
