"""The declarative base of all tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stratolith.kernel.clock import utcnow
from stratolith.kernel.db.types import Json, UtcDateTime

# Constraint names must be the same on every database, or migrations cannot drop them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Tz = Annotated[datetime, mapped_column(UtcDateTime)]


class Base(DeclarativeBase):
    """Tables are named ``<service>_<resources>``; no foreign key crosses a service."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        dict[str, str]: Json,
        list[Any]: Json,
        list[str]: Json,
        str: String(255),
    }


class Timestamps:
    """created_at and updated_at, kept by the ORM."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime, onupdate=utcnow)
