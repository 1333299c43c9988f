"""
What the frames between the grader and a child say.

To the child, which trusts us: JSON and raw arrays. From the child, which nobody trusts: fields read by struct, every
length checked against a cap before anything is allocated for it; numbers come as float64 or int64 and nothing is ever
unpickled or evaluated. What a forged frame can say is what an answer can say.

The arrays of a body begin on a multiple of 8 bytes, so that they are used where they lie.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from grader.outcome import Answer, NotAnArray, Status
from grader.sandbox.job import LoadError, Source, TaskPlan
from grader.sandbox.wire.call import Argument, Call, Constant, Given, Group, Name, Table
from grader.sandbox.wire.frames import ANSWER, LOADED, MAX_ANSWER_BYTES, SOURCES, TASK, Buffer, Frame, ProtocolError, header
from grader.text import cleaned

if TYPE_CHECKING:
    from grader.exercise.model import Arrays
    from grader.outcome import Array

MAX_RANK: Final = 32
MAX_ITEMS: Final = 256
MAX_TEXT: Final = 16_384
MAX_NAMES: Final = 2000
MAX_NAME: Final = 200  # bytes of a function's name
MAX_LOAD_ERRORS: Final = 20
MAX_MUTATED: Final = 64  # arguments of a call
MAX_ANSWER_TEXT: Final = 256 << 10  # bytes of all texts of an answer: they are cleaned, which takes the grader's time

_NUMBERS: Final = {code: struct.Struct("<" + code) for code in "BHIQ"}
_ONE_PIECE: Final = 256 << 10
_WIRE_DTYPES: Final = ("<f8", "<i8")
_NOT_AN_ARRAY: Final = 2
# what a call may end in; the place in this tuple is the code on the wire, 0 is "it returned"
_STATUSES: Final = (
    None,
    Status.MISSING,
    Status.REFUSED,
    Status.OUT_OF_MEMORY,
    Status.KILLED,
    Status.NOT_IMPLEMENTED,
    Status.RAISED,
)
_SINGLE_PRECISION, _WROTE = 1, 2
_ANSWER: Final = struct.Struct("<IBBHIII")  # index, status, flags, items; bytes of detail and traceback; names of the mutated
_ITEM: Final = struct.Struct("<BB")  # what it is, and its rank
_SHAPES: Final = tuple([struct.Struct(f"<{rank}Q") for rank in range(MAX_RANK + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading came to."""

    errors: tuple[LoadError, ...]
    defined: Mapping[str, tuple[str, ...]]
    autodiff: tuple[str, ...]
    exited: str = ""  # where student code called sys.exit(), which ends the job
    wrote_to_stdout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the child is told before any input goes out."""

    nonce: int
    arrays: Arrays
    asked: tuple[str, ...]  # names of the functions that tasks will call
    sources: tuple[Source, ...]


# --- to the child ---------------------------------------------------------------------------------------------------


def _json_body(orders: object, blobs: Sequence[Buffer]) -> list[Buffer]:
    text = json.dumps(orders, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % 8)
    body = [struct.pack("<I", len(text)) + text, *blobs]
    # a small one in one piece: a reader that is woken for each of sixty arrays loses more than the copy costs
    return [b"".join(body)] if sum(map(len, body)) <= _ONE_PIECE else body


def _frame(kind: int, nonce: int, body: Sequence[Buffer]) -> list[Buffer]:
    head = header(kind, nonce, sum(map(len, body)))
    return [head + body[0]] if len(body) == 1 else [head, *body]


def _read_json_frame(body: memoryview) -> tuple[Any, memoryview]:
    (length,) = struct.unpack_from("<I", body)
    return json.loads(bytes(body[4 : 4 + length])), body[4 + length :]


def pack_orders(orders: Orders) -> list[Buffer]:
    """The frame that opens a job, as buffers to be written one after the other."""
    head = {
        "arrays": orders.arrays,
        "asked": orders.asked,
        "sources": [[source.name, source.is_notebook, [len(cell) for cell in source.cells]] for source in orders.sources],
    }
    return _frame(SOURCES, orders.nonce, _json_body(head, [cell for source in orders.sources for cell in source.cells]))


def unpack_orders(frame: Frame) -> Orders:
    """The orders of a frame from the grader."""
    head, blob = _read_json_frame(frame.body)
    sources, at = [], 0
    for name, is_notebook, lengths in head["sources"]:
        cells = []
        for length in lengths:
            cells.append(bytes(blob[at : at + length]))
            at += length
        sources.append(Source(name=name, cells=tuple(cells), is_notebook=is_notebook))
    return Orders(nonce=frame.nonce, arrays=head["arrays"], asked=tuple(head["asked"]), sources=tuple(sources))


def pack_task(plan: TaskPlan, nonce: int) -> list[Buffer]:
    """
    The frame of one task with all its inputs, and of these what its calls name.

    The others are for other tasks: a quantity that one function is given may be what another is asked for.
    """
    if plan.packed:
        return _frame(TASK, nonce, plan.packed)
    body = _task_body(plan)
    if len(body) == 1:
        plan.packed[:] = [bytes(body[0])]
    return _frame(TASK, nonce, body)


def _task_body(plan: TaskPlan) -> list[Buffer]:
    blobs: list[Buffer] = []
    at = 0
    cases = []
    called = frozenset(plan.call.names)
    for inputs in plan.inputs:
        case: dict[str, Any] = {}
        for name, value in inputs.items():
            if name not in called:
                continue
            if isinstance(value, int):
                case[name] = value
                continue
            raw = value.tobytes()
            case[name] = [value.dtype.str, value.shape, at]
            blobs.append(raw)
            at += len(raw)
        cases.append(case)
    head = {
        "function": plan.call.function,
        "arguments": [_pack_argument(argument) for argument in plan.call.arguments],
        "returns": plan.returns,
        "given": [
            [given.name, given.function, [_pack_argument(argument) for argument in given.arguments], given.item]
            for given in plan.call.given
        ],
        "inputs": cases,
    }
    return _json_body(head, blobs)


def unpack_task(frame: Frame) -> TaskPlan:
    """The plan of a frame from the grader; its arrays are read-only views into the frame."""
    import numpy as np

    head, blob = _read_json_frame(frame.body)
    blob = blob.toreadonly()
    inputs = []
    for case in head["inputs"]:
        values: dict[str, Array | int] = {}
        for name, value in case.items():
            if isinstance(value, int):
                values[name] = value
            else:
                dtype, shape, at = value
                values[name] = np.frombuffer(blob, dtype=dtype, count=math.prod(shape), offset=at).reshape(shape)
        inputs.append(values)
    call = Call(
        function=head["function"],
        arguments=tuple(_unpack_argument(argument) for argument in head["arguments"]),
        given=tuple(
            Given(name=name, function=function, arguments=tuple(map(_unpack_argument, arguments)), item=item)
            for name, function, arguments, item in head["given"]
        ),
    )
    return TaskPlan(call=call, returns=tuple(head["returns"]), inputs=tuple(inputs))


def _pack_argument(argument: Argument) -> object:
    match argument:
        case Name(name):
            return ["name", name]
        case Constant(value):
            return ["constant", value]
        case Group(items):
            return ["group", [_pack_argument(item) for item in items]]
        case Table(pairs):
            return ["table", [[key, _pack_argument(item)] for key, item in pairs]]


def _unpack_argument(packed: Any) -> Argument:
    kind, value = packed
    if kind == "name":
        return Name(value)
    if kind == "constant":
        return Constant(value)
    if kind == "group":
        return Group(tuple(map(_unpack_argument, value)))
    return Table(tuple((key, _unpack_argument(item)) for key, item in value))


# --- from the child -------------------------------------------------------------------------------------------------


def _raw(text: str) -> bytes:
    return str(text).encode("utf-8", "replace")[:MAX_TEXT] if text else b""


class _Writer:
    def __init__(self) -> None:
        self.raw = bytearray()

    def number(self, code: str, value: int) -> None:
        self.raw += _NUMBERS[code].pack(value)

    def text(self, text: str) -> None:
        raw = _raw(text)
        self.number("I", len(raw))
        self.raw += raw

    def texts(self, texts: Sequence[str]) -> None:
        texts = texts[:MAX_NAMES]
        self.number("I", len(texts))
        for text in texts:
            self.text(text)

    def pad(self) -> None:
        self.raw += bytes(-len(self.raw) % 8)


class _Reader:
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
        return self.fields(_NUMBERS[code])[0]

    def bounded(self, code: str, most: int) -> int:
        value = self.number(code)
        return value if value <= most else _broken()

    def text(self, most: int = MAX_TEXT) -> str:
        return self.text_of(self.number("I"), most)

    def text_of(self, length: int, most: int = MAX_TEXT) -> str:
        if not length:  # most texts of most answers
            return ""
        if length > min(most, self.text_bytes):
            _broken()
        self.text_bytes -= length
        raw = bytes(self.body[self.at : self.at + length])
        self.at += length  # of a text that is cut short beyond the end, which `end` refuses
        return cleaned(raw.decode("utf-8", "replace"))

    def texts(self, most: int = MAX_NAMES) -> tuple[str, ...]:
        return tuple([self.text() for _ in range(self.bounded("I", most))])

    def pad(self) -> None:
        self.at += -self.at % 8

    def end(self) -> None:
        if self.at != len(self.body):
            _broken()


def _broken() -> NoReturn:
    raise ProtocolError("it sent bytes that are no answer")


def pack_loaded(loaded: Loaded, nonce: int) -> list[Buffer]:
    """The frame that says what loading came to."""
    out = _Writer()
    out.number("B", _WROTE * loaded.wrote_to_stdout)
    errors = loaded.errors[:MAX_LOAD_ERRORS]
    out.number("I", len(errors))
    for error in errors:
        for text in (error.source, error.detail, error.traceback):
            out.text(text)
    defined = [(name, sources) for name, sources in loaded.defined.items() if len(name.encode()) <= MAX_NAME][:MAX_NAMES]
    out.number("I", len(defined))
    for name, sources in defined:
        out.text(name)
        out.texts(sources)
    out.texts(loaded.autodiff)
    out.text(loaded.exited)
    return [header(LOADED, nonce, len(out.raw)), out.raw]


def unpack_loaded(body: memoryview) -> Loaded:
    """What a child says about loading. Raises ProtocolError."""
    read = _Reader(body, text_bytes=len(body))
    flags = read.number("B")
    count = read.bounded("I", MAX_LOAD_ERRORS)
    errors = tuple([LoadError(source=read.text(), detail=read.text(), traceback=read.text()) for _ in range(count)])
    defined = {read.text(MAX_NAME): read.texts() for _ in range(read.bounded("I", MAX_NAMES))}
    autodiff, exited = read.texts(), read.text()
    read.end()
    return Loaded(
        errors=errors,
        defined=defined,
        autodiff=autodiff,
        exited=exited,
        wrote_to_stdout=bool(flags & _WROTE),
    )


def pack_answer(index: int, answer: Answer, nonce: int, *, wrote_to_stdout: bool) -> list[Buffer]:
    """The frame of one answer. Its arrays are C-contiguous, float64 or int64, and are not copied."""
    status, flags = _STATUSES.index(answer.status), _SINGLE_PRECISION * answer.single_precision | _WROTE * wrote_to_stdout
    detail, traceback = _raw(answer.detail), _raw(answer.traceback)
    out = _Writer()
    out.raw += _ANSWER.pack(index, status, flags, len(answer.items), len(detail), len(traceback), len(answer.mutated))
    out.raw += detail
    out.raw += traceback
    for name in answer.mutated:
        out.text(name)
    arrays: list[Buffer] = []
    for item in answer.items:
        if isinstance(item, NotAnArray):
            out.raw += _ITEM.pack(_NOT_AN_ARRAY, 0)
            out.text(item.type_name)
            out.text(item.detail)
            continue
        out.raw += _ITEM.pack(_WIRE_DTYPES.index(item.dtype.str), item.ndim) + _SHAPES[item.ndim].pack(*item.shape)
        if item.size:
            arrays.append(item.reshape(-1).data.cast("B"))
    out.pad()
    return [header(ANSWER, nonce, len(out.raw) + sum(map(len, arrays))), out.raw, *arrays]


def unpack_answer(body: memoryview, index: int) -> tuple[Answer, bool]:
    """The answer to call number `index`, and whether anything was written to stdout. Raises ProtocolError."""
    read = _Reader(body, text_bytes=MAX_ANSWER_TEXT)
    number, code, flags, items_count, detail_bytes, traceback_bytes, mutated_count = read.fields(_ANSWER)
    if number != index or code >= len(_STATUSES) or items_count > MAX_ITEMS or mutated_count > MAX_MUTATED:
        _broken()
    status = _STATUSES[code]
    detail, traceback = read.text_of(detail_bytes), read.text_of(traceback_bytes)
    mutated = tuple([read.text() for _ in range(mutated_count)])
    heads = [_read_item(read) for _ in range(items_count)]
    read.pad()
    items = tuple([head if isinstance(head, NotAnArray) else _read_array(read, *head) for head in heads])
    read.end()
    answer = Answer(
        status=status,
        items=items if status is None else (),
        detail=detail,
        traceback=traceback,
        mutated=mutated,
        single_precision=bool(flags & _SINGLE_PRECISION),
    )
    return answer, bool(flags & _WROTE)


def _read_item(read: _Reader) -> NotAnArray | tuple[str, tuple[int, ...]]:
    tag, rank = read.fields(_ITEM)
    if tag == _NOT_AN_ARRAY:
        return NotAnArray(type_name=read.text(), detail=read.text())
    if tag >= len(_WIRE_DTYPES) or rank > MAX_RANK:
        _broken()
    return _WIRE_DTYPES[tag], read.fields(_SHAPES[rank])


def _read_array(read: _Reader, dtype: str, shape: tuple[int, ...]) -> Array:
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
