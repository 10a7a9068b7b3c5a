"""Small firmware that shows whether KVM works, for each architecture of a host.

x86: goes from real mode to long mode, saves and restores FPU state, does an atomic 16 byte
exchange, loops with memory accesses and ends QEMU with exit status 33. A KVM that only
emulates instructions (nested software paging) fails one of these or does not finish the
loop, although it opens and runs real-mode code correctly. The ROM appears at 0xF0000 and at
0xFFFF0000; the page tables are built at 0x10000 and map the first GiB (one 2 MiB page) and
the last 2 MiB below 4 GiB, where the ROM is.

AArch64: turns the floating-point unit on, calculates with it, loops with memory accesses (the
memory of the board virt starts at 1 GiB) and powers off the machine by PSCI. The ROM appears
at 0; every failure leads to an endless loop, which the time limit ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratolith.compute.drivers.base import NotPossible
from stratolith.kernel import architecture

SIZE = 0x10000
Code = Mapping[int, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Trial:
    """A firmware and how to run it. ``passed``: QEMU's exit status on success; ``filler``: bytes
    for unused parts of the ROM; ``kvm_modules``: a real KVM needs one of these kernel modules;
    empty if it may be built into the kernel."""

    code: Code
    filler: bytes
    options: tuple[str, ...]
    passed: int
    kvm_modules: tuple[str, ...] = ()

    def rom(self) -> bytes:
        """The ROM image, 64 KiB."""
        rom = bytearray(self.filler * (SIZE // len(self.filler)))
        for offset, lines in self.code.items():
            code = b"".join(bytes.fromhex(line[0]) for line in lines)
            rom[offset : offset + len(code)] = code
        assert len(rom) == SIZE
        return bytes(rom)


# offset: [(machine code, instruction)]; see the processor manual
_X86: Code = {
    0x00: [  # real mode, 16 bit
        ("fa", "cli"),
        ("fc", "cld"),
        ("2e 66 0f 01 16 40 00", "lgdt cs:[0x40]"),
        ("0f 20 c0", "mov eax, cr0"),
        ("0c 01", "or al, 1                    ; protection on"),
        ("0f 22 c0", "mov cr0, eax"),
        ("66 ea 50 00 ff ff 08 00", "jmp far 0x08:0xffff0050"),
    ],
    0x20: [  # descriptors
        ("00 00 00 00 00 00 00 00", "null"),
        ("ff ff 00 00 00 9b cf 00", "0x08: code, 32 bit, flat"),
        ("ff ff 00 00 00 93 cf 00", "0x10: data, flat"),
        ("ff ff 00 00 00 9b af 00", "0x18: code, 64 bit"),
        ("1f 00 20 00 ff ff", "limit 31, base 0xffff0020"),
    ],
    0x50: [  # protected mode, 32 bit
        ("b8 10 00 00 00", "mov eax, 0x10"),
        ("8e d8", "mov ds, eax"),
        ("8e c0", "mov es, eax"),
        ("8e d0", "mov ss, eax"),
        ("bc 00 90 00 00", "mov esp, 0x9000"),
        ("bf 00 00 01 00", "mov edi, 0x10000             ; clear four pages for the tables"),
        ("31 c0", "xor eax, eax"),
        ("b9 00 10 00 00", "mov ecx, 0x1000"),
        ("f3 ab", "rep stosd"),
        ("c7 05 00 00 01 00 03 10 01 00", "mov [0x10000], 0x11003     ; level 4 -> level 3"),
        ("c7 05 00 10 01 00 03 20 01 00", "mov [0x11000], 0x12003     ; first GiB"),
        ("c7 05 18 10 01 00 03 30 01 00", "mov [0x11018], 0x13003     ; fourth GiB"),
        ("c7 05 00 20 01 00 83 00 00 00", "mov [0x12000], 0x83        ; 2 MiB page at 0"),
        ("c7 05 f8 3f 01 00 83 00 e0 ff", "mov [0x13ff8], 0xffe00083  ; the ROM's page"),
        ("b8 00 00 01 00", "mov eax, 0x10000"),
        ("0f 22 d8", "mov cr3, eax"),
        ("b8 20 06 00 00", "mov eax, 0x620               ; PAE, OSFXSR, OSXMMEXCPT"),
        ("0f 22 e0", "mov cr4, eax"),
        ("b9 80 00 00 c0", "mov ecx, 0xc0000080          ; EFER"),
        ("0f 32", "rdmsr"),
        ("0d 00 01 00 00", "or eax, 0x100                ; long mode"),
        ("0f 30", "wrmsr"),
        ("0f 20 c0", "mov eax, cr0"),
        ("0d 01 00 00 80", "or eax, 0x80000001           ; paging on"),
        ("0f 22 c0", "mov cr0, eax"),
        ("ea e0 00 ff ff 18 00", "jmp far 0x18:0xffff00e0"),
    ],
    0xE0: [  # long mode, 64 bit
        ("bf 00 40 01 00", "mov edi, 0x14000"),
        ("48 0f ae 07", "fxsave64 [rdi]"),
        ("48 0f ae 0f", "fxrstor64 [rdi]"),
        ("31 c0", "xor eax, eax"),
        ("31 d2", "xor edx, edx"),
        ("bb 4b 00 00 00", "mov ebx, 0x4b"),
        ("31 c9", "xor ecx, ecx"),
        ("f0 48 0f c7 8f 00 04 00 00", "lock cmpxchg16b [rdi + 0x400]"),
        ("75 21", "jne 0x124"),
        ("80 bf 00 04 00 00 4b", "cmp byte [rdi + 0x400], 0x4b"),
        ("75 18", "jne 0x124"),
        ("66 0f ef c0", "pxor xmm0, xmm0"),
        ("b9 c0 c6 2d 00", "mov ecx, 3000000"),
        ("51", "push rcx                     ; 0x115"),
        ("5b", "pop rbx"),
        ("ff c9", "dec ecx"),
        ("75 fa", "jne 0x115"),
        ("83 fb 01", "cmp ebx, 1"),
        ("75 04", "jne 0x124"),
        ("b0 10", "mov al, 0x10"),
        ("e6 f4", "out 0xf4, al                 ; isa-debug-exit: passed"),
        ("f4", "hlt                          ; 0x124: failed, wait for the time limit"),
        ("eb fd", "jmp 0x124"),
    ],
    0xFFF0: [("ea 00 00 00 f0", "jmp far 0xf000:0x0000        ; the processor starts here")],
}

_AARCH64: Code = {
    0x00: [  # 64 bit, memory management off
        ("00 06 a0 d2", "mov x0, #0x300000"),
        ("40 10 18 d5", "msr cpacr_el1, x0            ; floating point on"),
        ("df 3f 03 d5", "isb"),
        ("01 00 a8 d2", "mov x1, #0x40000000          ; memory"),
        ("62 09 80 d2", "mov x2, #0x4b"),
        ("40 00 67 9e", "fmov d0, x2"),
        ("20 00 00 fd", "str d0, [x1]"),
        ("21 00 40 fd", "ldr d1, [x1]"),
        ("21 28 60 1e", "fadd d1, d1, d0"),
        ("23 00 66 9e", "fmov x3, d1"),
        ("7f 58 02 f1", "cmp x3, #0x96"),
        ("41 01 00 54", "b.ne 0x54"),
        ("04 d8 98 52", "mov w4, #0xc6c0"),
        ("a4 05 a0 72", "movk w4, #0x2d, lsl #16      ; 3000000"),
        ("24 08 00 b9", "str w4, [x1, #8]             ; 0x38"),
        ("25 08 40 b9", "ldr w5, [x1, #8]"),
        ("a4 04 00 51", "sub w4, w5, #1"),
        ("a4 ff ff 35", "cbnz w4, 0x38"),
        ("00 01 80 52", "mov w0, #8"),
        ("00 80 b0 72", "movk w0, #0x8400, lsl #16    ; PSCI: SYSTEM_OFF"),
        ("02 00 00 d4", "hvc #0"),
        ("00 00 00 14", "b 0x54                       ; failed, wait for the time limit"),
    ],
}

X86 = Trial(
    _X86,
    b"\xf4",  # hlt
    ("-device", "isa-debug-exit,iobase=0xf4,iosize=1"),
    33,  # isa-debug-exit: (0x10 << 1) | 1
    ("kvm_intel", "kvm_amd"),
)
AARCH64 = Trial(
    _AARCH64,
    b"\x00\x00\x00\x14",  # b .
    ("-machine", "virt,gic-version=max"),
    0,
)
_TRIALS = {"x86_64": X86, "i686": X86, "aarch64": AARCH64}


def of_this_host() -> Trial:
    """The trial of this host's architecture; raises DriverError if there is none."""
    name = architecture.of_this_host()
    if name not in _TRIALS:
        raise NotPossible(f"Guests of the architecture {name} cannot run on this host")
    return _TRIALS[name]
