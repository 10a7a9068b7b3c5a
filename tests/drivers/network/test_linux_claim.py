"""One real cloud on a host: the second is refused, and takes nothing of the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.claim import Claim
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views

pytestmark = pytest.mark.root


def cloud(place: Path, name: str) -> LinuxNetworkDriver:
    state_dir = place / name
    claim = Claim(state_dir, place / "claims")
    return LinuxNetworkDriver(state_dir, instance="stratotest", claim=claim)


def a_view(name: str):
    network = views.network(name)
    return views.host([network], [views.router(f"{name}-router", [network])])


def namespace(name: str) -> int | None:
    return namespaces.inode(f"qrouter-{views.uid(f'{name}-router')}")


def test_the_second_cloud_is_refused_until_the_first_is_gone(sandbox, tmp_path):
    one, two = cloud(tmp_path, "one"), cloud(tmp_path, "two")
    try:
        assert not one.apply(a_view("n1")).errors
        before = namespace("n1")
        with pytest.raises(NetworkDriverError, match=f"{tmp_path / 'one'}, has networks"):
            two.apply(a_view("n2"))
        two.remove_all()  # which takes away nothing of the other
        assert namespace("n1") == before
        assert namespace("n2") is None

        # its agent ends, its networks stay: the machine is still taken, but not for itself
        one.close()
        one._claim.close()
        with pytest.raises(NetworkDriverError, match="one real cloud"):
            two.apply(a_view("n2"))
        again = cloud(tmp_path, "one")
        assert not again.apply(a_view("n1")).errors
        assert namespace("n1") == before
        again.remove_all()

        assert not two.apply(a_view("n2")).errors
        assert namespace("n2") is not None
    finally:
        two.remove_all()
        one.remove_all()
    assert not (tmp_path / "claims").exists()


def test_who_left_nothing_stands_in_nobodys_way(sandbox, tmp_path):
    claims = tmp_path / "claims"
    dead = Claim(tmp_path / "dead", claims)
    dead.take()
    assert Claim(tmp_path / "new", claims).other() == tmp_path / "dead"
    dead.close()
    assert Claim(tmp_path / "new", claims).other() is None


def test_two_network_namespaces_that_share_the_names(sandbox, tmp_path):
    one, two = cloud(tmp_path, "one"), cloud(tmp_path, "two")
    elsewhere = f"elsewhere-{views.uid('elsewhere')[:8]}"
    namespaces.create(elsewhere)
    try:
        assert not one.apply(a_view("n1")).errors
        before = namespace("n1")
        with pytest.raises(NetworkDriverError, match="one real cloud"):
            namespaces.run_in(elsewhere, lambda: two.apply(a_view("n2")))
        namespaces.run_in(elsewhere, two.remove_all)
        assert namespace("n1") == before
    finally:
        one.remove_all()
        namespaces.remove(elsewhere)
