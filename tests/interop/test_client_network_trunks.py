"""The unmodified openstack client: trunks and their sub-ports."""

from __future__ import annotations

from .openstack_client import Shell

TRUNK = "network trunk"


def test_a_trunk(demo_shell: Shell) -> None:
    demo_shell("network create carried")
    for name in ("parent", "one", "two"):
        demo_shell(f"port create --network carried {name}")
    one = demo_shell("port show one")["id"]
    sub_port = "port=one,segmentation-type=vlan,segmentation-id=5"
    made = demo_shell(f"{TRUNK} create --parent-port parent --subport {sub_port} --disable t")
    assert made["status"] == "DOWN" and [sub["port_id"] for sub in made["sub_ports"]] == [one]
    more = "port=two,segmentation-type=vlan,segmentation-id=6"
    assert "disabled" in demo_shell.refused(f"{TRUNK} set --subport {more} t")
    demo_shell(f"{TRUNK} set --enable --name trunk1 --description words t")
    demo_shell(f"{TRUNK} set --subport {more} trunk1")
    assert "trunk1" in demo_shell.names(f"{TRUNK} list")
    shown = demo_shell(f"{TRUNK} show trunk1")
    assert [sub["segmentation_id"] for sub in shown["sub_ports"]] == [5, 6]
    assert shown["description"] == "words"
    assert "is currently a subport" in demo_shell.refused("port delete one")
    demo_shell(f"{TRUNK} unset --subport two trunk1")
    rows = demo_shell("network subport list --trunk trunk1")
    assert [row["Port"] for row in rows] == [one]
    demo_shell(f"{TRUNK} subport add --segmentation-type vlan --segmentation-id 7 trunk1 two")
    rows = demo_shell(f"{TRUNK} subport list trunk1")
    assert {row["Segmentation ID"] for row in rows} == {5, 7}
    demo_shell(f"{TRUNK} subport remove trunk1 two")
    demo_shell(f"{TRUNK} delete trunk1")
    demo_shell("port delete parent one two")
    demo_shell("network delete carried")
