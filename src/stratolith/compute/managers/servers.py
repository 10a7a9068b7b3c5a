"""Servers: look-up, tags, lock, and changes of simple columns."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, select

from stratolith.compute.exceptions import ServerNotFound
from stratolith.compute.managers import metadata_service, server_operations
from stratolith.compute.models import Server, ServerTag
from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.kernel.ids import is_uuid
from stratolith.network.managers.servers import server_ports

_TAGS = KeyedReader(
    RowReader(tuple[str, str], (ServerTag.server_id, ServerTag.tag)),
    ServerTag.server_id,
    select(ServerTag).order_by(ServerTag.tag),
)


def get(ctx: Context, server_id: str, *, deleted: bool = False) -> Server:
    """A server that the caller may see; raises ServerNotFound."""
    statement = select(Server).where(Server.id == server_id)
    if not is_uuid(server_id):
        raise ServerNotFound(server_id=server_id)
    if not deleted:
        statement = statement.where(Server.deleted_at.is_(None))
    server = ctx.session.scalars(statement).first()
    if server is None or not (ctx.owns(server.project_id) or ctx.is_admin):
        raise ServerNotFound(server_id=server_id)
    return server


def get_even_deleted(ctx: Context, server_id: str) -> Server:
    """Like get, but a deleted server is returned too (for its actions)."""
    return get(ctx, server_id, deleted=True)


def by_ids(ctx: Context, server_ids: Sequence[str]) -> dict[str, Server]:
    """Rows of these servers, including deleted ones."""
    rows = ctx.session.scalars(select(Server).where(Server.id.in_(list(server_ids))))
    return {row.id: row for row in rows}


def host_id(server: Server) -> str:
    """The hash that stands for a host's name in answers to tenants; it differs by project."""
    return _digest(f"{server.project_id}{server.host}") if server.host else ""


@lru_cache
def _digest(text: str) -> str:
    return hashlib.sha224(text.encode()).hexdigest()


def update(ctx: Context, server: Server, changes: Mapping[str, Any]) -> None:
    """Change name, description, hostname, access addresses or disk_config."""
    for column, value in changes.items():
        setattr(server, column, value)
    ctx.session.flush()
    metadata_service.changed(ctx, server)


# -- tags ----------------------------------------------------------------------------------------


def tags_of(ctx: Context, server_ids: Sequence[str]) -> dict[str, list[str]]:
    """Server id -> its sorted tags."""
    tags_by_server: dict[str, list[str]] = defaultdict(list)
    for server_id, tag in _TAGS(ctx.session, server_ids):
        tags_by_server[server_id].append(tag)
    return tags_by_server


def replace_tags(ctx: Context, server: Server, tags: Sequence[str]) -> list[str]:
    ctx.session.execute(delete(ServerTag).where(ServerTag.server_id == server.id))
    unique = sorted(set(tags))
    ctx.session.add_all(ServerTag(server_id=server.id, tag=tag) for tag in unique)
    return unique


def add_tag(ctx: Context, server: Server, tag: str) -> bool:
    """False if the server has the tag already."""
    if ctx.session.get(ServerTag, (server.id, tag)) is not None:
        return False
    ctx.session.add(ServerTag(server_id=server.id, tag=tag))
    return True


def remove_tag(ctx: Context, server: Server, tag: str) -> bool:
    """False if the server does not have the tag."""
    tag_row = ctx.session.get(ServerTag, (server.id, tag))
    if tag_row is None:
        return False
    ctx.session.delete(tag_row)
    return True


# -- lock ----------------------------------------------------------------------------------------


def lock(ctx: Context, server: Server, reason: str | None) -> None:
    is_owner = ctx.owns(server.project_id) and not ctx.is_admin
    server.locked_by = "owner" if is_owner else "admin"
    server.locked_reason = reason
    server_operations.note(ctx, server, "lock")


def unlock(ctx: Context, server: Server) -> None:
    server.locked_by = server.locked_reason = None
    server_operations.note(ctx, server, "unlock")


def addresses(ctx: Context, server_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Server id -> its ports, as network.managers.server_ports returns them."""
    return server_ports.of_servers(ctx, list(server_ids)) if server_ids else {}
