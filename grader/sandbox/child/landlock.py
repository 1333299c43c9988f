"""
Landlock: a process gives up the file system, TCP and signals to others for good. Needs no privilege and no namespace.

The second wall where there is no box. seccomp already refuses to open anything; this holds even if a file
descriptor or a system call should slip by it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

from grader.sandbox.wire.kernel import LANDLOCK_CREATE_RULESET

_RESTRICT: Final = 446  # the same number on every architecture
_libc: Final = ctypes.CDLL(None, use_errno=True)
_syscall: Final = _libc.syscall
_syscall.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint]
_syscall.restype = ctypes.c_long
_restrict: Final = ctypes.CDLL(None, use_errno=True).syscall
_restrict.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_uint]
_restrict.restype = ctypes.c_long

# how many rights on files each version of the interface knows: include/uapi/linux/landlock.h
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_VERSION, _SCOPE_VERSION = 4, 6


def restrict(of_version: int) -> None:
    """Give up everything that this version lets a process give up. Needs no_new_privs. Raises OSError."""
    files = (1 << _FILE_RIGHTS[min(of_version, 5)]) - 1
    attributes = [files, 0b11 if of_version >= _TCP_VERSION else 0, 0b11 if of_version >= _SCOPE_VERSION else 0]
    fields = 3 if of_version >= _SCOPE_VERSION else 2 if of_version >= _TCP_VERSION else 1
    raw = struct.pack(f"{fields}Q", *attributes[:fields])
    ruleset = int(_syscall(LANDLOCK_CREATE_RULESET, raw, len(raw), 0))
    if ruleset < 0 or _restrict(_RESTRICT, ruleset, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"landlock: {os.strerror(number)}")
    os.close(ruleset)
