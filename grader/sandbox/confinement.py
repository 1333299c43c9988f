"""
The walls around a zygote and its children, put up in order; Linux only. Each wall has a module of its own.

`settings["walls"]` names those that have to hold: a child in which one of them fails says so and ends before it reads a
byte of the submission.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any, Final

from grader.sandbox import rlimits

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_libc: Final = ctypes.CDLL(None, use_errno=True)


class _State:
    """What is found out once in the zygote and used in every child."""

    address_space = 0
    parent = 0


def confine_zygote(settings: dict[str, Any]) -> None:
    """Make the zygote unreadable to its children and end it with its parent; prepare what children use."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _State.address_space = rlimits.address_space()
    _State.parent = os.getpid()


def confine_child(settings: dict[str, Any], request: dict[str, Any]) -> str:
    """Put up every wall around this process; what is wrong with them, or nothing."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    rlimits.limit(
        address_space_bytes=_State.address_space + request["memory_bytes"],
        cpu_seconds=request["cpu_seconds"],
    )
    return ""


def try_child(settings: dict[str, Any]) -> list[str]:
    """The walls that held when a child of no submission tried them."""
    return ["rlimits"]
