"""Tables of the image service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.clock import utcnow
from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json, UtcDateTime


class Image(Base):
    """An image: its description, and what is known of its data.

    ``upload_token`` names the upload that is under way (status saving or uploading) and its
    file in the staging folder; ``staged`` is what was learnt of staged data that waits for
    import.
    """

    __tablename__ = "image_images"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(255), index=True)
    status: Mapped[str] = mapped_column(String(30), index=True)
    visibility: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str | None] = mapped_column(String(255), index=True)
    disk_format: Mapped[str | None] = mapped_column(String(20))
    container_format: Mapped[str | None] = mapped_column(String(20))
    size: Mapped[int | None] = mapped_column(BigInteger)
    virtual_size: Mapped[int | None] = mapped_column(BigInteger)
    checksum: Mapped[str | None] = mapped_column(String(32))
    os_hash_algo: Mapped[str | None] = mapped_column(String(64))
    os_hash_value: Mapped[str | None] = mapped_column(String(128))
    min_disk: Mapped[int] = mapped_column(Integer, default=0)
    min_ram: Mapped[int] = mapped_column(Integer, default=0)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    os_hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    properties: Mapped[dict[str, str]]
    tags: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    upload_token: Mapped[str | None] = mapped_column(String(36))
    upload_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    staged: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (Index("ix_image_images_created_id", "created_at", "id"),)

    def policy_target(self) -> dict[str, Any]:
        return {
            "project_id": self.owner,
            "tenant_id": self.owner,
            "owner": self.owner,
            "visibility": self.visibility,
            "image_id": self.id,
            # set by managers.images.get for a project that the image is shared with
            "member_id": getattr(self, "shared_with", None),
            "user_id": None,
        }


class ImageMember(Base):
    """A project that a shared image is offered to."""

    __tablename__ = "image_members"

    image_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
