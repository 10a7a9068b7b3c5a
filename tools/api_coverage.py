"""Writes docs/reference/api.md from the service definitions.

.venv/bin/python tools/api_coverage.py           write the page
.venv/bin/python tools/api_coverage.py --check   exit 1 when the page is not current
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from stratolith import services as catalogue
from stratolith.compute.api import server_actions
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from stratolith.network.api import extensions

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.extensions_not_offered import REASONS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "api.md"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
INTRODUCTION = """\
# API

<!-- Written by tools/api_coverage.py from the service definitions; do not edit this page. -->

Every route there is. What is not in these tables is answered 404. *Rule* is the name of the
policy rule checked before the request is handled (`policy.yaml` in the state directory overrides
rules by these names); "anybody" needs no token; "in the handler" is checked by the handler
itself, with rules that depend on the request. Where there are microversions, an empty cell means
all of them.
"""


def page(services: Sequence[Service]) -> str:
    """The whole page, the same for equal service definitions."""
    blocks = [INTRODUCTION, _summary(services)]
    for service in services:
        blocks.append(_service(service))
        blocks += [
            _table(f"### The door {side.name}, port {side.port}", side.routes, service, prefix="")
            for side in service.side_doors
        ]
        if service.type == "compute":
            blocks.append(_actions())
        if service.type == "network":
            blocks.append(_extensions())
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _summary(services: Sequence[Service]) -> str:
    lines = ["| service | port | path on the one port | microversions | routes |"]
    lines.append("|---|---|---|---|---|")
    for service in services:
        routes = len(service.routes) + sum(len(side.routes) for side in service.side_doors)
        link = f"[{service.type} ({service.name})](#{service.type}-{service.name})"
        lines.append(
            f"| {link} | {service.port} | `{service.mount}` | {_span(service)} | {routes} |"
        )
    return "\n".join(lines)


def _span(service: Service) -> str:
    versions = service.microversions
    return f"{versions.minimum} to {versions.maximum}" if versions else "none"


def _service(service: Service) -> str:
    notes = []
    if service.project_in_path:
        notes.append(f"A project id may stand after `{service.prefix}`, as in older catalogues.")
    if service.legacy_prefix:
        notes.append(
            f"Routes of the lowest microversion are served below `{service.legacy_prefix}` as well."
        )
    title = f"## {service.type} ({service.name})"
    return _table("\n\n".join([title, *notes]), service.routes, service, service.prefix)


def _table(title: str, routes: Iterable[Route], service: Service, prefix: str) -> str:
    has_versions = service.microversions is not None and prefix != ""
    head = ["method", "path", "rule", *(["microversions"] if has_versions else [])]
    lines = [title, "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    rows = sorted(((_path(route, prefix), route) for route in routes), key=_order)
    for path, route in rows:
        cells = [route.method, f"`{path}`", _rule(route)]
        if has_versions:
            cells.append(_versions(route.since, route.until))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _order(row: tuple[str, Route]) -> tuple[str, int, Version]:
    path, route = row
    return path, METHODS.index(route.method), Version.parse(route.since or "1.0")


def _path(route: Route, prefix: str) -> str:
    path = route.path if route.root else prefix + route.path
    return path.replace(":path}", "}") or "/"


def _rule(route: Route) -> str:
    if route.public:
        return "anybody"
    return " or ".join(f"`{name}`" for name in route.rules) or "in the handler"


def _versions(since: str | None, until: str | None) -> str:
    if since and until:
        return f"{since} to {until}"
    if since:
        return f"since {since}"
    return f"until {until}" if until else ""


def _actions() -> str:
    # The one table of actions of the act route; it has no other name.
    lines = ["### Actions of servers", "", "`POST /v2.1/servers/{server_id}/action` with one of:"]
    lines += ["", "| action | rule | microversions |", "|---|---|---|"]
    for name, action in sorted(server_actions._ACTIONS.items(), key=lambda pair: pair[0].lower()):
        until = f"2.{action.until}" if action.until else None
        lines.append(
            f"| `{name}` | `{server_actions._P}{action.rule}` | {_versions(None, until)} |"
        )
    return "\n".join(lines)


def _extensions() -> str:
    lines = ["### Extensions", "", "What `GET /v2.0/extensions` lists:", ""]
    lines += ["| alias | name |", "|---|---|"]
    lines += [f"| `{alias}` | {name} |" for alias, (name, _) in sorted(extensions.KNOWN.items())]
    lines += ["", "What upstream has and this service does not offer:", ""]
    lines += ["| alias | why |", "|---|---|"]
    missing = sorted(REASONS.items())
    lines += [f"| `{alias}` | {why} |" for alias, why in missing if alias not in extensions.KNOWN]
    return "\n".join(lines)


def current() -> str:
    """What the page must be for the routes of this checkout."""
    return page(catalogue.load())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, only compare")
    text = current()
    if parser.parse_args().check:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
