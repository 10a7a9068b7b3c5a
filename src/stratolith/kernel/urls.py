"""Where services are, as seen from where the client stands.

Unless a public URL is configured, the catalogue follows the address the client dialled: who
came through the one port gets paths on it, who came through a classic port gets the classic
ports of the same host.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from stratolith.kernel.config import ApiSection, CloudSection
from stratolith.kernel.context import Context


def service_root(ctx: Context, service_type: str) -> str:
    """Base URL of a service without its version path, no trailing slash; raises KeyError."""
    service = ctx.env.service(service_type)
    settings = ctx.env.settings
    api = settings.of(ApiSection)
    public = settings.of(CloudSection).public_url.rstrip("/")
    if public:
        return public + service.mount
    if ctx.by_path or api.single_port:
        return ctx.host_url + service.mount
    parts = urlsplit(ctx.host_url or f"http://{api.listen}")
    host = parts.hostname or api.listen
    if ":" in host:
        host = f"[{host}]"
    return f"{parts.scheme}://{host}:{service.port + api.port_offset}"


def endpoint_url(ctx: Context, service_type: str) -> str:
    """What the catalogue shows for a service."""
    return service_root(ctx, service_type) + ctx.env.service(service_type).endpoint
