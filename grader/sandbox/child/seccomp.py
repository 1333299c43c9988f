"""
The system calls that student code may make: an allow-list as a seccomp-BPF program, put up through ctypes.

This is the wall that protects the zygote from its own children, and the mark from everything that reads: no open, no
stat, no socket, no exec, no fork, no thread. What is not on the list fails with EPERM, so that the student sees a
PermissionError at their own line; another architecture's calls end the process.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # one of each, so that programs can be kept by it
class Machine:
    """The numbers of one architecture."""

    audit: int  # AUDIT_ARCH_* of linux/audit.h
    calls: Mapping[str, int]
    seccomp: int


# numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of the kernel
_X86_64: Final = (
    "read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 rt_sigaction 13 "
    "rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17 readv 19 writev 20 select 23 sched_yield 24 mremap 25 "
    "madvise 28 nanosleep 35 getpid 39 clone 56 exit 60 kill 62 uname 63 fcntl 72 gettimeofday 96 getrusage 98 "
    "sysinfo 99 times 100 getuid 102 getgid 104 geteuid 107 getegid 108 getppid 110 rt_sigpending 127 "
    "rt_sigtimedwait 128 rt_sigsuspend 130 sigaltstack 131 arch_prctl 158 gettid 186 tkill 200 time 201 futex 202 "
    "sched_getaffinity 204 restart_syscall 219 clock_gettime 228 clock_getres 229 clock_nanosleep 230 exit_group 231 "
    "tgkill 234 pselect6 270 ppoll 271 set_robust_list 273 prlimit64 302 getcpu 309 getrandom 318 membarrier 324 "
    "rseq 334 clone3 435"
)
_AARCH64: Final = (
    "read 63 write 64 close 57 fstat 80 lseek 62 mmap 222 mprotect 226 munmap 215 brk 214 rt_sigaction 134 rt_sigprocmask 135 "
    "rt_sigreturn 139 ioctl 29 pread64 67 readv 65 writev 66 sched_yield 124 mremap 216 madvise 233 nanosleep 101 getpid 172 "
    "clone 220 exit 93 kill 129 uname 160 fcntl 25 gettimeofday 169 getrusage 165 sysinfo 179 times 153 getuid 174 getgid 176 "
    "geteuid 175 getegid 177 getppid 173 rt_sigpending 136 rt_sigtimedwait 137 rt_sigsuspend 133 sigaltstack 132 gettid 178 "
    "tkill 130 futex 98 sched_getaffinity 123 restart_syscall 128 clock_gettime 113 clock_getres 114 clock_nanosleep 115 "
    "exit_group 94 tgkill 131 pselect6 72 ppoll 73 set_robust_list 99 prlimit64 261 getcpu 168 getrandom 278 membarrier 283 "
    "rseq 293 clone3 435"
)


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


MACHINES: Final = {
    "x86_64": Machine(audit=0xC000003E, calls=_table(_X86_64), seccomp=317),
    "aarch64": Machine(audit=0xC00000B7, calls=_table(_AARCH64), seccomp=277),
}

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


@cache
def machine() -> Machine | None:
    """The numbers of this machine; None where there is no table."""
    if struct.calcsize("P") != 8:
        return None
    return MACHINES.get(platform.machine())


def program(of: Machine, pid: int) -> bytes:
    """The filter as struct sock_filter[], for a process with this id."""
    return _program_of_anyone(of).replace(struct.pack("<I", _ANYONE), struct.pack("<I", pid))


@cache
def _program_of_anyone(of: Machine) -> bytes:
    """The filter with a placeholder for the process: put together once in the zygote, since every child waits for it."""
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
