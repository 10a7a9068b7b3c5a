#!/usr/bin/env python3
"""Ask a real Neutron about standard attributes and write tests/parity/standard_attributes.json.

OS_AUTH_URL=http://127.0.0.1:15000/v3 OS_USERNAME=admin OS_PASSWORD=... OS_PROJECT_NAME=admin \\
    .venv/bin/python tools/record_standard_attributes.py [wide]

wide: only which revisions grow by changes of something else; what is recorded of the others stays.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.parity.standard_attributes import Walk

RECORD = Path(__file__).parent.parent / "tests/parity/standard_attributes.json"


def main() -> None:
    domain = {"name": "Default"}
    user = {"name": os.environ["OS_USERNAME"], "password": os.environ["OS_PASSWORD"]}
    scope = {"project": {"name": os.environ["OS_PROJECT_NAME"], "domain": domain}}
    identity = {"methods": ["password"], "password": {"user": {**user, "domain": domain}}}
    http = httpx.Client(timeout=300)
    url = f"{os.environ['OS_AUTH_URL'].rstrip('/')}/auth/tokens"
    answer = http.post(url, json={"auth": {"identity": identity, "scope": scope}})
    answer.raise_for_status()
    token = answer.json()["token"]
    (root,) = (
        endpoint["url"].rstrip("/")
        for service in token["catalog"]
        if service["type"] == "network"
        for endpoint in service["endpoints"]
        if endpoint["interface"] == "public"
    )

    def ask(method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        headers = {"X-Auth-Token": answer.headers["X-Subject-Token"], **headers}
        got = http.request(method, f"{root}/v2.0{path}", json=body, headers=headers)
        try:
            return got.status_code, got.json()
        except ValueError:
            return got.status_code, {}

    walk = Walk(ask, token["project"]["id"])
    is_wide = sys.argv[1:] == ["wide"]
    kept = json.loads(RECORD.read_text()) if is_wide else {}
    answers = {**kept, **(walk.wide_answers() if is_wide else walk.answers())}
    RECORD.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
    print(f"{sum(map(len, answers.values()))} answers recorded")


if __name__ == "__main__":
    main()
