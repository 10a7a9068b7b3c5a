"""The unmodified openstack client: address groups, stateless groups, templates of rules."""

from __future__ import annotations

from .openstack_client import Shell

GROUP, RULE = "security group", "security group rule"
TEMPLATE = "default security group rule"


def test_address_groups(admin_shell: Shell) -> None:
    made = admin_shell("address group create office --address 10.1.2.3/8 --address fd00::5/128")
    assert made["addresses"] == ["10.0.0.0/8", "fd00::5/128"]
    admin_shell("address group set office --address 192.0.2.0/24 --description about --name work")
    admin_shell("address group unset work --address 10.0.0.0/8")
    shown = admin_shell("address group show work")
    assert shown["addresses"] == ["192.0.2.0/24", "fd00::5/128"]
    assert shown["description"] == "about"
    assert "work" in admin_shell.names("address group list")
    admin_shell(f"{GROUP} create servers")
    rule = admin_shell(f"{RULE} create servers --remote-address-group work --protocol tcp")
    assert rule["remote_address_group_id"] == shown["id"]
    assert "in use on one or more" in admin_shell.refused("address group delete work")
    share = "network rbac create work --type address_group --action access_as_shared"
    policy = admin_shell(f"{share} --target-project demo")
    assert policy["object_type"] == "address_group"
    admin_shell(f"network rbac delete {policy['id']}")
    admin_shell(f"{RULE} delete {rule['id']}")
    admin_shell("address group delete work")
    admin_shell(f"{GROUP} delete servers")


def test_stateless_groups_and_templates(admin_shell: Shell) -> None:
    assert admin_shell(f"{GROUP} create free --stateless")["stateful"] is False
    admin_shell(f"{GROUP} set free --stateful")
    assert admin_shell(f"{GROUP} show free")["stateful"] is True
    assert len(admin_shell(f"{TEMPLATE} list")) == 4
    own = admin_shell(f"{TEMPLATE} create --protocol tcp --dst-port 22 --for-custom-sg")
    assert (own["used_in_non_default_sg"], own["used_in_default_sg"]) == (True, False)
    assert admin_shell(f"{TEMPLATE} show {own['id']}")["protocol"] == "tcp"
    admin_shell(f"{GROUP} create more")
    assert "tcp" in str(admin_shell(f"{RULE} list more"))
    admin_shell(f"{TEMPLATE} delete {own['id']}")
    admin_shell(f"{GROUP} delete free more")
