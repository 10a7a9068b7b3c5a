#!/usr/bin/env python3
"""Ask a real OpenStack the parity cases and write its answers to tests/parity/recorded.json.

    OS_AUTH_URL=http://127.0.0.1:15000/v3 OS_USERNAME=admin OS_PASSWORD=... OS_PROJECT_NAME=admin \\
        .venv/bin/python tools/record_parity.py [FILE]

FILE: the name of one file of cases that needs no other ("7-mended"); what is recorded of the
others stays.

Truth is recorded, not remembered: run it against the services themselves, look at the
difference, commit it.
"""

import json
import os
import sys
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.parity.asking import FOLDER, ask_all


def main() -> None:
    auth_url = os.environ["OS_AUTH_URL"].rstrip("/")
    user = {
        "name": os.environ["OS_USERNAME"],
        "domain": {"name": "Default"},
        "password": os.environ["OS_PASSWORD"],
    }
    project = {"name": os.environ["OS_PROJECT_NAME"], "domain": {"name": "Default"}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
    }
    http = httpx.Client(timeout=300)
    answer = http.post(f"{auth_url}/auth/tokens", json=body)
    answer.raise_for_status()
    token = answer.json()["token"]
    roots = {
        service["type"]: endpoint["url"].removesuffix("/v2.1").rstrip("/")
        for service in token["catalog"]
        for endpoint in service["endpoints"]
        if endpoint["interface"] == "public"
    }
    roots["identity"] = auth_url.removesuffix("/v3")

    def ask(method, service, path, headers, content):
        url = roots[service] + path
        found = http.request(method, url, headers=headers, content=content)
        return found.status_code, dict(found.headers), found.text

    values = {
        "token": answer.headers["x-subject-token"],
        "admin_project": token["project"]["id"],
        "password": os.environ["OS_PASSWORD"],
    }
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    answers = ask_all(ask, values, lambda: time.sleep(0.5), only)
    file = FOLDER / "recorded.json"
    kept = json.loads(file.read_text()) if only else {}
    file.write_text(json.dumps({**kept, **answers}, indent=1, sort_keys=True) + "\n")
    print(f"{len(answers)} answers recorded")


if __name__ == "__main__":
    main()
