"""
Put up the walls around a zygote and its children, in order; Linux only. Each wall has a module of its own.

`settings["walls"]` names those that have to hold: a child in which one of them fails says so and ends before it reads a
byte of the submission.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.child import landlock, rlimits, seccomp
from grader.sandbox.wire.kernel import landlock_version, machine

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_AS_NOBODY: Final = (65534, 65534, 65534)
_CAPABILITIES_OF_THIS: Final = struct.pack("Ii", 0x20080522, 0)  # version 3 of the interface; process 0 means this one
_NO_CAPABILITIES: Final = bytes(24)  # effective, permitted and inheritable ones, 64 bits each
_libc: Final = ctypes.CDLL(None, use_errno=True)


class _Found:
    """Facts that the zygote finds out once and every child uses."""

    address_space = 0
    landlock = 0


def confine_zygote(settings: dict[str, Any]) -> None:
    """Make the zygote unreadable to its children and end it with its parent; prepare what children use."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _end_with_parent()
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    measure()
    if "landlock" in settings["walls"]:
        _Found.landlock = landlock_version()
    if "seccomp" in settings["walls"] and (here := machine()):
        seccomp.program(here, os.getpid())  # keeps what every child's program is made from


def measure() -> None:
    """Measure how much address space the zygote has; it is measured again when it has loaded more."""
    _Found.address_space = rlimits.address_space()


def confine_child(settings: dict[str, Any], request: dict[str, Any]) -> str:
    """Put up every wall around this process. Return what is wrong with them, or nothing."""
    walls = settings["walls"]
    try:
        if walls and "namespaces" not in walls:
            _give_up_privileges()
        _end_with_parent()
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        rlimits.limit(address_space_bytes=_Found.address_space + request["memory_bytes"], cpu_seconds=request["cpu_seconds"])
        if _Found.landlock:
            landlock.restrict(_Found.landlock)
        if "seccomp" in walls:
            here = machine()
            if here is None:
                return "seccomp: there is no table of system calls for this machine"
            seccomp.install(seccomp.program(here, os.getpid()))
    except OSError as error:
        return str(error)
    return ""


def try_child(settings: dict[str, Any]) -> list[str]:
    """
    Try the walls in a child that has no submission, and return those that held.

    Without seccomp that is only the box that this process runs in.
    """
    os.close(os.pidfd_open(os.getpid()))  # fails before Linux 5.3: better now than at the first child
    pid = os.fork()
    if pid == 0:
        verdict = 1
        try:
            os.setsid()
            if not confine_child(settings, {"memory_bytes": 64 << 20, "cpu_seconds": 10}):
                verdict = 0 if "seccomp" not in settings["walls"] or _is_walled_in() else 1
        finally:
            os._exit(verdict)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        return [wall for wall in settings["walls"] if wall == "namespaces"]
    held = [wall for wall in settings["walls"] if wall != "landlock" or _Found.landlock]
    return [*held, "rlimits"]


def _end_with_parent() -> None:
    # where the parent is gone already, its pipes are closed, and reading them ends this process
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _give_up_privileges() -> None:
    """
    Become nobody where this is root, and keep no capability. Raises OSError when one is left.

    A container may have no such user, or have taken the right to change: then this stays root, who without capabilities
    is the owner of files that seccomp lets nobody open.
    """
    if os.geteuid() == 0:
        changes: tuple[Callable[[], None], ...] = (
            lambda: os.setgroups([]),
            lambda: os.setresgid(*_AS_NOBODY),
            lambda: os.setresuid(*_AS_NOBODY),
        )
        for change in changes:
            with contextlib.suppress(OSError):
                change()
    if _libc.capset(_CAPABILITIES_OF_THIS, _NO_CAPABILITIES) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")


def _is_walled_in() -> bool:
    """Whether reading, forking, connecting and signalling are refused; the target is the zygote itself."""
    import socket

    attempts = (
        lambda: os.open("/", os.O_RDONLY),
        os.fork,
        lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        lambda: os.kill(os.getppid(), signal.SIGSTOP),
        lambda: os.kill(os.getpid(), 0),
    )
    for attempt in attempts:
        try:
            attempt()
        except PermissionError:
            continue
        return False
    return True
