"""Asks a cloud the parity cases and brings the answers into a comparable form."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
# (method, service, path, headers, content) -> (status, headers, text)
Ask = Callable[[str, str, str, dict[str, str], bytes | None], tuple[int, dict[str, str], str]]


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / "cases.yaml").read_text())
    return found


def ask_all(ask: Ask, values: dict[str, str]) -> dict[str, Any]:
    """Case name -> {"status", "body"}; ``values`` begins with token and admin_project."""
    from json import dumps, loads

    answers: dict[str, Any] = {}
    for case in cases():
        headers = {"Accept": "application/json"}
        if case.get("who", "admin") == "admin":
            headers["X-Auth-Token"] = values["token"]
        if "microversion" in case:
            headers["OpenStack-API-Version"] = f"{case['service']} {case['microversion']}"
        content = None
        if "raw" in case:
            content = case["raw"].encode()
        elif "body" in case or "json_body" in case:
            headers["Content-Type"] = "application/json"
            content = fill(dumps(case.get("body", case.get("json_body"))), values).encode()
        headers.update({k: fill(v, values) for k, v in case.get("headers", {}).items()})
        path = fill(case["path"], values)
        status, _, text = ask(case.get("method", "GET"), case["service"], path, headers, content)
        try:
            body = loads(text) if text else None
        except ValueError:
            body = "text"
        for name, where in case.get("save", {}).items():
            values[name] = at(body, where)
        answers[f"{case['service']}: {case['name']}"] = {"status": status, "body": body}
    return answers


def fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], "unset"), text)


def at(document: Any, where: str) -> str:
    for step in where.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return str(document)


def shape(value: Any) -> Any:
    """Keys and types of a document; a list is the union of the shapes of its items."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        found: list[Any] = []
        for item in value:
            one = shape(item)
            if one not in found:
                found.append(one)
        return found[:1]
    return type(value).__name__
