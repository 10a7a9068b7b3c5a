"""POST /v1/hosts/{host}/southbound, a route of the agent API: a certificate for OVN's database"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from stratolith.kernel.config import HostsSection
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.kernel.hosts import records
from stratolith.kernel.hosts.authority import BadRequestOfHost, sign_apart
from stratolith.kernel.hosts.authority_store import authority
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.credentials import Admitted
from stratolith.network.drivers.ovn.trust import Trust, mark
from stratolith.network.settings import NetworkSettings


def admit(ctx: Context, host: str, body: bytes) -> Response:
    """Sign the host's key (a request as PEM); its former certificate ends.

    Raises BadRequest, Conflict, NotFound.
    """
    settings = ctx.env.settings
    if settings.of(NetworkSettings).driver != "ovn" or not central.southbound_port(settings):
        raise Conflict("This cloud has no southbound database for other hosts.")
    record = records.locked(ctx.session, host)
    if record is None or record.state == records.LEFT or not record.certificates:
        raise NotFound(f"There is no host {host} on another machine.")
    lifetime = timedelta(hours=settings.of(HostsSection).certificate_hours)
    now, request = ctx.env.clock.now(), body.decode("ascii", "replace")
    try:
        signed, apart = sign_apart(request, record.id, record.name, now, lifetime)
    except BadRequestOfHost as error:
        raise BadRequest(str(error)) from None
    Trust(central.directory_of(settings.state_dir)).admit(record.name, apart)
    answer = Admitted(signed.pem, authority(ctx.env).pem, mark(apart))
    return Response(msgspec.json.encode(answer))


AGENT_ROUTES = [Route.post("/v1/hosts/{host}/southbound", admit, raw_body=True, public=True)]
