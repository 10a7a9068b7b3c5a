"""The URLs of services as the client sees them.

Without a configured public URL, the catalog follows the address of the request: a request to the
port for all services gets paths on this port, a request to a classic port gets the classic ports of
the same host.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from stratolith.kernel.config import ApiSection, CloudSection
from stratolith.kernel.context import Context


def service_root(ctx: Context, service_type: str) -> str:
    """Base URL of a service without version path and trailing slash; raises KeyError."""
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
    """The URL of a service in the catalog."""
    return service_root(ctx, service_type) + ctx.env.service(service_type).endpoint
