"""Who asks what of whom: the questions of the policy table, and how upstream answers them.

Run by a Python that has Keystone installed, it writes the table of decisions:

    /path/to/keystone/venv/bin/python tests/unit/identity/policy_personas.py

The table holds upstream's answers, a line a rule: for each persona a group of signs, one a
target, + or -.
Only this file's own words are used; it imports nothing of ours, and Keystone only when recording.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("policy_decisions.txt")
OURS, THEIRS = "ours", "theirs"  # ids of domains
CLOSURE = {
    "admin": ["admin", "manager", "member", "reader"],
    "manager": ["manager", "member", "reader"],
    "member": ["member", "reader"],
    "reader": ["reader"],
    "service": ["service"],
    "none": [],
}
SCOPES = ("project", "domain", "system")
PERSONAS = [(role, scope) for role in CLOSURE for scope in SCOPES]
USER, PROJECT = "me", "my-project"


def credentials(role: str, scope: str) -> dict[str, Any]:
    """What a rule may know of a persona: a user of the domain OURS."""
    domain = OURS if scope == "domain" else None
    project = PROJECT if scope == "project" else None
    return {
        "user_id": USER,
        "roles": CLOSURE[role],
        "project_id": project,
        "project_domain_id": OURS if project else None,
        "domain_id": domain,
        "system_scope": "all" if scope == "system" else None,
        "is_admin": False,
        "token": {
            "domain": {"id": domain} if domain else {},
            "project": {"domain": {"id": OURS}} if project else {},
        },
    }


def _all(user: str, domain: str, project: str, role: str | None) -> dict[str, Any]:
    """Every attribute that rules ask for, of things in one domain."""
    found: dict[str, Any] = {
        "user_id": user,
        "target.domain_id": domain,
        "target.domain.id": domain,
        "target.project.id": project,
        "target.project.domain_id": domain,
        "target.user.id": user,
        "target.user.domain_id": domain,
        "target.group.domain_id": domain,
        "target.credential.user_id": user,
        "target.token.user_id": user,
        "target.trust.trustor_user_id": user,
        "target.trust.trustee_user_id": user,
        "target.limit.domain.id": domain,
        "target.limit.project.domain_id": domain,
        "target.limit.project_id": project,
        "target.role.domain_id": None,
    }
    if role is not None:
        found["target.role.name"] = role
    return found


TARGETS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "mine": _all(USER, OURS, PROJECT, "member"),
    "of my domain": _all("another", OURS, "another", "member"),
    "of my domain, the role admin": _all("another", OURS, "another", "admin"),
    "of another domain": _all("stranger", THEIRS, "strange", "member"),
    "mine, in another domain": _all(USER, THEIRS, "strange", "admin"),
}


def record() -> None:
    """Write the table from Keystone's default rules, as its policy library decides them."""
    policies = import_module("keystone.common.policies")
    cfg = import_module("oslo_config.cfg")
    opts = import_module("oslo_policy.opts")
    policy = import_module("oslo_policy.policy")

    conf = cfg.ConfigOpts()
    conf([], project="keystone", default_config_files=[])
    opts.set_defaults(conf, enforce_scope=True)
    enforcer = policy.Enforcer(conf)
    enforcer.suppress_deprecation_warnings = True
    rules = list(policies.list_rules())
    enforcer.register_defaults(rules)
    lines = []
    for rule in sorted(rules, key=lambda one: one.name):
        if not rule.name.startswith("identity:"):
            continue
        groups = [
            "".join(
                "+" if enforcer.enforce(rule.name, dict(target), credentials(*persona)) else "-"
                for target in TARGETS.values()
            )
            for persona in PERSONAS
        ]
        lines.append(" ".join([rule.name, *groups]))
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} lines", file=sys.stderr)


if __name__ == "__main__":
    record()
