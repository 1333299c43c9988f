"""
Pack what the grader and a child say to one another, and unpack what the grader says.

To the child, which trusts us, go JSON and raw arrays. From the child, which nobody trusts, come fields for `struct`, texts, and
numbers as float64 or int64: they are packed here, and their caps stand here; `grader.sandbox.host.replies` reads them.

The arrays of a body begin on a multiple of 8 bytes, so that they are used where they lie.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.wire.answer import Answer, Failure, LoadError, NotAnArray, Phase, Reason
from grader.sandbox.wire.call import Argument, Call, Constant, Given, Group, Name, Table
from grader.sandbox.wire.frames import ANSWER, LOADED, SOURCES, TASK, Buffer, Frame, header
from grader.sandbox.wire.plan import Source, TaskPlan

if TYPE_CHECKING:
    from grader.sandbox.limits import Arrays
    from grader.sandbox.wire.answer import Array

MAX_RANK: Final = 32
MAX_ITEMS: Final = 256
MAX_TEXT: Final = 16_384  # bytes
MAX_NAMES: Final = 2000
MAX_NAME: Final = 200  # bytes of a function's name
MAX_LOAD_ERRORS: Final = 20
MAX_MUTATED: Final = 64  # arguments of a call
MAX_ANSWER_TEXT: Final = 256 << 10  # bytes of all texts of an answer: they are cleaned, which takes the grader's time

NUMBERS: Final = {code: struct.Struct("<" + code) for code in "BHIQ"}
_ONE_PIECE: Final = 256 << 10
DTYPES: Final = ("<f8", "<i8")
NOT_AN_ARRAY: Final = 2
# What a child may say that a call or loading failed by: the place in a list is the code on the wire, and no other reason can be
# told. Of a call 0 says that it returned.
CALL_REASONS: Final = (
    None,
    Reason.NO_FUNCTION,
    Reason.REFUSED,
    Reason.OUT_OF_MEMORY,
    Reason.EXITED,
    Reason.NOT_IMPLEMENTED,
    Reason.RAISED,
)
CALL_PHASES: Final = (Phase.MAKING, Phase.CALLING, Phase.READING)
LOAD_REASONS: Final = (
    Reason.RAISED,
    Reason.REFUSED,
    Reason.NESTED_TOO_DEEPLY,
    Reason.CELL_MAGIC,
    Reason.SHELL_LINE,
    Reason.MAGIC_LINES,
)
LOAD_PHASES: Final = (Phase.COMPILING, Phase.LOADING)
SINGLE_PRECISION, WROTE = 1, 2  # flags
# index, codes of reason and phase, flags, number of items and of names of mutated arguments, bytes of the detail
ANSWER_HEAD: Final = struct.Struct("<IBBBxHHI")
ITEM: Final = struct.Struct("<BB")  # what it is, and its rank
SHAPES: Final = tuple([struct.Struct(f"<{rank}Q") for rank in range(MAX_RANK + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How loading ended, and which functions it left."""

    errors: tuple[LoadError, ...]
    defined: Mapping[str, tuple[str, ...]]
    autodiff: tuple[str, ...]
    exited_in: str = ""  # the file or cell that called sys.exit(), which ends the job
    wrote_to_stdout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All that a child is told before any input goes out."""

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
    """Return the frame that opens a job, as buffers to be written one after the other."""
    head = {
        "arrays": orders.arrays,
        "asked": orders.asked,
        "sources": [[source.name, source.is_notebook, [len(cell) for cell in source.cells]] for source in orders.sources],
    }
    return _frame(SOURCES, orders.nonce, _json_body(head, [cell for source in orders.sources for cell in source.cells]))


def unpack_orders(frame: Frame) -> Orders:
    """Read the orders in a frame from the grader."""
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
    Return the frame of one task: of its inputs those that its calls name.

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
    """Read the plan in a frame from the grader; its arrays are read-only views into the frame."""
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


class _FrameWriter:
    def __init__(self) -> None:
        self.raw = bytearray()

    def number(self, code: str, value: int) -> None:
        self.raw += NUMBERS[code].pack(value)

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


def pack_loaded(loaded: Loaded, nonce: int) -> list[Buffer]:
    """Return the frame that says how loading ended."""
    out = _FrameWriter()
    out.number("B", WROTE * loaded.wrote_to_stdout)
    errors = loaded.errors[:MAX_LOAD_ERRORS]
    out.number("I", len(errors))
    for error in errors:
        out.number("B", LOAD_REASONS.index(error.reason or Reason.RAISED))
        out.number("B", LOAD_PHASES.index(error.phase or Phase.LOADING))
        for text in (error.source, error.detail, error.traceback):
            out.text(text)
    defined = [(name, sources) for name, sources in loaded.defined.items() if len(name.encode()) <= MAX_NAME][:MAX_NAMES]
    out.number("I", len(defined))
    for name, sources in defined:
        out.text(name)
        out.texts(sources)
    out.texts(loaded.autodiff)
    out.text(loaded.exited_in)
    return [header(LOADED, nonce, len(out.raw)), out.raw]


_RETURNED: Final = Failure(reason=Reason.RAISED)  # stands for no failure; its texts are empty


def pack_answer(index: int, answer: Answer, nonce: int, *, wrote_to_stdout: bool) -> list[Buffer]:
    """Return the frame of one answer. Its arrays are C-contiguous, float64 or int64, and are not copied."""
    failure = answer.failure or _RETURNED
    reason = CALL_REASONS.index(answer.failure and failure.reason)
    flags = SINGLE_PRECISION * answer.single_precision | WROTE * wrote_to_stdout
    detail = _raw(failure.detail or answer.detail)
    phase = CALL_PHASES.index(failure.phase)
    out = _FrameWriter()
    out.raw += ANSWER_HEAD.pack(index, reason, phase, flags, len(answer.items), len(answer.mutated), len(detail))
    out.raw += detail
    if reason:
        for text in (failure.traceback, failure.function, failure.argument):
            out.text(text)
    for name in answer.mutated:
        out.text(name)
    arrays: list[Buffer] = []
    for item in answer.items:
        if isinstance(item, NotAnArray):
            out.raw += ITEM.pack(NOT_AN_ARRAY, 0)
            out.text(item.type_name)
            out.text(item.detail)
            continue
        out.raw += ITEM.pack(DTYPES.index(item.dtype.str), item.ndim) + SHAPES[item.ndim].pack(*item.shape)
        if item.size:
            arrays.append(item.reshape(-1).data.cast("B"))
    out.pad()
    return [header(ANSWER, nonce, len(out.raw) + sum(map(len, arrays))), out.raw, *arrays]
