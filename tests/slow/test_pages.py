"""README, tutorial and how-tos, followed word by word by somebody new."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.slow import pages
from tests.slow.pages import CHECKOUT, Plan

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.guest, pytest.mark.timeout(1800)]

CLONED = {r"git clone [^\n]*\n?": ""}  # done before, with the packages that it needs
NO_WORLD = "needs a network beyond this machine"
AS_ADMIN = "openstack --os-cloud stratolith-admin"
UP = "./stratolith up\nexport OS_CLOUD=stratolith"
CARD = """ip link add eth1 type veth peer name wire
ip link set eth1 up; ip link set wire up
export STRATOLITH_NETWORK_BRIDGE_MAPPINGS=physnet2:eth1"""
WITH_SERVER = f"""{UP}
openstack server create --image cirros --flavor m1.tiny --network private --wait demo1
SERVER=$(openstack server show demo1 -f value -c id)"""

PLANS: dict[str, Plan] = {
    "README.md": Plan(
        is_real=True,
        change={**CLONED, r"\./stratolith up --fake --state-dir /tmp/cloud": "true"},
        skip={"./stratolith up       # set up this machine, bring the cloud up": "the next block"},
    ),
    "docs/tutorial/first-server.md": Plan(
        change={
            **CLONED,
            r"python3 -m venv ~/osc[^\n]*": "true",
            r"sudo \./stratolith (check|up)": "true",
            r"/tmp/cloud": "$HOME/cloud",
            r"req-\.\.\.": "$(openstack server event list demo1 -f value -c 'Request ID' "
            "| head -1)",
            r"sleep 3\n": "sleep 15\n",
            r"destroy --state-dir": "destroy --yes --state-dir",
        },
        cleanup='./stratolith destroy --yes --state-dir "$HOME/cloud"',
        skip={"ping -c 3 $IP": "a simulated guest does not answer, as the page says"},
        expect={
            "openstack console log show demo1": ["simulated guest instance-00000001 started"],
            "./stratolith logs --state-dir /tmp/cloud --request-id req-...": [
                "/action POST 202",
                "start done",
            ],
            "kill -9 $(cat /tmp/cloud/run/server.pid)         # the cloud of the system: "
            "/run/stratolith": ["ready", "restarted 1 times"],
        },
    ),
    "docs/howto/test-your-software.md": Plan(
        change={
            **CLONED,
            r"stratolith/stratolith": "./stratolith",  # the clone is where we are
            r"make integration-tests": "openstack server list",
            r"(\. <\(.*\))": r'\1\ntest -z "${OS_CLOUD:-}" -a -n "$OS_PASSWORD"',
        },
        cleanup='./stratolith destroy --yes --state-dir "$PWD/cloud"',
        expect={
            '. <(./stratolith openrc demo --state-dir "$PWD/cloud")': ["project_id", "user_id"],
        },
    ),
    "docs/howto/install.md": Plan(
        cleanup='~/stratolith/bin/stratolith destroy --yes --state-dir "$HOME/cloud"'
    ),
    "docs/howto/plug-in.md": Plan(cleanup="true"),  # nothing to type
    "docs/howto/external-network.md": Plan(
        is_real=True,
        change={
            r"ip route add 192.168.251.0/24 via HOST": "true",
            r"(openstack .*network create .*\n.*)": r"\1 -c status -c provider:segmentation_id",
        },
        skip={"network:": "pieces of the configuration: the environment has them"},
        needs_cloud=f"{CARD}\nexport STRATOLITH_NETWORK_VLAN_RANGES=physnet2:100:199\n"
        "export OS_CLOUD=stratolith",
        expect={
            f"{AS_ADMIN} network create --provider-network-type vlan \\": ["ACTIVE", "100"],
        },
    ),
    "docs/howto/guarantee-bandwidth.md": Plan(
        is_real=True,
        change={
            r"\bID\b": "$(openstack --os-cloud stratolith-admin network agent list "
            "--agent-type linux-bridge -f value -c ID)",
        },
        skip={"network:": "a piece of the configuration: the environment has it"},
        needs_cloud=f"{CARD}\nexport STRATOLITH_NETWORK_RESOURCE_PROVIDER_BANDWIDTHS="
        f"eth1:10000000:10000000,rp_tunnelled:1000000:1000000\n{UP}",
        expect={
            f"{AS_ADMIN} resource provider list": ["eth1"],
            f"{AS_ADMIN} network qos policy create gold --share": ["ACTIVE"],
        },
    ),
    "docs/howto/where-is-what.md": Plan(
        is_real=True,
        needs_cloud=WITH_SERVER,
        change={
            r"ROUTER\b": "$(openstack --os-cloud stratolith-admin router list -f value -c ID)",
            r"\bSERVER\b": "$SERVER",
            r"sudo (\./stratolith logs [a-z-]+ -f|tail -f)": r"timeout 2 \1",
            r"(timeout 2 .*)": r"\1 || test $? = 124",  # they end when somebody ends them
            r"req-\.\.\.": "$(openstack server event list $SERVER -f value -c 'Request ID')",
            r"sudo nft list table inet stratolith": "nft list table inet stratolith || true",
        },
        skip={"cd /var/lib/stratolith/guests/SERVER": "needs somebody who types"},
        expect={
            "sudo ip netns list": ["qrouter-", "table bridge stratolith", "br-stl-ext"],
            "sudo ./stratolith logs                      # everything, in order of time": [
                "start done"
            ],
            "openstack console log show SERVER": ["Linux version"],
        },
    ),
    "docs/howto/backup-and-recovery.md": Plan(
        is_real=True,
        needs_cloud=f"{WITH_SERVER}\nopenstack network create kept",
        change={
            r"/backup": "/mnt/backup",
            r"\bSERVER\b": "$SERVER",
            r"(openstack server stop .*)": r"\1\nsleep 20",
            r"(sudo \./stratolith down --guests)": r"openstack network delete kept\n\1",
            r"(sudo \./stratolith openrc admin)": r"\1\nopenstack network show kept\n"
            r"openstack server start $SERVER\nsleep 20\nopenstack server show $SERVER",
        },
        skip={"[Unit]": "a unit of systemd"},
        expect={"sudo ./stratolith openrc admin": ["OS_PASSWORD", "kept", "ACTIVE"]},
    ),
}
ELSEWHERE = {
    "docs/howto/ovn.md": "its block is a configuration; tests/drivers/network use the driver",
    "docs/howto/add-a-resource.md": "its blocks are code; tests/unit/docs holds them",
    "docs/howto/postgresql.md": "tests/postgresql/test_howto.py follows it",
    "docs/howto/second-host.md": "needs a second machine; tests/e2e/test_hosts.py joins one",
    "docs/howto/own-image.md": "tests/e2e/test_image_formats.py boots such images; " + NO_WORLD,
}


def followed() -> list[str]:
    """Every page that tells somebody what to type."""
    found = [CHECKOUT / "README.md", *(CHECKOUT / "docs" / "tutorial").glob("*.md")]
    found += sorted((CHECKOUT / "docs" / "howto").glob("*.md"))
    return [str(path.relative_to(CHECKOUT)) for path in found]


@pytest.mark.parametrize("name", followed())
@pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces")
def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    if name in ELSEWHERE:
        pytest.skip(ELSEWHERE[name])
    plan = PLANS.get(name, Plan())
    pages.clone(tmp_path, is_real=plan.is_real)
    text, firsts = pages.script(CHECKOUT / name, plan)
    printed = pages.run(f"trap '{plan.cleanup}' EXIT\n{text}", tmp_path, is_real=plan.is_real)
    parts = dict(re.findall(r"^== (\d+)\n(.*?)(?=^== \d+\n|\Z)", printed, re.MULTILINE | re.DOTALL))
    for first, wanted in plan.expect.items():
        shown = parts[str(firsts.index(first))]
        for one in wanted:
            assert one in shown, f"after {first}: {shown}"


def test_blocks_are_found() -> None:
    text = "Do:\n\n    one\n    two\n\n- item\n    text\n\nThen\n\n    three\n"
    assert pages.blocks(text) == ["one\ntwo", "three"]
