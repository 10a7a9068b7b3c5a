"""The metadata of a guest: meta_data.json, user data, the EC2 tree, the config drive.

The same documents are served over HTTP at 169.254.169.254 and written to config drives.
Sources: the compute user guide (metadata service) and Amazon's instance metadata categories.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import zlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.compute.managers import disks, hosts
from stratolith.compute.models import Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.caches import Copies
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict, Forbidden, NotFound
from stratolith.network.managers.servers import server_ports

VERSIONS = [
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "latest",
]
EC2_VERSIONS = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "latest",
]
MAX_PASSWORD = 4 * 255
SEED_BYTES = 512
Tree = dict[str, Any]


@dataclass
class Answers:
    """All metadata of one guest; ``meta`` is meta_data.json without its random seed."""

    meta: dict[str, Any]
    network: dict[str, Any]
    ec2: Tree
    user_data: bytes | None
    password: str
    files: dict[str, bytes] = field(default_factory=dict)  # content_path number -> bytes


_ANSWERS: Copies[Answers] = Copies("compute.metadata", most=2000)


# -- identify the guest --------------------------------------------------------------------------


def identify(ctx: Context) -> tuple[str, str]:
    """Server and project id of a request, from headers of a trusted proxy; raises Forbidden.

    A host of this cloud is trusted for the servers that it serves. Any other proxy must sign the
    server id; ``_owned`` checks that the server belongs to the project.
    """
    server_id = ctx.headers.get("x-instance-id", "")
    project_id = ctx.headers.get("x-tenant-id", "")
    if ctx.agent is not None:
        if not server_ports.is_served_by(ctx, ctx.agent.host, server_id):
            raise Forbidden(f"Host {ctx.agent.host} serves no server {server_id}.")
        return server_id, project_id
    given = ctx.headers.get("x-instance-id-signature", "")
    secret = ctx.env.secrets.get("metadata_secret", "")
    if not server_id or not project_id or not secret:
        raise Forbidden("The request does not come through a metadata proxy.")
    wanted = hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Forbidden("Invalid proxy request signature.")
    return server_id, project_id


def _owned(server_project: str, project_id: str) -> None:
    if server_project != project_id:
        raise Forbidden("The project of the request is not the server's.")


def answers(ctx: Context) -> Answers:
    """The metadata for the guest that sent the request; kept in memory for a few seconds."""
    server_id, project_id = identify(ctx)

    def read() -> Answers:
        own = Context(ctx.env, ctx.service)
        try:
            server = _server(own, server_id)
            _owned(server.project_id, project_id)
            return build(own, server)
        finally:
            own.close()

    seconds = ctx.env.settings.of(ComputeSettings).metadata_cache_seconds
    metadata = _ANSWERS.get(ctx.env, server_id, read, seconds=seconds)
    _owned(metadata.meta["project_id"], project_id)
    return metadata


def changed(ctx: Context, server: Server) -> None:
    """Call this in a transaction that changes the guest's metadata: the copy ends at its commit."""
    _ANSWERS.void(ctx, server.id)


def _server(ctx: Context, server_id: str) -> Server:
    server = ctx.session.scalars(
        select(Server).where(Server.id == server_id, Server.deleted_at.is_(None))
    ).first()
    if server is None:
        raise NotFound
    return server


def set_password(ctx: Context, password: bytes) -> None:
    """Store the password that the guest generated for its administrator; allowed once.

    Raises Conflict if a password is stored already or is too long, Forbidden like ``answers``.
    """
    server_id, project_id = identify(ctx)
    server = _server(ctx, server_id)
    _owned(server.project_id, project_id)
    if len(password) > MAX_PASSWORD:
        raise Conflict("Password is too long.")
    if server.password:
        raise Conflict("Password was set already.")
    server.password = password.decode("ascii", "replace")
    changed(ctx, server)


# -- documents -----------------------------------------------------------------------------------


def build(ctx: Context, server: Server) -> Answers:
    network = server_ports.network_metadata(ctx, server.id)
    files = {f"{n:04d}": base64.b64decode(c) for n, c in enumerate(server.files.values())}
    return Answers(
        meta=_meta_data(ctx, server),
        network=network,
        ec2=_ec2(ctx, server),
        user_data=_user_data(server),
        password=server.password or "",
        files=files,
    )


