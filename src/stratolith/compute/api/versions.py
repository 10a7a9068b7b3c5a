"""Version discovery, and the history of microversions with the effect of each in this cloud.

A microversion about a route that this cloud does not have yet changes nothing; it is listed
because later microversions are supported.
"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.microversion import Microversions
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route

HISTORY: list[tuple[str, str]] = [
    ("2.1", "the first version; equal to 2.0 with strict request bodies"),
    ("2.2", "keypairs have a type; create answers 201, delete 204"),
    ("2.3", "servers show host name, reservation, launch index, user data to administrators"),
    ("2.4", "reserved fixed IPs (no such route)"),
    ("2.5", "all users may filter servers by ip6"),
    ("2.6", "one route for remote consoles (no such route yet)"),
    ("2.7", "a public flavor cannot have an access list"),
    ("2.8", "mks consoles (no such route)"),
    ("2.9", "servers show whether they are locked"),
    ("2.10", "administrators manage other users' keypairs"),
    ("2.11", "services show forced_down and can be forced down"),
    ("2.12", "virtual interfaces show their network (no such route)"),
    ("2.13", "server groups show project and user"),
    ("2.14", "evacuation without shared storage flag (no such action yet)"),
    ("2.15", "server groups with soft policies"),
    ("2.16", "servers show the state of their host"),
    ("2.17", "crash dumps (no such action)"),
    ("2.18", "the project id in the path is optional"),
    ("2.19", "servers have a description"),
    ("2.20", "volumes of shelved servers (no such action yet)"),
    ("2.21", "actions of deleted servers can be read"),
    ("2.22", "live migrations can be completed by force (no such route yet)"),
    ("2.23", "live migrations can be listed (there are none)"),
    ("2.24", "live migrations can be aborted (no such route yet)"),
    ("2.25", "live migrations choose how to move blocks (no such action yet)"),
    ("2.26", "servers have tags and can be filtered by them"),
    ("2.27", "the header OpenStack-API-Version is understood"),
    ("2.28", "cpu_info of hypervisors is an object"),
    ("2.29", "evacuation asks the scheduler (no such action yet)"),
    ("2.30", "live migration asks the scheduler (no such action yet)"),
    ("2.31", "console tokens of all types (no such route yet)"),
    ("2.32", "networks and devices of a new server have tags"),
    ("2.33", "hypervisors are listed by pages"),
    ("2.34", "live migration is checked later (no such action yet)"),
    ("2.35", "keypairs are listed by pages"),
    ("2.36", "routes that only call another service are removed"),
    ("2.37", "networks of a new server are required: a list, auto or none"),
    ("2.38", "an unknown status filter is an error"),
    ("2.39", "image metadata is changed at the image service only"),
    ("2.40", "usage is listed by pages"),
    ("2.41", "aggregates show their uuid"),
    ("2.42", "device tags are supported again"),
    ("2.43", "os-hosts is removed"),
    ("2.44", "addresses are added and removed at the network service only"),
    ("2.45", "createImage answers with a body (no such action yet)"),
    ("2.46", "the request id is also sent in the common header"),
    ("2.47", "servers show their flavor as it was at creation"),
    ("2.48", "diagnostics are the same for all hypervisors (no such route yet)"),
    ("2.49", "interfaces are attached with tags"),
    ("2.50", "quota classes without network resources, with server groups"),
    ("2.51", "all users may see the events of actions, without traces"),
    ("2.52", "servers are created with tags"),
    ("2.53", "services and hypervisors are identified by uuid"),
    ("2.54", "rebuild may change the key"),
    ("2.55", "flavors have a description"),
    ("2.56", "cold migration to a host (no such action yet)"),
    ("2.57", "files are no longer injected; rebuild may change user data"),
    ("2.58", "actions are listed by pages and since a given time"),
    ("2.59", "migrations are listed by pages (there are none)"),
    ("2.60", "volumes attached to several servers (no volumes yet)"),
    ("2.61", "flavors show their extra specs"),
    ("2.62", "events of actions show the host"),
    ("2.63", "trusted image certificates (refused: none is validated)"),
    ("2.64", "server groups have one policy with rules"),
    ("2.65", "waiting live migrations can be aborted (no such route yet)"),
    ("2.66", "servers and actions changed before a given time"),
    ("2.67", "type of the volume to boot from (no volumes yet)"),
    ("2.68", "no forced moves (no such action yet)"),
    ("2.69", "partial answers when a cell is down (there are no cells)"),
    ("2.70", "interfaces show their tag"),
    ("2.71", "servers show their server group"),
    ("2.72", "ports with resource requests"),
    ("2.73", "locks have a reason; servers can be filtered by lock"),
    ("2.74", "a host can be requested for a new server"),
    ("2.75", "unknown names in queries are errors; update and rebuild answer like show"),
    ("2.76", "power-update events (no such route)"),
    ("2.77", "unshelving into a zone (no such action yet)"),
    ("2.78", "topology of servers (no such route yet)"),
    ("2.79", "volumes deleted with their server (no volumes yet)"),
    ("2.80", "migrations show project and user (there are none)"),
    ("2.81", "images cached by aggregate (no such route)"),
    ("2.82", "accelerator events (no such route)"),
    ("2.83", "all users may use most filters of servers"),
    ("2.84", "events of actions show details"),
    ("2.85", "attached volumes can be changed (no volumes yet)"),
    ("2.86", "known extra specs are checked"),
    ("2.87", "rescue of servers on volumes (no volumes yet)"),
    ("2.88", "hypervisors show no usage; uptime is in the detail"),
    ("2.89", "volume attachments show their ids (no volumes yet)"),
    ("2.90", "requests can set the host name of servers, and all users see it"),
    ("2.91", "unshelving to a host (no such action yet)"),
    ("2.92", "keypairs can only be imported"),
    ("2.93", "rebuild of servers on volumes (no volumes yet)"),
    ("2.94", "host names may be fully qualified"),
    ("2.95", "evacuated servers are stopped (no such action yet)"),
    ("2.96", "servers show the zone they are pinned to"),
    ("2.97", "shares of servers (no such route)"),
    ("2.98", "servers show the properties of their image"),
    ("2.99", "spice-direct consoles (no such route)"),
    ("2.100", "servers show their scheduler hints"),
]
MICROVERSIONS = Microversions("compute", HISTORY, "X-OpenStack-Nova-API-Version")

_UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}


def _version(ctx: Context, id_: str) -> dict[str, Any]:
    """v2.0 is v2.1 without microversions; its routes are the same."""
    is_old = id_ == "v2.0"
    path = "v2" if is_old else "v2.1"
    return {
        "id": id_,
        "status": "DEPRECATED" if is_old else "CURRENT",
        "version": "" if is_old else str(MICROVERSIONS.maximum),
        "min_version": "" if is_old else str(MICROVERSIONS.minimum),
        "updated": _UPDATED[id_],
        "links": [{"rel": "self", "href": f"{ctx.base_url}/{path}/"}],
    }


def index(ctx: Context) -> dict[str, Any]:
    return {"versions": [_version(ctx, "v2.0"), _version(ctx, "v2.1")]}


def choices(ctx: Context) -> Response:
    """The answer for a path without a version: the same path below each version."""
    entries = []
    for id_, path in (("v2.0", "v2"), ("v2.1", "v2.1")):
        link = f"{ctx.base_url}/{path}{ctx.path}"
        entries.append(
            {
                "id": id_,
                "status": "DEPRECATED" if id_ == "v2.0" else "CURRENT",
                "links": [{"rel": "self", "href": link}],
                "media-types": _media_types(id_),
            }
        )
    return Response({"choices": entries}, status=300)


def _media_types(id_: str) -> list[dict[str, str]]:
    kind = f"application/vnd.openstack.compute+json;version={id_.removeprefix('v')}"
    return [{"base": "application/json", "type": kind}]


def _detail(ctx: Context, id_: str) -> dict[str, Any]:
    version = _version(ctx, id_)
    docs = "https://docs.openstack.org/api-ref/compute/"
    version["links"].append({"rel": "describedby", "type": "text/html", "href": docs})
    version["media-types"] = _media_types(id_)
    return {"version": version}


def show(ctx: Context) -> dict[str, Any]:
    return _detail(ctx, "v2.1")


def show_old(ctx: Context) -> dict[str, Any]:
    return _detail(ctx, "v2.0")


ROUTES = [
    Route.get("/", index, root=True, public=True),
    Route.get("/v2", show_old, root=True, public=True),
    Route.get("/v2.1", show, root=True, public=True),
]
