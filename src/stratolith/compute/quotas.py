"""Countable resources of the compute service.

Source of the names and defaults: the compute API's quota sets. Limits of one object (metadata
items, injected files) have no usage. The network service counts network resources; they are
listed here only for old clients.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from stratolith.compute.models import Server, ServerGroup
from stratolith.kernel.plate import Countable

Count = Callable[[Session, str], int]


_OF_SERVERS = select(
    func.count(Server.number).label("instances"),
    func.coalesce(func.sum(Server.vcpus), 0).label("cores"),
    func.coalesce(func.sum(Server.memory_mb), 0).label("ram"),
).where(Server.project_id == bindparam("project"), Server.deleted_at.is_(None))


def used_by_servers(session: Session, project_id: str) -> dict[str, int]:
    """What the servers of a project use: {"instances": count, "cores": count, "ram": MiB}."""
    row = session.execute(_OF_SERVERS, {"project": project_id}).one()
    return {name: int(amount) for name, amount in row._mapping.items()}


def _servers(resource: str) -> Count:
    def count(session: Session, project_id: str) -> int:
        return used_by_servers(session, project_id)[resource]

    return count


def _server_groups(session: Session, project_id: str) -> int:
    statement = select(func.count()).where(ServerGroup.project_id == project_id)
    return int(session.scalar(statement) or 0)


def _nothing(session: Session, project_id: str) -> int:
    return 0


RESOURCES = [
    Countable("instances", 10, _servers("instances")),
    Countable("cores", 20, _servers("cores")),
    Countable("ram", 51200, _servers("ram")),
    Countable("metadata_items", 128, _nothing),
    Countable("injected_files", 5, _nothing),
    Countable("injected_file_content_bytes", 10240, _nothing),
    Countable("injected_file_path_bytes", 255, _nothing),
    Countable("key_pairs", 100, _nothing),
    Countable("server_groups", 10, _server_groups),
    Countable("server_group_members", 10, _nothing),
]

# Shown below microversion 2.36 only; the network service has the real limits.
NETWORK_RESOURCES = {
    "fixed_ips": -1,
    "floating_ips": -1,
    "security_groups": -1,
    "security_group_rules": -1,
}
