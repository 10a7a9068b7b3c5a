"""The ledger: zones stay, namespaces and sysctls end with the boot."""

from __future__ import annotations

from stratolith.network.drivers.linux.ledger import Ledger


def test_zones_are_kept_and_reused_only_when_free(tmp_path):
    ledger = Ledger(tmp_path / "ledger.json")
    first = ledger.zones_for(["a", "b", "c"])
    assert len(set(first.values())) == 3
    ledger.save()
    again = Ledger(tmp_path / "ledger.json")
    second = again.zones_for(["c", "d", "a"])
    assert (second["a"], second["c"]) == (first["a"], first["c"])
    assert second["d"] not in (first["a"], first["c"])


def test_another_boot_forgets_the_kernel(tmp_path):
    path = tmp_path / "ledger.json"
    ledger = Ledger(path)
    ledger.entries.namespaces["qrouter-x"] = 4711
    ledger.entries.sysctls["net/ipv4/ip_forward"] = "0"
    ledger.zones_for(["a"])
    ledger.save()
    assert Ledger(path).entries.namespaces == {"qrouter-x": 4711}
    path.write_text(path.read_text().replace(ledger.entries.boot_id, "before"))
    after = Ledger(path).entries
    assert (after.namespaces, after.sysctls) == ({}, {})
    assert list(after.zones) == ["a"]


def test_damaged_file_is_an_empty_ledger(tmp_path):
    path = tmp_path / "ledger.json"
    path.write_text("{not json")
    assert Ledger(path).entries.zones == {}
