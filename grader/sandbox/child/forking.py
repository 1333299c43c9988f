"""Be a zygote: load the modules, confine this process, fork a confined child for every request."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.child import program
from grader.sandbox.child.imports import PRELOADED
from grader.sandbox.wire import frames
from grader.sandbox.wire.modules import ALLOWED, allowed

if TYPE_CHECKING:
    import socket

    from grader.sandbox.child.program import Channel

_CONTROL: Final = 3  # the control socket, out of a child's sight before it reads anything
_FIRST_FOREIGN: Final = 5  # a child keeps 0 to 4


_TORCHS_OWN: Final = frozenset(
    {"torch", "torchgen", "functorch", "typing_extensions", "sympy", "mpmath", "networkx", "packaging"}
)
_absent: Final[set[str]] = set()  # modules of the closed list that this Python does not have


def main(settings: dict[str, Any]) -> None:
    """Serve until the control socket closes; with `once`, be the child of one job."""
    sys.dont_write_bytecode = True
    gc.disable()  # what is imported stays, so there is nothing to collect; the collector is on in a child
    importlib.invalidate_caches()
    if settings["once"]:
        _once(settings)
        return
    import socket

    from grader.sandbox.child import confinement, rehearsal

    os.dup2(settings["control"], _CONTROL)
    os.closerange(_CONTROL + 1, os.sysconf("SC_OPEN_MAX"))  # a child closes only a few descriptors, so there must not be many
    control = socket.socket(fileno=_CONTROL)
    preload(settings["arrays"])
    program.open_text_streams()  # nothing is written to them before there is a child
    rehearsal.rehearse(settings["arrays"])
    confinement.confine_zygote(settings)
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": confinement.try_child(settings)}).encode())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 3)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "load" in request:
            for name in request["load"]:
                _load(name)
            gc.collect()
            gc.freeze()
            confinement.measure()
            control.send(b"{}")
        else:
            _fork(control, descriptors, request, settings)


def preload(arrays: str) -> None:
    """Import what nearly every submission wants."""
    for name in PRELOADED:
        importlib.import_module(name)
    import numpy as np

    # their first use imports or allocates something, which every child would pay for anew
    np.einsum("i,i->", np.ones(2), np.ones(2))
    np.linalg.inv(np.eye(2))
    np.array_equal(np.ones(1), np.ones(1))
    if arrays == "torch":
        import torch

        torch.set_num_threads(1)
        # many files begin with this line; with one more thread the maths library would end the process
        for name in ("set_num_threads", "set_num_interop_threads"):
            setattr(torch, name, lambda _number: None)
        one = torch.ones(2, dtype=torch.float64, requires_grad=True)
        torch.tanh(one).sum().backward()  # type: ignore[no-untyped-call]
        repr(one)


def _load(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:  # not part of this Python, as tkinter often is: it becomes a stand-in
        _absent.add(name)


def _fork(control: socket.socket, descriptors: list[int], request: dict[str, Any], settings: dict[str, Any]) -> None:
    import socket

    try:
        pid = os.fork()
    except OSError as error:
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(json.dumps({"fault": f"fork: {error.strerror}"}).encode())
        return
    if pid == 0:
        _be_child(descriptors, request, settings)
    for descriptor in descriptors:
        os.close(descriptor)
    pidfd = os.pidfd_open(pid)
    socket.send_fds(control, [b"{}"], [pidfd])
    _wait_for(pidfd, control)
    os.close(pidfd)
    _, status, usage = os.wait4(pid, 0)
    if os.getpid() == 1:
        _end_leftovers()
    import resource

    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the peak of a child includes what it inherits
    ended = {"exit": os.waitstatus_to_exitcode(status), "cpu": usage.ru_utime + usage.ru_stime}
    ended |= {"peak": max(0, usage.ru_maxrss - own), "faults": usage.ru_minflt}
    control.send(json.dumps(ended).encode())


def _wait_for(pidfd: int, control: socket.socket) -> None:
    """
    Wait for the end of a child; exit when the grader is gone before.

    What started this process cannot be trusted to end it: a bubblewrap that is told to die with the grader may do so before it
    has let its inner process begin, which then waits for ever.
    """
    import select

    waiting = select.poll()
    waiting.register(pidfd, select.POLLIN)
    waiting.register(control, 0)  # that it was closed is reported in any case
    if pidfd not in dict(waiting.poll()):
        os._exit(0)  # in a box everything ends with process 1, elsewhere the child ends with its parent


def _end_leftovers() -> None:
    """Kill whatever a child has left running, in a pid namespace of our own."""
    import signal

    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        pass


def _be_child(descriptors: list[int], request: dict[str, Any], settings: dict[str, Any]) -> None:
    """Confine this process and serve one job. Never returns."""
    try:
        from grader.sandbox.child import confinement, rehearsal

        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        channel = program.arrange_descriptors()
        os.closerange(_FIRST_FOREIGN, 256)
        os.setsid()
        faulthandler.enable(file=2, all_threads=False)
        _reseed(settings["arrays"])
        complaint = confinement.confine_child(settings, request)
        if complaint:
            channel.send([frames.header(frames.FAULT, 0, len(complaint)), complaint.encode()])
            os._exit(1)
        if request["ahead"]:
            rehearsal.rehearse(settings["arrays"], times=1)
        gc.enable()
        program.run(channel, _tell_wanted)
    finally:
        os._exit(70)


def _reseed(arrays: str) -> None:
    """Seed random numbers anew, so that nobody can foretell them from another child's."""
    import random

    import numpy as np

    random.seed()
    if "numpy.random" in sys.modules:
        np.random.seed()
    if arrays == "torch":
        import torch

        torch.seed()


def _tell_wanted(channel: Channel, name: str) -> bool:
    """Ask for an allowed module and end: the zygote loads it, and another child begins again."""
    if name not in ALLOWED or name in _absent:
        return False
    number = ALLOWED.index(name).to_bytes(4, "little")
    channel.send([frames.header(frames.WANTED, 0, len(number)), number])
    os._exit(0)


def _once(settings: dict[str, Any]) -> None:
    channel = program.arrange_descriptors()
    program.open_text_streams()
    preload(settings["arrays"])
    faulthandler.enable(file=2, all_threads=False)
    if settings["walls"]:
        from grader.sandbox.child import confinement

        for name in allowed(settings["arrays"]):
            _load(name)
        confinement.confine_zygote(settings)
        complaint = confinement.confine_child(settings, settings["limits"])
        if complaint:
            channel.send([frames.header(frames.FAULT, 0, len(complaint)), complaint.encode()])
            os._exit(1)
    elif settings["limits"] and sys.platform != "win32":
        from grader.sandbox.child import rlimits

        rlimits.limit_from(settings["limits"])
    program.run(channel, lambda _channel, name: not settings["walls"] and _is_importable(name, settings["arrays"]))


def _is_importable(name: str, arrays: str) -> bool:
    """
    Whether Python itself may look for a module, in a child that can open files.

    The whole standard library, since its public modules import private ones, and so do numpy and torch.
    """
    root = name.partition(".")[0]
    return root in sys.stdlib_module_names or root == "numpy" or (arrays == "torch" and root in _TORCHS_OWN)
