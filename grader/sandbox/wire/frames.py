"""
Frame the bytes that go between the grader and a child: a fixed header, and a body of a length that is capped.

`protocol` says what is in them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from grader.sandbox.wire.answer import Reason

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER: Final = struct.Struct("<4sB3xQQ")  # magic, kind, nonce, length of the body
MAGIC: Final = b"grd1"

# kinds of frame
SOURCES, TASK = 1, 2  # to the child
READY, FAULT, LOADED, ANSWER, WANTED = 16, 17, 18, 19, 20  # from the child; READY and FAULT before student code

MAX_ANSWER_BYTES: Final = 256 << 20  # the arrays of one answer
MAX_BODY: Final = {READY: 0, FAULT: 4096, LOADED: 1 << 20, ANSWER: MAX_ANSWER_BYTES + (1 << 20), WANTED: 4}


class ProtocolError(Exception):
    """A child sent what no child sends; `size` is how many bytes an answer is said to have, where that is the reason."""

    def __init__(self, reason: Reason = Reason.NOT_AN_ANSWER, size: int = 0) -> None:
        super().__init__(reason.value, size)
        self.reason = reason
        self.size = size


class Frame(NamedTuple):
    """One frame as it came; `body` is cut to its length."""

    kind: int
    nonce: int
    body: memoryview


def header(kind: int, nonce: int, length: int) -> bytes:
    """Return the header of a frame."""
    return HEADER.pack(MAGIC, kind, nonce, length)


def read_header(raw: Buffer, allowed: Mapping[int, int]) -> tuple[int, int, int]:
    """Read kind, nonce and length of the body; `allowed` maps the kinds that may come to the longest body of each."""
    magic, kind, nonce, length = HEADER.unpack(raw)
    if magic != MAGIC or kind not in allowed:
        raise ProtocolError
    if length > allowed[kind]:
        raise ProtocolError(Reason.ANSWER_TOO_LARGE, length)
    return kind, nonce, length
