"""
The frames in which bytes go between the grader and a child: a fixed header, and a body of a length that is capped.

`protocol` says what is in them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER: Final = struct.Struct("<4sB3xQQ")  # magic, kind, nonce, length of the body
MAGIC: Final = b"grd1"

# kinds of frame
SOURCES, TASK = 1, 2  # to the child
READY, FAULT, LOADED, ANSWER, WANTED = 16, 17, 18, 19, 20  # from the child; READY and FAULT before student code

MAX_ANSWER_BYTES: Final = 256 << 20  # the arrays of one answer
MAX_BODY: Final = {READY: 0, FAULT: 4096, LOADED: 1 << 20, ANSWER: MAX_ANSWER_BYTES + (1 << 20), WANTED: 4}


class ProtocolError(Exception):
    """The child sent bytes that are no answer."""


class Frame(NamedTuple):
    """One frame as it came; `body` is cut to its length."""

    kind: int
    nonce: int
    body: memoryview


def header(kind: int, nonce: int, length: int) -> bytes:
    """The header of a frame."""
    return HEADER.pack(MAGIC, kind, nonce, length)


def read_header(raw: Buffer, allowed: Mapping[int, int]) -> tuple[int, int, int]:
    """Kind, nonce and length of the body; `allowed` maps the kinds that may come to the longest body of each."""
    magic, kind, nonce, length = HEADER.unpack(raw)
    if magic != MAGIC or kind not in allowed:
        raise ProtocolError("it sent bytes that are no answer")
    if length > allowed[kind]:
        raise ProtocolError(f"it sent an answer of {length} bytes")
    return kind, nonce, length
