"""VLAN tags on a device that carries the frames of several networks.

Each network has a branch: a pair of devices, one end on the network's bridge, the other one free.
A program at the entry of the shared device takes the tag off and sends the frame out of the free
end of the branch with that tag; a program at the entry of the free end puts the tag on and sends
the frame out of the shared device. The end on the bridge is a port like any other: filters, places
and limits apply to it.

The shared device may be on a bridge, as a guest's tap with its untagged frames is; the program sees
frames before the bridge does. This needs neither the module 8021q nor VLAN filtering of bridges.

The frames of a branch have no second tag: nothing behind it reads one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import bpf, classifiers, namespaces

_PROTOCOL = 0x8100
_TAG_BITS = 0xFFF
_LOOPBACK = 1  # its index in every namespace
_FRAME = 6  # the register that keeps the frame; helpers leave it alone


def can_sort() -> bool:
    """Whether this kernel runs such programs: tried in a namespace that nobody else sees."""

    def body() -> bool:
        return split(_LOOPBACK, {1: _LOOPBACK}, "check", alone=True)

    try:
        return namespaces.apart(body)
    except (OSError, NetworkDriverError):
        return False


def split(index: int, ends: Mapping[int, int], instance: str, *, alone: bool) -> bool:
    """Send the tagged frames that enter the device to their branches; whether this was a change.

    ``ends``: tag -> index of the free end of its branch. ``alone``: all tags of the device are
    ours, and frames with another one are dropped; otherwise they take their usual way, as
    frames without a tag do. Raises ``NetworkDriverError``.
    """
    return _ensure(index, _splitter(ends, alone), instance)


def tag(index: int, number: int, shared: int, instance: str) -> bool:
    """Put a tag on the frames that enter the free end of a branch, and send them out of the shared
    device; whether this was a change. Raises ``NetworkDriverError``.
    """
    return _ensure(index, _tagger(number, shared), instance)


def holders(instance: str) -> set[int]:
    """Indexes of the devices that have a program of ours. Raises ``OSError``."""
    return {index for index in classifiers.devices() if _own_names(index, instance)}


def remove(index: int) -> None:
    """Take our program off a device. Raises ``OSError``."""
    classifiers.detach(index, classifiers.VLAN_TAGS)


def _own_names(index: int, instance: str) -> list[str]:
    return [
        classifier.name
        for classifier in classifiers.at_entry(index)
        if classifier.priority == classifiers.VLAN_TAGS
        and classifier.name.startswith(f"{instance}:")
    ]


def _ensure(index: int, program: bytes, instance: str) -> bool:
    name = f"{instance}:tags:{names.digest(program.hex())}"
    try:
        present = classifiers.at_entry(index)
        at_our_place = [c.name for c in present if c.priority == classifiers.VLAN_TAGS]
        if name in at_our_place:
            return False
        if any(not other.startswith(f"{instance}:") for other in at_our_place):
            raise NetworkDriverError(
                "a classifier of another program has the first place at the entry of the device"
            )
        descriptor = bpf.load(program, "vlan_tags")
        try:
            classifiers.attach(index, classifiers.VLAN_TAGS, descriptor, name)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NetworkDriverError(f"cannot sort VLAN tags: {error}") from error
    return True


def _splitter(ends: Mapping[int, int], alone: bool) -> bytes:
    unknown = bpf.end(bpf.DROP if alone else bpf.NEXT_CLASSIFIER)
    return b"".join(
        [
            bpf.move(_FRAME, 1),
            bpf.load_word(2, _FRAME, bpf.VLAN_PRESENT),
            bpf.if_equal(2, 0, bpf.end(bpf.NEXT_CLASSIFIER)),
            bpf.load_word(2, _FRAME, bpf.VLAN_PROTOCOL),
            bpf.unless_equal(2, _in_network_order(_PROTOCOL), unknown),
            bpf.load_word(7, _FRAME, bpf.VLAN_TCI),
            bpf.mask(7, _TAG_BITS),
            *(bpf.if_equal(7, number, _untagged_to(end)) for number, end in sorted(ends.items())),
            unknown,
        ]
    )


def _untagged_to(end: int) -> bytes:
    return b"".join(
        [
            bpf.move(1, _FRAME),
            bpf.call(bpf.SKB_VLAN_POP),
            bpf.unless_equal(0, 0, bpf.end(bpf.DROP)),
            bpf.load_word(2, _FRAME, bpf.VLAN_PRESENT),  # a second tag
            bpf.unless_equal(2, 0, bpf.end(bpf.DROP)),
            *_out_of(end),
        ]
    )


def _tagger(number: int, shared: int) -> bytes:
    return b"".join(
        [
            bpf.move(_FRAME, 1),
            bpf.load_word(2, _FRAME, bpf.VLAN_PRESENT),
            bpf.unless_equal(2, 0, bpf.end(bpf.DROP)),
            bpf.move(1, _FRAME),
            bpf.set_to(2, _in_network_order(_PROTOCOL)),
            bpf.set_to(3, number),
            bpf.call(bpf.SKB_VLAN_PUSH),
            bpf.unless_equal(0, 0, bpf.end(bpf.DROP)),
            *_out_of(shared),
        ]
    )


def _out_of(index: int) -> list[bytes]:
    return [bpf.set_to(1, index), bpf.set_to(2, 0), bpf.call(bpf.REDIRECT), bpf.end()]


def _in_network_order(value: int) -> int:
    return int.from_bytes(value.to_bytes(2, "big"), sys.byteorder)
