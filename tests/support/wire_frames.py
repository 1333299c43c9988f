"""Frames as tests take them apart."""

from __future__ import annotations

from grader.sandbox.wire import frames
from grader.sandbox.wire.frames import Frame


def body_of(buffers: list[frames.Buffer]) -> memoryview:
    """Return the body of a packed frame."""
    return memoryview(b"".join(buffers))[frames.HEADER.size :]


def frame_of(buffers: list[frames.Buffer]) -> Frame:
    """Return a packed frame as the child reads it."""
    raw = b"".join(buffers)
    _, kind, nonce, length = frames.HEADER.unpack(raw[: frames.HEADER.size])
    assert length == len(raw) - frames.HEADER.size
    return Frame(kind=kind, nonce=nonce, body=memoryview(raw)[frames.HEADER.size :])
