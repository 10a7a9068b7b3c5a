"""``POST /servers/{id}/action``: one action per request; the only key of the body names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from stratolith.compute.api import server_networks
from stratolith.compute.api.links import since
from stratolith.compute.api.server_views import full, load_render_data
from stratolith.compute.api.servers import (
    canonical,
    description_of,
    make_password,
    without_newer,
)
from stratolith.compute.exceptions import NotOffered
from stratolith.compute.managers import (
    console,
    interfaces,
    server_actions,
    server_rebuild,
    servers,
)
from stratolith.compute.models import Server
from stratolith.compute.schemas.server_actions import ACTION, ACTIONS
from stratolith.compute.schemas.types import as_int
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, Gone, NotFound
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.managers.servers.server_ports import NetworkRequest

Body = dict[str, Any]
Perform = Callable[[Context, Server, Any], Response | None]
_P = "os_compute_api:"


@dataclass(frozen=True)
class Action:
    """``until``: the last minor version with this action."""

    rule: str
    perform: Perform
    until: int | None = None


def act(ctx: Context, server_id: str, body: Body) -> Response:
    """Find the action, authorize, check its schema, run it. Most answer 202 without a body."""
    name = next(iter(body))
    action = _ACTIONS.get(name)
    if action is None:
        _refuse(ctx, server_id, name)
    if action.until is not None and since(ctx, action.until + 1):
        raise NotFound
    server = servers.get(ctx, server_id)
    ctx.authorize(_P + action.rule, server.policy_target())
    if ctx.legacy:
        body = ACTIONS[name].known(body, ctx.microversion)
    ACTIONS[name].check(body, ctx.microversion, what="body")
    return action.perform(ctx, server, body[name]) or Response(status=202)


# Actions of the compute API that this cloud does not have yet -> first and last minor version.
_NOT_YET: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("resize", "confirmResize", "revertResize", "migrate", "evacuate"), (1, 999)),
    **dict.fromkeys(("os-migrateLive", "createImage", "createBackup", "rescue"), (1, 999)),
    **dict.fromkeys(("unrescue", "suspend", "resume", "restore", "shelve"), (1, 999)),
    **dict.fromkeys(("shelveOffload", "unshelve"), (1, 999)),
    **dict.fromkeys(("os-getVNCConsole", "os-getSPICEConsole", "os-getSerialConsole"), (1, 5)),
    "trigger_crash_dump": (17, 999),
}
_REMOVED = {"resetNetwork": 999, "os-getRDPConsole": 5}  # the last minor version with the action


def _refuse(ctx: Context, server_id: str, name: str) -> NoReturn:
    """Raise the error for an action that was removed, is not implemented yet, or is unknown."""
    if name in _REMOVED:
        if since(ctx, _REMOVED[name] + 1):
            raise NotFound
        raise Gone(f"The action {name} was removed from the compute API.")
    if name not in _NOT_YET:
        raise BadRequest(f"There is no such action: {name}")
    first, last = _NOT_YET[name]
    if not since(ctx, first) or since(ctx, last + 1):
        raise NotFound
    servers.get(ctx, server_id)
    raise NotOffered(what=f"The action {name}")


# -- power ---------------------------------------------------------------------------------------


def _reboot(ctx: Context, server: Server, value: Body) -> None:
    server_actions.reboot(ctx, server, value["type"].upper())


def _reset_state(ctx: Context, server: Server, value: Body) -> None:
    server_actions.reset_state(ctx, server, value["state"])


def _simple(function: Callable[[Context, Server], None]) -> Perform:
    def perform(ctx: Context, server: Server, value: Any) -> None:
        function(ctx, server)

    return perform


def _lock(ctx: Context, server: Server, value: Any) -> None:
    reason = value.get("locked_reason") if isinstance(value, dict) and since(ctx, 73) else None
    servers.lock(ctx, server, reason)


def _unlock(ctx: Context, server: Server, value: Any) -> None:
    override = "os-lock-server:unlock:unlock_override"
    if server.locked_by == "admin" and not ctx.can(_P + override, server.policy_target()):
        raise Forbidden(action=_P + override)
    servers.unlock(ctx, server)


def _change_password(ctx: Context, server: Server, value: Any) -> None:
    raise Conflict("Unable to set password: no guest agent runs in the guests of this cloud.")


_UNPRINTABLE = dict.fromkeys([*range(9), *range(11, 32)])  # characters that upstream removes


# -- console -------------------------------------------------------------------------------------


def _console(ctx: Context, server: Server, value: Body) -> Response:
    length = value.get("length")
    lines = None if length is None else as_int(length, "length", -1)
    if lines is not None and lines < 0:
        lines = None
    if server.host is None or server.observed_power is None:
        raise Conflict(f"Instance {server.id} is not ready.")
    server_actions.require_host_up(ctx, server)
    output = console.output(ctx, server, lines)
    return Response({"output": output.translate(_UNPRINTABLE)}, status=200)


# -- network -------------------------------------------------------------------------------------


def _add_group(ctx: Context, server: Server, value: Body) -> None:
    server_networks.add_security_group(ctx, server, value["name"])


def _remove_group(ctx: Context, server: Server, value: Body) -> None:
    server_networks.remove_security_group(ctx, server, value["name"])


def _add_floating(ctx: Context, server: Server, value: Body) -> None:
    server_networks.add_floating_ip(ctx, server, value["address"], value.get("fixed_address"))


def _remove_floating(ctx: Context, server: Server, value: Body) -> None:
    server_networks.remove_floating_ip(ctx, server, value["address"])


def _add_fixed(ctx: Context, server: Server, value: Body) -> None:
    interfaces.attach(ctx, server, NetworkRequest(network_id=str(value["networkId"])))


def _remove_fixed(ctx: Context, server: Server, value: Body) -> None:
    ports = interfaces.of_server(ctx, server)
    port = interfaces.with_address(server, ports, value["address"])
    interfaces.detach(ctx, server, port.port_id)


# -- rebuild -------------------------------------------------------------------------------------

_REBUILD_COLUMNS = {
    "name": "name",
    "metadata": "properties",
    "OS-DCF:diskConfig": "disk_config",
    "accessIPv4": "access_ip_v4",
    "accessIPv6": "access_ip_v6",
    "key_name": "key_name",
    "user_data": "user_data",
    "hostname": "hostname",
}


def _rebuild(ctx: Context, server: Server, value: Body) -> Response:
    if value.get("trusted_image_certificates"):
        raise BadRequest("trusted_image_certificates: this cloud does not validate certificates.")
    changes = {_REBUILD_COLUMNS[k]: v for k, v in value.items() if k in _REBUILD_COLUMNS}
    if "access_ip_v6" in changes:
        changes["access_ip_v6"] = canonical(changes["access_ip_v6"])
    if "personality" in value:
        changes["files"] = {file["path"]: file["contents"] for file in value["personality"]}
    if "description" in value:
        changes["description"] = description_of(ctx, value)
    password = value.get("adminPass") or make_password()
    server_rebuild.rebuild(ctx, server, value["imageRef"], changes, password)
    answer = full(ctx, server, load_render_data(ctx, [server], groups=True))
    if not since(ctx, 75):
        key_name = answer["key_name"]
        answer = without_newer(answer)
        if since(ctx, 54):
            answer["key_name"] = key_name
    if since(ctx, 57):
        answer["user_data"] = server.user_data
        answer.pop("OS-EXT-SRV-ATTR:user_data", None)
    answer["adminPass"] = password
    return Response({"server": answer}, status=202)


_ACTIONS: dict[str, Action] = {
    "os-start": Action("servers:start", _simple(server_actions.start)),
    "os-stop": Action("servers:stop", _simple(server_actions.stop)),
    "reboot": Action("servers:reboot", _reboot),
    "pause": Action("os-pause-server:pause", _simple(server_actions.pause)),
    "unpause": Action("os-pause-server:unpause", _simple(server_actions.unpause)),
    "forceDelete": Action("os-deferred-delete:force", _simple(server_actions.delete)),
    "lock": Action("os-lock-server:lock", _lock),
    "unlock": Action("os-lock-server:unlock", _unlock),
    "os-resetState": Action("os-admin-actions:reset_state", _reset_state),
    "injectNetworkInfo": Action(
        "os-admin-actions:inject_network_info", _simple(server_actions.inject_network_info)
    ),
    "os-getConsoleOutput": Action("os-console-output", _console),
    "changePassword": Action("os-admin-password", _change_password),
    "addSecurityGroup": Action("os-security-groups:add", _add_group),
    "removeSecurityGroup": Action("os-security-groups:remove", _remove_group),
    "addFloatingIp": Action("os-floating-ips:add", _add_floating, until=43),
    "removeFloatingIp": Action("os-floating-ips:remove", _remove_floating, until=43),
    "addFixedIp": Action("os-multinic:add", _add_fixed, until=43),
    "removeFixedIp": Action("os-multinic:remove", _remove_fixed, until=43),
    "rebuild": Action("servers:rebuild", _rebuild),
}

ROUTES = [Route.post("/servers/{server_id}/action", act, body=ACTION)]