def _user_data(server: Server) -> bytes | None:
    if not server.user_data:
        return None
    try:
        return base64.b64decode(server.user_data)
    except (ValueError, binascii.Error):
        return None


def _hostname(ctx: Context, server: Server) -> str:
    domain = ctx.env.settings.of(ComputeSettings).dhcp_domain
    if "." in server.hostname or not domain:
        return server.hostname
    return f"{server.hostname}.{domain}"


def _meta_data(ctx: Context, server: Server) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "uuid": server.id,
        "hostname": _hostname(ctx, server),
        "name": server.name,
        "launch_index": server.launch_index,
        "availability_zone": server.zone or hosts.zone_of(ctx, server.host or ""),
        "project_id": server.project_id,
        "devices": [],
        "dedicated_cpus": [],
    }
    if server.properties:
        meta["meta"] = server.properties
    if server.key:
        key = server.key
        meta["public_keys"] = {key["name"]: key["public_key"]}
        meta["keys"] = [{"name": key["name"], "type": key["type"], "data": key["public_key"]}]
    if server.files:
        meta["files"] = [
            {"path": path, "content_path": f"/content/{number:04d}"}
            for number, path in enumerate(server.files)
        ]
    return meta


def seeded(meta: dict[str, Any]) -> dict[str, Any]:
    """meta_data.json with new random bytes, which the guest adds to its random generator."""
    return meta | {"random_seed": base64.b64encode(os.urandom(SEED_BYTES)).decode()}


def _ec2(ctx: Context, server: Server) -> Tree:
    ports = server_ports.of_servers(ctx, [server.id]).get(server.id, [])
    fixed = [a["ip_address"] for p in ports for a in p.fixed_ips if a["version"] == 4]
    floating = [a["ip_address"] for p in ports for a in p.floating_ips]
    groups = sorted({name for port in ports for name in port.security_groups})
    hostname = _hostname(ctx, server)
    tree: Tree = {
        "ami-id": f"ami-{zlib.crc32((server.image_id or '').encode()):08x}",
        "ami-launch-index": str(server.launch_index),
        "ami-manifest-path": "none",
        "block-device-mapping": disks.names(server),
        "hostname": hostname,
        "instance-action": "none",
        "instance-id": f"i-{server.number:08x}",
        "instance-type": server.flavor.get("name", ""),
        "local-hostname": hostname,
        "local-ipv4": fixed[0] if fixed else "",
        "placement": {"availability-zone": server.zone or ""},
        "public-hostname": hostname,
        "public-ipv4": floating[0] if floating else "",
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(groups),
    }
    if server.key:
        name, public_key = server.key["name"], server.key["public_key"]
        tree["public-keys"] = {"0": {"_name": f"0={name}", "openssh-key": public_key}}
    return tree


# -- as files ------------------------------------------------------------------------------------


def config_drive(ctx: Context, server: Server, admin_pass: str | None = None) -> dict[str, bytes]:
    """Path in the config drive -> content."""
    metadata = build(ctx, server)
    meta = seeded(metadata.meta)
    if admin_pass:
        meta["admin_pass"] = admin_pass
    files: dict[str, bytes] = {}
    for version in VERSIONS:
        folder = f"openstack/{version}"
        files[f"{folder}/meta_data.json"] = msgspec.json.encode(meta)
        files[f"{folder}/network_data.json"] = msgspec.json.encode(metadata.network)
        files[f"{folder}/vendor_data.json"] = b"{}"
        files[f"{folder}/vendor_data2.json"] = b"{}"
        if metadata.user_data is not None:
            files[f"{folder}/user_data"] = metadata.user_data
    files["ec2/latest/meta-data.json"] = msgspec.json.encode(metadata.ec2)
    if metadata.user_data is not None:
        files["ec2/latest/user-data"] = metadata.user_data
    for number, content in metadata.files.items():
        files[f"openstack/content/{number}"] = content
    return files
