"""Tables of the compute service.

A server's row has the desired state (written by the control plane) and the observed state in
``observed_*`` (written when an agent reports). ``vm_state``, ``task_state`` and ``power_state``
are stored so that lists can filter by them, but they are always the result of
``managers.state.derive``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base, Timestamps
from stratolith.kernel.db.types import Json
from stratolith.kernel.ids import new_uuid


class Flavor(Timestamps, Base):
    """A size of servers; ``flavor_id`` is the id that the API shows."""

    __tablename__ = "compute_flavors"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    flavor_id: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    vcpus: Mapped[int]
    ram: Mapped[int]  # MiB
    disk: Mapped[int]  # GiB, 0: as large as the image
    ephemeral: Mapped[int] = mapped_column(default=0)  # GiB
    swap: Mapped[int] = mapped_column(default=0)  # MiB
    rxtx_factor: Mapped[float] = mapped_column(Float, default=1.0)
    is_public: Mapped[bool] = mapped_column(default=True)
    disabled: Mapped[bool] = mapped_column(default=False)
    extra_specs: Mapped[dict[str, str]] = mapped_column(Json, default=dict)


class FlavorAccess(Base):
    """A project that may use a flavor that is not public."""

    __tablename__ = "compute_flavor_access"

    flavor_pk: Mapped[int] = mapped_column(
        ForeignKey("compute_flavors.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)


class Keypair(Timestamps, Base):
    """A public key of a user; the private key is never stored."""

    __tablename__ = "compute_keypairs"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16), default="ssh")  # ssh, x509
    fingerprint: Mapped[str]
    public_key: Mapped[str] = mapped_column(Text)

    def policy_target(self) -> dict[str, Any]:
        return {"user_id": self.user_id}


class Server(Timestamps, Base):
    """A server; its row stays after deletion, for its actions and for lists with ``deleted``."""

    __tablename__ = "compute_servers"
    __table_args__ = (
        Index("ix_compute_servers_project", "project_id", "deleted_at", "created_at"),
        Index("ix_compute_servers_host", "host", "deleted_at"),
        Index("ix_compute_servers_state", "deleted_at", "vm_state"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_uuid)
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(255))
    hostname: Mapped[str] = mapped_column(String(255))
    reservation_id: Mapped[str] = mapped_column(String(36), index=True)
    launch_index: Mapped[int] = mapped_column(default=0)

    # requested by the user
    flavor_id: Mapped[str] = mapped_column(String(255))
    flavor: Mapped[dict[str, Any]] = mapped_column(Json)  # copy from the time of creation
    vcpus: Mapped[int]
    memory_mb: Mapped[int]
    disk_gb: Mapped[int]  # root, ephemeral and swap together, as claimed
    image_id: Mapped[str | None] = mapped_column(String(36))
    image: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # format, size, properties
    # managers.disks.Disk; empty: created before this column existed, with the flavor's disks
    disks: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    key_name: Mapped[str | None] = mapped_column(String(255))
    key: Mapped[dict[str, Any] | None] = mapped_column(Json)  # type and public key at creation
    user_data: Mapped[str | None] = mapped_column(Text)  # base64
    files: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # path -> base64
    config_drive: Mapped[bool] = mapped_column(default=False)
    properties: Mapped[dict[str, str]] = mapped_column("metadata", Json, default=dict)
    security_groups: Mapped[list[str]] = mapped_column(Json, default=list)
    access_ip_v4: Mapped[str | None] = mapped_column(String(39))
    access_ip_v6: Mapped[str | None] = mapped_column(String(39))
    disk_config: Mapped[str] = mapped_column(String(8), default="MANUAL")
    pinned_zone: Mapped[str | None] = mapped_column(String(255))
    scheduler_hints: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    locked_by: Mapped[str | None] = mapped_column(String(8))  # owner, admin
    locked_reason: Mapped[str | None] = mapped_column(String(255))
    password: Mapped[str | None] = mapped_column(Text)  # encrypted and sent by the guest

    # desired state
    host: Mapped[str | None] = mapped_column(String(255))
    zone: Mapped[str | None] = mapped_column(String(255))  # of the host, at the time of scheduling
    desired_power: Mapped[str] = mapped_column(String(16), default="running")
    delete_requested_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=1)

    # observed state
    observed_power: Mapped[str | None] = mapped_column(String(16))  # None: not built yet
    observed_vifs: Mapped[list[str]] = mapped_column(Json, default=list)
    observed_at: Mapped[datetime | None]

    # the result of managers.state.derive
    vm_state: Mapped[str] = mapped_column(String(32), default="building")
    task_state: Mapped[str | None] = mapped_column(String(64))
    power_state: Mapped[int] = mapped_column(default=0)

    fault: Mapped[dict[str, Any] | None] = mapped_column(Json)  # code, message, created, details
    has_error: Mapped[bool] = mapped_column(default=False)
    launched_at: Mapped[datetime | None]
    terminated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    def policy_target(self) -> dict[str, Any]:
        project = self.project_id
        return {"project_id": project, "tenant_id": project, "user_id": self.user_id}

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def instance_name(self) -> str:
        return f"instance-{self.number:08x}"


class ServerTag(Base):
    """One tag of one server."""

    __tablename__ = "compute_server_tags"

    server_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tag: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)


class ComputeHost(Timestamps, Base):
    """A host that runs guests: facts from its agent, and whether it takes new servers."""

    __tablename__ = "compute_hosts"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    host: Mapped[str] = mapped_column(String(255), unique=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)  # resource provider, hypervisor
    service_uuid: Mapped[str] = mapped_column(String(36), unique=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    host_ip: Mapped[str] = mapped_column(String(64), default="127.0.0.1")
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_reason: Mapped[str | None] = mapped_column(String(255))
    forced_down: Mapped[bool] = mapped_column(default=False)
    reported_at: Mapped[datetime | None]


class Aggregate(Timestamps, Base):
    """A set of hosts; its metadata may make it an availability zone."""

    __tablename__ = "compute_aggregates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uuid)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    properties: Mapped[dict[str, str]] = mapped_column("metadata", Json, default=dict)
    hosts: Mapped[list[str]] = mapped_column(Json, default=list)

    @property
    def availability_zone(self) -> str | None:
        return self.properties.get("availability_zone")


class ServerGroup(Timestamps, Base):
    """Servers that the scheduler keeps together or apart."""

    __tablename__ = "compute_server_groups"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_uuid)
    project_id: Mapped[str] = mapped_column(String(64), index=True)
    user_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    policy: Mapped[str] = mapped_column(String(64))
    rules: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    def policy_target(self) -> dict[str, Any]:
        return {"project_id": self.project_id, "user_id": self.user_id}


class ServerGroupMember(Base):
    """The membership of a server in a group; a server is in at most one group."""

    __tablename__ = "compute_server_group_members"

    server_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(36), index=True)
