"""OVA: checks the members of a tar archive while it is streamed.

An OVA is a tar of an OVF description and disks. Unpacking it must not write outside the target
directory, so names and types of the members are checked before the file is accepted.
"""

from __future__ import annotations

import tarfile
from pathlib import PurePosixPath

from stratolith.kernel.disk_images import BadImage

BLOCK = 512
MAX_MEMBERS = 128
MAX_DISKS = 16
DISKS = (".vmdk", ".vhd", ".vhdx", ".vdi", ".img", ".raw", ".qcow2", ".iso")
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE)
_MAX_EXTENDED = 64 << 10
# These records override the checked name or size of the next member.
_HIDING = (b" path=", b" linkpath=", b" size=", b" GNU.sparse.")


class TarInspector:
    """Checks a stream block by block; raises BadImage for an unsafe archive.

    Data that does not begin like a tar is accepted: its content is not interpreted.
    """

    def __init__(self) -> None:
        self.is_tar: bool | None = None
        self.members: list[str] = []
        self.disks = 0
        self._header = bytearray()
        self._skip = 0
        self._records: bytearray | None = None  # of the extended header that is being read
        self._ended = False

    def feed(self, block: memoryview) -> None:
        """Take the next bytes; raises BadImage."""
        at = 0
        while at < len(block) and self.is_tar is not False and not self._ended:
            if self._skip:
                step = min(self._skip, len(block) - at)
                self._pass(block[at : at + step])
                at += step
                continue
            step = min(BLOCK - len(self._header), len(block) - at)
            self._header += block[at : at + step]
            at += step
            if len(self._header) == BLOCK:
                header, self._header = bytes(self._header), bytearray()
                self._member(header)

    def finish(self) -> None:
        """End of the stream; raises BadImage when the last member is incomplete."""
        if self.is_tar and (self._skip or self._header):
            raise BadImage("The archive ends in the middle of a member")

    def _pass(self, part: memoryview) -> None:
        """Skip content of a member; only the content of extended headers is checked."""
        self._skip -= len(part)
        if self._records is None:
            return
        self._records += part
        if not self._skip:
            if any(key in self._records for key in _HIDING):
                raise BadImage("The archive hides names in extended headers")
            self._records = None

    def _member(self, header: bytes) -> None:
        if self.is_tar is None:
            self.is_tar = header[257:262] == b"ustar"
            if not self.is_tar:
                return
        if not any(header):
            self._ended = True
            return
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise BadImage(f"The archive has a damaged header: {error}") from None
        self._skip = -(-member.size // BLOCK) * BLOCK
        if member.type in _EXTENDED and 0 < member.size <= _MAX_EXTENDED:
            self._records = bytearray()
            return
        judge_member(member)
        self.members.append(member.name)
        self.disks += member.name.lower().endswith(DISKS)
        if len(self.members) > MAX_MEMBERS or self.disks > MAX_DISKS:
            raise BadImage("The archive has too many members")


def judge_member(member: tarfile.TarInfo) -> None:
    """Raise BadImage unless this is a regular file with a safe relative name."""
    name = member.name
    if member.type in (*_LONG_NAMES, *_EXTENDED):
        raise BadImage("The archive hides names in extended headers")
    if not member.isreg():
        raise BadImage(f"The archive's member {name!r} is no plain file")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        raise BadImage(f"The archive's member {name!r} leads out of its directory")
    if member.size < 0:
        raise BadImage(f"The archive's member {name!r} has an impossible size")
