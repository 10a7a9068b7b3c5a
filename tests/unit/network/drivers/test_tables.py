"""nft tables as values: from what is loaded to what is wanted, by as little as possible."""

from __future__ import annotations

import msgspec

from stratolith.network.drivers.linux.tables import NamedSet, Table, changes, mapping, named, text

HOOK = "type filter hook forward priority 0; policy accept;"
ONE = Table(
    name="inet t",
    sets={"taps": named("type ifname", ['"a"', '"b"']), "to": mapping("type mark : verdict", {})},
    chains={"x": ["accept"], "base": [HOOK, "iifname @taps goto x"]},
)


def changed(**fields: object) -> str | None:
    return changes((ONE,), (msgspec.structs.replace(ONE, **fields),))


def test_nothing_to_do() -> None:
    assert changes((ONE,), (msgspec.structs.replace(ONE),)) == ""


def test_one_element_more_and_one_less() -> None:
    sets = {**ONE.sets, "taps": named("type ifname", ['"a"', '"c"'])}
    assert changed(sets=sets) == (
        'delete element inet t taps { "b" }\nadd element inet t taps { "c" }\n'
    )


def test_a_chain_is_there_before_it_is_named_and_after() -> None:
    sets = {**ONE.sets, "to": mapping("type mark : verdict", {"0x1": "goto y"})}
    chains = {**ONE.chains, "y": ["drop"]}
    script = changed(sets=sets, chains=chains)
    lines = [
        "add chain inet t y",
        "add rule inet t y drop",
        "add element inet t to { 0x1 : goto y }",
    ]
    assert script == "".join(f"{line}\n" for line in lines)
    new = msgspec.structs.replace(ONE, sets=sets, chains=chains)
    back = ["delete element inet t to { 0x1 }", "flush chain inet t y", "delete chain inet t y"]
    assert changes((new,), (ONE,)) == "".join(f"{line}\n" for line in back)


def test_rules_of_a_chain_change_whole() -> None:
    script = changed(chains={**ONE.chains, "base": [HOOK, "drop"]})
    assert script == "flush chain inet t base\nadd rule inet t base drop\n"


def test_a_range_is_taken_out_before_one_that_overlaps_it_is_put_in() -> None:
    ranges = NamedSet(kind="type ipv4_addr", elements={"10.0.0.0/8": ""}, flags="interval")
    others = NamedSet(kind="type ipv4_addr", elements={"10.0.0.0/9": ""}, flags="interval")
    before = msgspec.structs.replace(ONE, sets={"r": ranges})
    after = msgspec.structs.replace(ONE, sets={"r": others})
    assert changes((before,), (after,)) == (
        "delete element inet t r { 10.0.0.0/8 }\nadd element inet t r { 10.0.0.0/9 }\n"
    )


def test_what_elements_and_rules_cannot_say_is_loaded_whole() -> None:
    assert changed(chains={**ONE.chains, "base": [HOOK.replace("0;", "1;")]}) is None
    assert changed(fixed="set counts {}") is None
    assert changed(name="inet other") is None
    assert changes((ONE,), ()) is None


def test_a_table_replaces_itself() -> None:
    assert text((ONE,)).startswith("table inet t {\n}\ndelete table inet t\ntable inet t {\n")
