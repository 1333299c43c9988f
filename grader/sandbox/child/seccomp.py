"""
The system calls that student code may make: an allow-list as a seccomp-BPF program, put up through ctypes.

This is the wall that protects the zygote from its own children, and the grade from everything that reads: no open, no
stat, no socket, no exec, no fork, no thread. What is not on the list fails with EPERM, so that the student sees a
PermissionError at their own line; another architecture's calls end the process.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from functools import cache
from typing import TYPE_CHECKING, Final

from grader.sandbox.wire.kernel import machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.sandbox.wire.kernel import Machine


# allowed only as the rules below say
_RULED: Final = frozenset({"ioctl", "fcntl", "kill", "tkill", "tgkill", "prlimit64", "clone", "clone3"})
_CRASHES: Final = (4, 6, 7, 8, 11)  # SIGILL SIGABRT SIGBUS SIGFPE SIGSEGV: abort() and faulthandler end a process by these
_FCNTL_READS: Final = (1, 2, 3)  # F_GETFD F_SETFD F_GETFL

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LD_WORD, _JEQ, _JGE, _RET = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ANYONE: Final = 0xFFFFFFFF  # no process has this id, and nothing else in the program these bytes
_X32: Final = 0x40000000  # numbers from here on are x86's other ABI
_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1

Instruction = tuple[int, int, int, int]


def program(of: Machine, pid: int) -> bytes:
    """Return the filter as struct sock_filter[], for a process with this id."""
    return _program_of_anyone(of).replace(struct.pack("<I", _ANYONE), struct.pack("<I", pid))


@cache
def _program_of_anyone(of: Machine) -> bytes:
    """Assemble the filter with a placeholder for the process: once in the zygote, since every child waits for it."""
    code: list[Instruction] = [
        (_LD_WORD, 0, 0, _ARCH),
        (_JEQ, 1, 0, of.audit),
        (_RET, 0, 0, _KILL),
        (_LD_WORD, 0, 0, _NUMBER),
        (_JGE, 0, 1, _X32),
        (_RET, 0, 0, _KILL),
    ]
    for name, number in of.calls.items():
        if name not in _RULED:
            code += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ALLOW)]
    calls = of.calls
    code += _always(calls["clone3"], errno.ENOSYS)  # so that the C library tries clone, which is refused
    code += _always(calls["ioctl"], errno.ENOTTY)
    code += _when(calls["fcntl"], {1: _FCNTL_READS})
    code += _when(calls["kill"], {0: (_ANYONE,), 1: _CRASHES})
    code += _when(calls["tkill"], {0: (_ANYONE,), 1: _CRASHES})
    code += _when(calls["tgkill"], {0: (_ANYONE,), 2: _CRASHES})
    code += _when(calls["prlimit64"], {0: (0, _ANYONE), 2: (0,)})
    code.append((_RET, 0, 0, _ERRNO | errno.EPERM))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def install(filter_code: bytes) -> None:
    """Put this process and all it may become behind the filter, for good. Raises OSError."""
    here = machine()
    assert here is not None
    buffer = ctypes.create_string_buffer(filter_code, len(filter_code))
    fprog = struct.pack("HxxxxxxP", len(filter_code) // 8, ctypes.addressof(buffer))
    raw = ctypes.create_string_buffer(fprog, len(fprog))
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _syscall(here.seccomp, _SET_MODE_FILTER, 0, ctypes.addressof(raw)):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _always(number: int, error: int) -> list[Instruction]:
    return [(_JEQ, 0, 1, number), (_RET, 0, 0, _ERRNO | error)]


def _when(number: int, arguments: Mapping[int, Sequence[int]]) -> list[Instruction]:
    """Allow the call when each of these arguments has one of these values, else fall to the end of the program."""
    block: list[Instruction] = []
    for index, values in arguments.items():
        # both halves of the register: a pid or a pointer with something above its lower half is another one
        for offset, wanted in ((4, (0,)), (0, values)):
            block.append((_LD_WORD, 0, 0, _ARGUMENTS + 8 * index + offset))
            for place, value in enumerate(wanted):
                block.append((_JEQ, len(wanted) - place, 0, value))
            block.append((_RET, 0, 0, _ERRNO | errno.EPERM))
    block.append((_RET, 0, 0, _ALLOW))
    return [(_JEQ, 0, len(block), number), *block]


_libc: Final = ctypes.CDLL(None, use_errno=True)
_prctl: Final = _libc.prctl
_prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
_syscall: Final = _libc.syscall
_syscall.argtypes = [ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p]
_syscall.restype = ctypes.c_long
