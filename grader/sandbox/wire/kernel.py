"""What the kernel of this machine offers: its system calls by number, and Landlock. Both sides of the sandbox ask for it."""

from __future__ import annotations

import ctypes
import platform
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LANDLOCK_CREATE_RULESET: Final = 444  # the same number on every architecture
_VERSION_FLAG: Final = 1


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


@cache
def machine() -> Machine | None:
    """Return the numbers of this machine; None where there is no table."""
    if struct.calcsize("P") != 8:
        return None
    return MACHINES.get(platform.machine())


def landlock_version() -> int:
    """Return the version of the kernel's Landlock, 0 where there is none."""
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint]
    syscall.restype = ctypes.c_long
    return max(0, int(syscall(LANDLOCK_CREATE_RULESET, None, 0, _VERSION_FLAG)))
