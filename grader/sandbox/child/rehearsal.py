"""
Grade a source of our own before any submission: in the zygote, and in a child that waits for its job.

What is allocated at first use, and the code that CPython's adaptive interpreter has specialised, is then there for every child:
that saves a tenth of a child's time, which goes into touching memory for the first time. A child that began ahead of its job
touches it while nobody waits for the child.
"""

from __future__ import annotations

import linecache
import sys
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from grader.sandbox.child import program
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.call import Call, Name
from grader.sandbox.wire.plan import Source, TaskPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.sandbox.limits import Arrays

TIMES: Final = 3  # until CPython's adaptive interpreter has specialised
_SOURCE: Final = b"""
import numpy as np

def _helper(x):
    return np.exp(-np.maximum(x, 0.0)).sum(axis=0)

def f(W, X, B):
    Z = W @ X + B
    Y = np.tanh(Z)
    J = np.zeros((len(Y), *W.shape))
    for i in range(len(Y)):
        J[i, i] = (1 - Y[i] ** 2) * X
    return np.einsum("ki,k,j->kij", np.eye(len(Y)), 1 - Y**2, X) + 0 * J, np.diag(np.where(Y > 0, Y, _helper(W.T)[:1]))
"""
_TORCH: Final = b"""
import torch

def f(W, X, B):
    Y = torch.tanh(W @ X + B)
    return torch.einsum("ki,k,j->kij", torch.eye(len(Y)), 1 - Y**2, X), torch.diag(Y)
"""


class _Stage(program.Channel):
    """Pipes that lead nowhere: what is received is prepared, what is sent is kept."""

    def __init__(self, prepared: Iterable[frames.Frame]) -> None:
        self.prepared = deque(prepared)
        self.sent: list[bytes] = []

    def receive(self) -> frames.Frame | None:
        """Return the next prepared frame."""
        return self.prepared.popleft() if self.prepared else None

    def send(self, buffers: Iterable[frames.Buffer]) -> None:
        """Keep what the real channel would write."""
        self.sent.append(b"".join(list(buffers)))


def rehearse(arrays: Arrays, times: int = TIMES) -> list[bytes]:
    """Grade a source of our own a few times, and return the frames of the last time. Nothing of it stays importable."""
    finders, package = list(sys.meta_path), sys.modules["grader"]
    source = Source(name="rehearsal.py", cells=(_TORCH if arrays == "torch" else _SOURCE,))
    orders = protocol.pack_orders(protocol.Orders(nonce=0, arrays=arrays, asked=("f",), sources=(source,)))
    inputs = {"W": np.ones((2, 3)), "X": np.ones(3), "B": np.ones(2)}
    plan = TaskPlan(
        call=Call(function="f", arguments=(Name("W"), Name("X"), Name("B"))), returns=("Y", "Z"), inputs=(inputs,) * 4
    )
    sent: list[bytes] = []
    for _ in range(times):
        stage = _Stage([_frame(protocol.pack_task(plan, 0))])
        program.serve(stage, protocol.unpack_orders(_frame(orders)), lambda _channel, _name: False)
        sys.meta_path[:] = finders
        sys.modules["grader"] = package
        del sys.modules["rehearsal"]
        sent = stage.sent
    linecache.clearcache()
    return sent


def _frame(buffers: Sequence[frames.Buffer]) -> frames.Frame:
    raw = bytearray(b"".join(buffers))
    _, kind, nonce, _ = frames.HEADER.unpack(raw[: frames.HEADER.size])
    return frames.Frame(kind=kind, nonce=nonce, body=memoryview(raw)[frames.HEADER.size :])
