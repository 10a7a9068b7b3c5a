"""The unmodified openstack client: OAuth 1.0a consumers, and logging in as one."""

from __future__ import annotations

from tests.installation import Installation

from .openstack_client import Shell, outside


def test_a_consumer(admin_shell: Shell) -> None:
    made = admin_shell("consumer create --description Robot")
    assert made["description"] == "Robot"
    assert made["secret"]
    assert [row["ID"] for row in admin_shell("consumer list")] == [made["id"]]
    admin_shell(f"consumer set --description Android {made['id']}")
    shown = admin_shell(f"consumer show {made['id']}")
    assert (shown["description"], "secret" in shown) == ("Android", False)
    admin_shell(f"consumer delete {made['id']}")
    assert admin_shell("consumer list") == []


def test_a_consumer_logs_in(admin_shell: Shell, fake_cloud: Installation) -> None:
    consumer = admin_shell("consumer create")
    keys = f"--consumer-key {consumer['id']} --consumer-secret {consumer['secret']}"
    request = admin_shell(f"request token create {keys} --project demo")
    verifier = admin_shell(f"request token authorize --request-key {request['id']} --role member")
    access = admin_shell(
        f"access token create {keys} --request-key {request['id']} "
        f"--request-secret {request['secret']} --verifier {verifier['oauth_verifier']}"
    )
    shell = Shell(
        {
            **outside(),
            "OS_AUTH_TYPE": "v3oauth1",
            "OS_AUTH_URL": fake_cloud.auth_url,
            "OS_CONSUMER_KEY": consumer["id"],
            "OS_CONSUMER_SECRET": consumer["secret"],
            "OS_ACCESS_KEY": access["id"],
            "OS_ACCESS_SECRET": access["secret"],
        }
    )
    issued = shell("token issue")
    assert issued["project_id"] == admin_shell("project show demo")["id"]
    assert shell("server list") == []
    assert "403" in shell.refused("user create nobody")
    admin_shell(f"consumer delete {consumer['id']}")
    assert "Access token not found" in shell.refused("token issue")
