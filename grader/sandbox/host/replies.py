"""
Read what a child says, which nobody trusts.

Every length is checked against a cap before anything is allocated for it, texts are cleaned, numbers come as float64 or
int64, and nothing is ever unpickled or evaluated. What a forged frame can say is what an answer can say.

The arrays of a body begin on a multiple of 8 bytes, so that they are used where they lie.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar, overload

from grader.sandbox.wire import protocol
from grader.sandbox.wire.answer import Answer, Failure, LoadError, NotAnArray
from grader.sandbox.wire.frames import MAX_ANSWER_BYTES, ProtocolError
from grader.text import cleaned, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.sandbox.wire.answer import Array

_Listed = TypeVar("_Listed")


class _ReplyReader:
    def __init__(self, body: memoryview, text_bytes: int) -> None:
        self.body = body
        self.at = 0
        self.text_bytes = text_bytes

    def fields(self, form: struct.Struct) -> tuple[int, ...]:
        try:
            values = form.unpack_from(self.body, self.at)
        except struct.error:
            _broken()
        self.at += form.size
        return values

    def number(self, code: str) -> int:
        return self.fields(protocol.NUMBERS[code])[0]

    def bounded(self, code: str, most: int) -> int:
        value = self.number(code)
        return value if value <= most else _broken()

    def choice(self, listed: Sequence[_Listed]) -> _Listed:
        return _chosen(listed, self.number("B"))

    def text(self, most: int = protocol.MAX_TEXT) -> str:
        return self.text_of(self.number("I"), most)

    def text_of(self, length: int, most: int = protocol.MAX_TEXT) -> str:
        if not length:  # most texts of most answers
            return ""
        if length > min(most, self.text_bytes):
            _broken()
        self.text_bytes -= length
        raw = bytes(self.body[self.at : self.at + length])
        self.at += length  # beyond the end where the text is cut short, which `end` refuses
        return cleaned(raw.decode("utf-8", "replace"))

    def texts(self, most: int = protocol.MAX_NAMES) -> tuple[str, ...]:
        return tuple([self.text() for _ in range(self.bounded("I", most))])

    def pad(self) -> None:
        self.at += -self.at % 8

    def end(self) -> None:
        if self.at != len(self.body):
            _broken()


def _chosen(listed: Sequence[_Listed], code: int) -> _Listed:
    return listed[code] if code < len(listed) else _broken()


def _broken() -> NoReturn:
    raise ProtocolError


def unpack_loaded(body: memoryview) -> protocol.Loaded:
    """Return what a child says about loading. Raises ProtocolError."""
    read = _ReplyReader(body, text_bytes=len(body))
    flags = read.number("B")
    count = read.bounded("I", protocol.MAX_LOAD_ERRORS)
    errors = tuple([_read_load_error(read) for _ in range(count)])
    defined = {read.text(protocol.MAX_NAME): read.texts() for _ in range(read.bounded("I", protocol.MAX_NAMES))}
    autodiff, exited_in = read.texts(), one_line(read.text())
    read.end()
    return protocol.Loaded(
        errors=errors,
        defined=defined,
        autodiff=autodiff,
        exited_in=exited_in,
        wrote_to_stdout=bool(flags & protocol.WROTE),
    )


def _read_load_error(read: _ReplyReader) -> LoadError:
    return LoadError(
        reason=read.choice(protocol.LOAD_REASONS),
        phase=read.choice(protocol.LOAD_PHASES),
        source=read.text(),
        detail=read.text(),
        traceback=read.text(),
    )


def unpack_answer(body: memoryview, index: int) -> tuple[Answer, bool]:
    """Return the answer to call number `index`, and whether anything was written to stdout. Raises ProtocolError."""
    read = _ReplyReader(body, text_bytes=protocol.MAX_ANSWER_TEXT)
    number, reason_code, phase_code, flags, items_count, mutated_count, detail_bytes = read.fields(protocol.ANSWER_HEAD)
    if number != index or items_count > protocol.MAX_ITEMS or mutated_count > protocol.MAX_MUTATED:
        _broken()
    reason, phase = _chosen(protocol.CALL_REASONS, reason_code), _chosen(protocol.CALL_PHASES, phase_code)
    detail = read.text_of(detail_bytes)
    failure = None
    if reason is not None:
        traceback, function, argument = read.text(), read.text(), read.text()
        failure = Failure(reason=reason, phase=phase, detail=detail, traceback=traceback, function=function, argument=argument)
    mutated = tuple([read.text() for _ in range(mutated_count)])
    heads = [_read_item(read) for _ in range(items_count)]
    read.pad()
    items = tuple([head if isinstance(head, NotAnArray) else _read_array(read, *head) for head in heads])
    read.end()
    answer = Answer(
        items=() if failure else items,
        failure=failure,
        detail="" if failure else detail,
        mutated=mutated,
        single_precision=bool(flags & protocol.SINGLE_PRECISION),
    )
    return answer, bool(flags & protocol.WROTE)


def _read_item(read: _ReplyReader) -> NotAnArray | tuple[str, tuple[int, ...]]:
    tag, rank = read.fields(protocol.ITEM)
    if tag == protocol.NOT_AN_ARRAY:
        return NotAnArray(type_name=read.text(), detail=read.text())
    if tag >= len(protocol.DTYPES) or rank > protocol.MAX_RANK:
        _broken()
    return protocol.DTYPES[tag], read.fields(protocol.SHAPES[rank])


def _read_array(read: _ReplyReader, dtype: str, shape: tuple[int, ...]) -> Array:
    import numpy as np

    size = math.prod(shape)
    bound = size or math.prod(max(1, length) for length in shape)  # numpy refuses absurd axes of an empty array, too
    if bound > MAX_ANSWER_BYTES or 8 * size > len(read.body) - read.at:
        _broken()
    flat = np.frombuffer(read.body, dtype=dtype, count=size, offset=read.at) if size else np.empty(0, dtype)
    array: Array = flat.reshape(shape)
    array.flags.writeable = False
    read.at += 8 * size
    return array


class UndecodedAnswers(Sequence[Answer]):
    """Answers as they came, decoded each time they are looked at: of shown cases that is only where something is wrong."""

    def __init__(self, bodies: Sequence[memoryview], decode: Callable[[memoryview, int], Answer]) -> None:
        self._bodies = bodies
        self._decode = decode

    def __len__(self) -> int:
        return len(self._bodies)

    @overload
    def __getitem__(self, at: int) -> Answer: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Answer]: ...
    def __getitem__(self, at: int | slice) -> Answer | Sequence[Answer]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return self._decode(self._bodies[at], range(len(self))[at])
