"""
What attacks forge frames with: the grader's own codec, as it lies in the memory of the child, so that no frame here is out of date.

An attack takes the place of the child's own code while it loads, and never returns: it says what loading came to, then answers
every question. `LIES` is True in an attack. In its honest twin it is False, and the same frames without the lie have to be
accepted: an attack that is refused for anything but its lie shows nothing.
"""

import os
import sys

import numpy as np

from grader.sandbox.wire.answer import Answer
from grader.sandbox.child import program
from grader.sandbox.wire import frames, protocol

LIES = True
CHANNEL = program.Channel(program._JOB, program._RESULTS)


def orders_nonce():
    """Take the nonce of the orders from the frames below."""
    stack = sys._getframe()
    while not hasattr(stack.f_locals.get("orders"), "nonce"):
        stack = stack.f_back
    return stack.f_locals["orders"].nonce


def forget_the_caps():
    """Have the codec pack what the grader would not take."""
    for name in ("MAX_TEXT", "MAX_NAME", "MAX_NAMES", "MAX_LOAD_ERRORS"):
        setattr(protocol, name, 1 << 40)


def loaded(nonce=None, **told):
    """Return the frame of a file that loaded as it should, but for what is told here."""
    honest = {"errors": (), "defined": {"dY_dX": ("answer.py",)}, "autodiff": ()}
    return protocol.pack_loaded(protocol.Loaded(**{**honest, **told}), orders_nonce() if nonce is None else nonce)


def answer(index, inputs, nonce, **told):
    """Return the frame of the right answer, but for what is told here."""
    honest = {"items": (np.diag(1 - np.tanh(inputs["X"]) ** 2),)}
    return protocol.pack_answer(index, Answer(**{**honest, **told}), nonce, wrote_to_stdout=False)


def serve(send_answer=lambda index, inputs, nonce: CHANNEL.send(answer(index, inputs, nonce)), first=loaded):
    """Say what loading came to, then have every question answered, and end the process."""
    CHANNEL.send(first())
    while (frame := CHANNEL.receive()) is not None:
        for index, inputs in enumerate(protocol.unpack_task(frame).inputs):
            send_answer(index, inputs, frame.nonce)
    os._exit(0)


def with_body(buffers, change):
    """Return the frame with its body changed, and a header that fits."""
    raw = b"".join(buffers)
    _, kind, nonce, _ = frames.HEADER.unpack(raw[: frames.HEADER.size])
    body = change(bytearray(raw[frames.HEADER.size :]))
    return [frames.header(kind, nonce, len(body)), body]
