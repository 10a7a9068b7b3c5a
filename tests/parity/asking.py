"""Asks a cloud the parity cases and brings the answers into a comparable form."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
PER_CLOUD = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b"
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z?|\breq-[0-9a-f-]+"
    r"|https?://[\w.:]+/?(?:identity|compute|image|networking|placement)?"
)
# (method, service, path, headers, content) -> (status, headers, text)
Ask = Callable[[str, str, str, dict[str, str], bytes | None], tuple[int, dict[str, str], str]]


def cases(only: str = "") -> list[dict[str, Any]]:
    """The cases of all files (or of those so named), in the order in which clouds are asked.

    name, service: together unique; service is a catalogue type, path is below its root.
    who: admin (default), nobody, or a token. headers, microversion, body, json_body, raw: what
    is sent. save: name -> JSON path in the answer; ${name} is that value in later cases;
    save_token: the same with X-Subject-Token. until: asked again until the status or the value
    ``at`` a path is the one wanted. compare: shape (default: keys and types), status, exact
    (values too, but for ids, moments and roots of URLs). ignore: keys that we do not offer.
    later: what the case asks for is not there yet.
    """
    found: list[dict[str, Any]] = []
    for file in sorted((FOLDER / "cases").glob(f"{only or '*'}.yaml")):
        found += yaml.safe_load(file.read_text())
    return found


def ask_all(
    ask: Ask, values: dict[str, str], rest: Callable[[], None], only: str = ""
) -> dict[str, Any]:
    """Case name -> {"status", "body"}; ``values`` begins with token and admin_project.

    ``rest`` lets the cloud work a little, between two looks at what takes its time.
    """
    answers: dict[str, Any] = {}
    for case in cases(only):
        status, body = ask_one(ask, case, values)
        end = time.monotonic() + 60
        while not arrived(case, status, body) and time.monotonic() < end:
            rest()
            status, body = ask_one(ask, case, values)
        for name, where in case.get("save", {}).items():
            values[name] = at(body, where)
        answers[f"{case['service']}: {case['name']}"] = {"status": status, "body": body}
    return answers


def arrived(case: dict[str, Any], status: int, body: Any) -> bool:
    """Whether what the case waits for ("until") is there."""
    until = case.get("until")
    if until is None:
        return True
    if "status" in until:
        return bool(status == until["status"])
    return at(body, until["at"]) == str(until["is"])


def ask_one(ask: Ask, case: dict[str, Any], values: dict[str, str]) -> tuple[int, Any]:
    """(status, decoded body; "text" for one that is not JSON)"""
    headers = {"Accept": "application/json"}
    who = case.get("who", "admin")
    if who != "nobody":
        headers["X-Auth-Token"] = values["token"] if who == "admin" else fill(who, values)
    if "microversion" in case:
        headers["OpenStack-API-Version"] = f"{case['service']} {case['microversion']}"
    content = None
    if "raw" in case:
        content = case["raw"].encode()
    elif "body" in case or "json_body" in case:
        headers["Content-Type"] = "application/json"
        content = fill(json.dumps(case.get("body", case.get("json_body"))), values).encode()
    headers.update({k: fill(v, values) for k, v in case.get("headers", {}).items()})
    path = fill(case["path"], values)
    status, answered, text = ask(case.get("method", "GET"), case["service"], path, headers, content)
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = "text"
    if "save_token" in case:
        values[case["save_token"]] = answered.get("x-subject-token", "none")
    return status, body


def fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], "unset"), text)


def at(document: Any, where: str) -> str:
    for step in where.split("."):
        if isinstance(document, list):
            document = document[int(step)] if int(step) < len(document) else None
        else:
            document = document.get(step) if isinstance(document, dict) else None
    return str(document)


def shape(value: Any) -> Any:
    """Keys and types of a document; a list is the union of the shapes of its items."""
    if isinstance(value, dict):
        return {plain(key): shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        found: list[Any] = []
        for item in value:
            one = shape(item)
            if one not in found:
                found.append(one)
        return found[:1]
    return type(value).__name__


def plain(value: Any) -> Any:
    """A document without what differs from cloud to cloud: ids, moments, roots of URLs."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return PER_CLOUD.sub("<...>", value) if isinstance(value, str) else value


def without(value: Any, keys: list[str]) -> Any:
    """A document without these keys, at whatever depth."""
    if isinstance(value, dict):
        return {k: without(item, keys) for k, item in value.items() if k not in keys}
    return [without(item, keys) for item in value] if isinstance(value, list) else value
