"""The summary at the end of `up`: address, users, passwords file, and commands to try next."""

from __future__ import annotations

from stratolith.deploy import credentials, people, personal, wording
from stratolith.deploy.layout import Layout
from stratolith.deploy.people import Person
from stratolith.deploy.supervision import running
from stratolith.kernel.config import ApiSection, Settings


def text(layout: Layout, settings: Settings, person: Person) -> str:
    """For a terminal."""
    own_file = personal.path_of(person)
    is_personal = personal.owner(own_file) == layout.state_dir
    where = own_file if is_personal else layout.clouds_yaml
    lines = "\n  ".join(_next_lines(layout, settings, person, is_personal=is_personal))
    return wording.spelled_out(
        f"""
  Auth URL    {credentials.auth_url(settings)}
  Users       admin (project admin), demo (project demo); domain Default
  Passwords   in {where}; `stratolith openrc admin` prints them
  Key pair    {_key_pair(layout, person)}
  APIs        {settings.of(ApiSection).listen}, ports {", ".join(map(str, running.ports(settings)))}
  Files       {layout.state_dir}, {layout.config}

Try next:
  {lines}
""",
        layout.state_dir,
    )


def _key_pair(layout: Layout, person: Person) -> str:
    if credentials.seeded_names(layout) == "kolla":
        return "none yet"
    private = people.key_pair(person, layout.keys).private_file
    return f"{people.KEYPAIR_NAME}; its private key is {private}"


def _next_lines(
    layout: Layout, settings: Settings, person: Person, *, is_personal: bool
) -> list[str]:
    """Commands up to a login in the first server; simulated guests have no login."""
    lines = [] if is_personal else [f"export OS_CLIENT_CONFIG_FILE={layout.clouds_yaml}"]
    if credentials.seeded_names(layout) == "kolla":
        return [*lines, f"export OS_CLOUD={credentials.KOLLA_CLOUD}", "./init-runonce"]
    lines += [
        "export OS_CLOUD=stratolith",
        "openstack server create --image cirros --flavor m1.tiny --key-name mykey "
        "--network private --wait demo1",
        "openstack server list",
    ]
    if settings.fake:
        return lines
    pair = people.key_pair(person, layout.keys)
    identity = f"-i {pair.private_file} " if pair.is_generated else ""
    return [
        *lines,
        "IP=$(openstack floating ip create public -f value -c floating_ip_address)",
        "openstack server add floating ip demo1 $IP",
        f"ssh {identity}cirros@$IP",
    ]
