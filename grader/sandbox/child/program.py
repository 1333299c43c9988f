"""
Run one child: read the sources, run them, then make the calls of each task as it comes.

By the time it reads its first byte of a submission it is confined. It knows inputs only: no expected array, no seed, no
rubric; it carries no verdict, only numbers.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING

from grader.sandbox.child import calling, loading
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import LoadError, Phase, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from grader.sandbox.limits import Arrays
    from grader.sandbox.wire.answer import Answer

_JOB, _RESULTS = 3, 4
_ONE_PIECE = 64 << 10


class Channel:
    """The child's end of the pipes. The file descriptors are ordinary ones: what can be written there is an answer."""

    def __init__(self, job: int, results: int) -> None:
        self.job = job
        self.results = results

    def receive(self) -> frames.Frame | None:
        """Read the next frame from the grader; return None when there is no more."""
        raw = self._read(frames.HEADER.size)
        if not raw:
            return None
        _, kind, nonce, length = frames.HEADER.unpack(raw)
        return frames.Frame(kind=kind, nonce=nonce, body=memoryview(self._read(length)))

    def send(self, buffers: Iterable[frames.Buffer]) -> None:
        """Write a frame; a small one in one piece, so that the grader wakes once for it."""
        pieces = list(buffers)
        if sum(map(len, pieces)) <= _ONE_PIECE:
            pieces = [b"".join(pieces)]
        for buffer in pieces:
            rest = memoryview(buffer)
            while rest:
                rest = rest[_write(self.results, rest) :]

    def _read(self, length: int) -> bytearray:
        raw = bytearray(length)
        view, at = memoryview(raw), 0
        while at < length:
            piece = _read(self.job, min(length - at, 1 << 20))
            if not piece:
                return bytearray()
            view[at : at + len(piece)] = piece
            at += len(piece)
        return raw


_read, _write, _exit = os.read, os.write, os._exit  # kept: a student may patch them


class _Stdout(io.FileIO):
    """File descriptor 1, which remembers whether it was written to."""

    wrote = False

    def write(self, data: object) -> int:
        _Stdout.wrote = True
        return super().write(data)  # type: ignore[arg-type]


def arrange_descriptors() -> Channel:
    """
    Move the pipes away from where student code writes.

    It starts with the job on 0, the results on 1 and the output on 2, which is all that Windows can hand over.
    """
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (0, 1, 2):
            msvcrt.setmode(descriptor, os.O_BINARY)
    os.dup2(0, _JOB, inheritable=False)
    os.dup2(1, _RESULTS, inheritable=False)
    os.dup2(2, 1)
    nothing, other_end = os.pipe()
    os.dup2(nothing, 0)
    for descriptor in (nothing, other_end):
        if descriptor > _RESULTS:
            os.close(descriptor)
    return Channel(_JOB, _RESULTS)


def open_text_streams() -> None:
    """Give student code a stdin that is at its end, and a stdout and stderr that are flushed at every line."""
    raw = _Stdout(1, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
    error = io.BufferedWriter(io.FileIO(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(error, "utf-8", "backslashreplace", line_buffering=True)
    sys.stdin = io.TextIOWrapper(io.BytesIO(), "utf-8")
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))
    sys.argv = [""]


def run(channel: Channel, missing: Callable[[Channel, str], bool]) -> None:
    """
    Serve one job and exit the process.

    `missing(channel, name)` is called when student code wants an allowed module that is not loaded.
    """
    try:
        channel.send([frames.header(frames.READY, 0, 0)])
        frame = channel.receive()
        if frame is not None:
            serve(channel, protocol.unpack_orders(frame), missing)
    except BaseException:  # student code has changed what this runs on
        with contextlib.suppress(BaseException):
            traceback.print_exc()
    finally:
        _exit(0)


def serve(channel: Channel, orders: protocol.Orders, missing: Callable[[Channel, str], bool]) -> None:
    """Read the sources, load them, then answer task after task until there are no more."""
    if orders.arrays == "torch":
        import torch

        torch.set_default_dtype(torch.float64)
    loader = loading.Loader(sources=orders.sources, asked=orders.asked)
    try:
        loading.load(loader, lambda name: missing(channel, name))
    except loading.Exited as exited:
        _flush()
        loaded = protocol.Loaded(errors=(), defined={}, autodiff=(), exited_in=exited.source)
        channel.send(protocol.pack_loaded(loaded, orders.nonce))
        return
    errors = list(loader.errors)
    used: tuple[str, ...] = ()
    try:
        used = loader.autodiff()
    except RecursionError:
        errors.append(LoadError(source=orders.sources[0].name, reason=Reason.NESTED_TOO_DEEPLY, phase=Phase.COMPILING))
    _flush()
    loaded = protocol.Loaded(
        errors=tuple(errors),
        defined=loader.defined(),
        autodiff=used,
        wrote_to_stdout=_Stdout.wrote,
    )
    channel.send(protocol.pack_loaded(loaded, orders.nonce))
    functions = loader.functions()
    while (frame := channel.receive()) is not None:
        _answer(channel, frame, functions, orders.arrays)


def _answer(channel: Channel, frame: frames.Frame, functions: calling.Functions, arrays: Arrays) -> None:
    plan = protocol.unpack_task(frame)
    answers: Iterable[Answer] = calling.calls(plan, functions, arrays, confined=True)
    for index, answer in enumerate(answers):
        _flush()
        channel.send(protocol.pack_answer(index, answer, frame.nonce, wrote_to_stdout=_Stdout.wrote))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 after every call: suppress() takes three times as long
            stream.flush()
        except BaseException:
            pass
