"""Tables of the image service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from stratolith.kernel.clock import utcnow
from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json, UtcDateTime


class Image(Base):
    """An image: its description and the facts about its data.

    ``upload_token`` identifies the current upload (status saving or uploading) and its file in the
    staging folder; ``staged`` describes staged data that wait for an import.
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
    stores: Mapped[list[str]] = mapped_column(Json, default=list)
    # locations outside our stores, and what users added to any location: managers/locations.py
    locations: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    # stores that an import has still to write ("to") and stores where it failed ("failed")
    importing: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (Index("ix_image_images_created_id", "created_at", "id"),)

    def policy_target(self) -> dict[str, Any]:
        return image_target(self)


def image_target(image: Any) -> dict[str, Any]:
    """The attributes that policy checks of an image, or of a row of its columns."""
    return {
        "project_id": image.owner,
        "tenant_id": image.owner,
        "owner": image.owner,
        "visibility": image.visibility,
        "image_id": image.id,
        # set by managers.images.get when the image is shared with the project
        "member_id": getattr(image, "shared_with", None),
        "user_id": None,
    }


class FormerImage(Base):
    """The id of a deleted image; it cannot be used again.

    Servers, copies on hosts and backups refer to images by id and must never get another image.
    """

    __tablename__ = "image_former_images"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class ImageMember(Base):
    """A project with which an image is shared."""

    __tablename__ = "image_members"

    image_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("image_images.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)


class Task(Base):
    """An import: its input, progress and result."""

    __tablename__ = "image_tasks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    type: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(30), index=True)
    owner: Mapped[str] = mapped_column(String(255), index=True)
    user_id: Mapped[str | None] = mapped_column(String(64))
    image_id: Mapped[str | None] = mapped_column(String(36), index=True)
    request_id: Mapped[str | None] = mapped_column(String(64))
    input: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    message: Mapped[str] = mapped_column(String(1024), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def policy_target(self) -> dict[str, Any]:
        return {"project_id": self.owner, "tenant_id": self.owner, "user_id": self.user_id}


class MetadefNamespace(Base):
    """A named set of metadata definitions."""

    __tablename__ = "image_metadef_namespaces"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    display_name: Mapped[str | None] = mapped_column(String(80))
    description: Mapped[str | None] = mapped_column(String(500))
    visibility: Mapped[str] = mapped_column(String(16), default="private", index=True)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)
    owner: Mapped[str] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)

    def policy_target(self) -> dict[str, Any]:
        return {
            "project_id": self.owner,
            "tenant_id": self.owner,
            "owner": self.owner,
            "visibility": self.visibility,
            "namespace": self.name,
            "user_id": None,
        }


class _InNamespace:
    """A resource of one namespace, with a name that is unique in it."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    namespace_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("image_metadef_namespaces.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)

    @declared_attr
    def namespace(cls) -> Mapped[MetadefNamespace]:
        return relationship(MetadefNamespace)

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (UniqueConstraint("namespace_id", "name"),)

    def policy_target(self) -> dict[str, Any]:
        return self.namespace.policy_target()


class MetadefObject(_InNamespace, Base):
    """A group of properties; ``document`` has description, required, properties."""

    __tablename__ = "image_metadef_objects"

    document: Mapped[dict[str, Any]]


class MetadefProperty(_InNamespace, Base):
    """One property; ``document`` is its JSON schema with title, type and operators."""

    __tablename__ = "image_metadef_properties"

    document: Mapped[dict[str, Any]]


class MetadefTag(_InNamespace, Base):
    """A word with which resources can be marked."""

    __tablename__ = "image_metadef_tags"


class MetadefAssociation(_InNamespace, Base):
    """A resource type (``name``) to which the namespace applies."""

    __tablename__ = "image_metadef_resource_type_associations"

    prefix: Mapped[str | None] = mapped_column(String(80))
    properties_target: Mapped[str | None] = mapped_column(String(80))


class MetadefResourceType(Base):
    """A type of resource that can have metadata."""

    __tablename__ = "image_metadef_resource_types"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
