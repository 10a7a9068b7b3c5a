"""The table of the greeting service, named after its section."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base


class Heard(Base):
    """What a host said that it heard."""

    __tablename__ = "greeting_heard"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    words: Mapped[str] = mapped_column(String(255))
