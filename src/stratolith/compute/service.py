"""The declaration ("door plate") of the compute service."""

from __future__ import annotations

from pathlib import Path

from stratolith.compute import policies, quotas
from stratolith.compute.api import (
    aggregates,
    diagnosis,
    extensions,
    flavors,
    hosts,
    hypervisors,
    instance_actions,
    instance_usage_audit_log,
    keypairs,
    metadata_service,
    migrations,
    quota_sets,
    removed,
    server_actions,
    server_groups,
    server_parts,
    servers,
    services,
    simple_tenant_usage,
    versions,
    volume_attachments,
)
from stratolith.compute.api.proxies import floating_ips, images, networks, security_groups
from stratolith.compute.managers import guest_reports, guests, premade
from stratolith.compute.managers import hosts as host_rows
from stratolith.compute.reconcilers.server_operations import ServerSweep
from stratolith.compute.scheduler import place
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.context import Context
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.routing import EarlyChecks
from stratolith.kernel.service import AgentView, HostDuties, Service, SideDoor

_ROUTES = [
    *servers.ROUTES,
    *server_actions.ROUTES,
    *server_parts.ROUTES,
    *instance_actions.ROUTES,
    *flavors.ROUTES,
    *keypairs.ROUTES,
    *quota_sets.ROUTES,
    *hypervisors.ROUTES,
    *services.ROUTES,
    *security_groups.ROUTES,
    *server_groups.ROUTES,
    *aggregates.ROUTES,
    *simple_tenant_usage.ROUTES,
    *extensions.ROUTES,
    *floating_ips.ROUTES,
    *networks.ROUTES,
    *images.ROUTES,
    *hosts.ROUTES,
    *instance_usage_audit_log.ROUTES,
    *volume_attachments.ROUTES,
    *migrations.ROUTES,
    *removed.ROUTES,
]


def _bootstrap(ctx: Context, seed: Seed) -> None:
    place.require_plugins()  # report unusable plugins when the process starts
    premade.make(ctx, seed)


SERVICE = Service(
    type="compute",
    name="nova",
    port=8774,
    mount="/compute",
    prefix="/v2.1",
    legacy_prefix="/v2",
    token_first=("/v2.1", "/v2"),
    elsewhere=versions.choices,
    doubled_slash="ignored",
    endpoint="/v2.1",
    trailing_slash=False,
    early_checks=EarlyChecks.SCHEMA,
    errors=ErrorDialect.FAULT_NAME,
    microversions=versions.MICROVERSIONS,
    routes=[*versions.ROUTES, *_ROUTES],
    policies=policies.RULES,
    admin_rule="context_is_admin",
    quotas=quotas.RESOURCES,
    reconcilers=[ServerSweep],
    agent_views=[
        AgentView("guests", guests.compile_view, guest_reports.take_report),
    ],
    host_duties=HostDuties(
        uses_image=guests.uses_image, holds=host_rows.holds, left=host_rows.left
    ),
    agent_routes=[*metadata_service.AGENT_ROUTES, *diagnosis.AGENT_ROUTES],
    settings=ComputeSettings,
    project_in_path=True,
    request_id_header="x-compute-request-id",
    migrations=Path(__file__).with_name("migrations"),
    bootstrap=_bootstrap,
    side_doors=[
        SideDoor(
            name="metadata",
            port=8775,
            mount="/metadata",
            routes=metadata_service.ROUTES,
            errors=ErrorDialect.PLAIN,
        )
    ],
)
