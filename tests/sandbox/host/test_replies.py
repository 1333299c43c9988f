"""What a child packs comes back; bytes of a child that lie come to a ProtocolError and nothing else."""

from __future__ import annotations

import contextlib
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_frames import body_of

from grader.outcome import Status
from grader.sandbox.host import replies
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import Answer, Failure, LoadError, NotAnArray, Phase, Reason
from grader.sandbox.wire.frames import ProtocolError
from grader.text import cleaned


def packed_without_caps(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> memoryview:
    """Pack an answer as a child does that has taken our caps away, and return its body."""
    with monkeypatch.context() as child:
        child.setattr(protocol, "MAX_TEXT", 1 << 30)
        return body_of(protocol.pack_answer(0, answer, 0, wrote_to_stdout=False))


def accepted(body: memoryview) -> Answer:
    """Read the body of an answer as the grader does."""
    return replies.unpack_answer(body, 0)[0]


def raised(**texts: str) -> Answer:
    """Return the answer of a call that raised."""
    return Answer(failure=Failure(reason=Reason.RAISED, **texts))  # type: ignore[arg-type]


_TEXT, _ITEMS, _MUTATED = protocol.MAX_TEXT, protocol.MAX_ITEMS, protocol.MAX_MUTATED


@pytest.mark.parametrize(
    ("honest", "lying"),
    [
        (raised(detail="x" * _TEXT), raised(detail="x" * (_TEXT + 1))),
        (raised(traceback="x" * _TEXT), raised(traceback="x" * (_TEXT + 1))),
        (raised(function="x" * _TEXT), raised(function="x" * (_TEXT + 1))),
        (raised(argument="x" * _TEXT), raised(argument="x" * (_TEXT + 1))),
        (Answer(detail="x" * _TEXT), Answer(detail="x" * (_TEXT + 1))),
        (Answer(mutated=("x" * _TEXT,)), Answer(mutated=("x" * (_TEXT + 1),))),
        (Answer(mutated=("x",) * _MUTATED), Answer(mutated=("x",) * (_MUTATED + 1))),
        (Answer(items=(NotAnArray("x" * _TEXT),)), Answer(items=(NotAnArray("x" * (_TEXT + 1)),))),
        (Answer(items=(NotAnArray("t", "x" * _TEXT),)), Answer(items=(NotAnArray("t", "x" * (_TEXT + 1)),))),
        (Answer(items=(NotAnArray("x"),) * _ITEMS), Answer(items=(NotAnArray("x"),) * (_ITEMS + 1))),
        # cleaning text takes the grader's time: an answer with more of it than this in all is none
        (Answer(mutated=("x" * _TEXT,) * 16), Answer(mutated=("x" * _TEXT,) * 16, detail="x")),
    ],
    ids=[
        "failure",
        "traceback",
        "function",
        "argument",
        "detail",
        "mutated",
        "mutated names",
        "type",
        "what is no array",
        "items",
        "all texts",
    ],
)
def test_every_cap_of_an_answer(monkeypatch: pytest.MonkeyPatch, honest: Answer, lying: Answer) -> None:
    """An answer at a cap is taken as it is; one more, packed by a child without caps, is none."""
    taken = accepted(packed_without_caps(monkeypatch, honest))
    assert (honest.failure, honest.detail, honest.mutated) == (taken.failure, taken.detail, taken.mutated)
    assert len(honest.items) == len(taken.items)
    body = packed_without_caps(monkeypatch, lying)
    with pytest.raises(ProtocolError):
        accepted(body)


def test_an_answer_packed_by_an_honest_child_is_never_over_a_text_cap() -> None:
    """The child cuts what the grader would not take."""
    long = "é" * 20_000
    answer = Answer(failure=Failure(reason=Reason.RAISED, detail=long, traceback=long), mutated=(long,))
    failure = accepted(body_of(protocol.pack_answer(0, answer, 0, wrote_to_stdout=False))).failure
    assert failure is not None
    assert protocol.MAX_TEXT >= len(failure.detail.encode())


@pytest.mark.parametrize(
    ("place", "listed"), [(4, protocol.CALL_REASONS[1:]), (5, protocol.CALL_PHASES)], ids=["reason", "phase"]
)
def test_reason_and_phase_of_a_call_are_of_the_list(place: int, listed: tuple[object, ...]) -> None:
    """Every code that there is is taken, and no other; both stand behind the index of the call."""
    raw = bytearray(body_of(protocol.pack_answer(0, raised(), 0, wrote_to_stdout=False)))
    first = 1 if place == 4 else 0  # the code 0 of a reason says that a value was returned
    for code in range(first, 256):
        raw[place] = code
        if code - first < len(listed):
            failure = accepted(memoryview(raw)).failure
            assert failure is not None
            assert listed[code - first] in (failure.reason, failure.phase)
        else:
            with pytest.raises(ProtocolError):
                accepted(memoryview(raw))


@pytest.mark.parametrize(("place", "listed"), [(5, protocol.LOAD_REASONS), (6, protocol.LOAD_PHASES)], ids=["reason", "phase"])
def test_reason_and_phase_of_loading_are_of_the_list(place: int, listed: tuple[object, ...]) -> None:
    """Every code that there is is taken, and no other; both stand behind the flags and the number of errors."""
    loaded = protocol.Loaded(errors=(_error(),), defined={}, autodiff=())
    raw = bytearray(body_of(protocol.pack_loaded(loaded, 0)))
    for code in range(256):
        raw[place] = code
        if code < len(listed):
            (error,) = replies.unpack_loaded(memoryview(raw)).errors
            assert listed[code] in (error.reason, error.phase)
        else:
            with pytest.raises(ProtocolError):
                replies.unpack_loaded(memoryview(raw))


def test_an_array_is_of_one_of_two_types() -> None:
    """An array is float64 or int64: another tag is refused."""
    raw = bytearray(body_of(protocol.pack_answer(0, Answer(items=(np.zeros(()),)), 0, wrote_to_stdout=False)))
    for tag in set(range(256)) - {protocol.NOT_AN_ARRAY}:
        raw[protocol.ANSWER_HEAD.size] = tag
        if tag < len(protocol.DTYPES):
            assert protocol.DTYPES[tag] == accepted(memoryview(raw)).items[0].dtype.str  # type: ignore[union-attr]
        else:
            with pytest.raises(ProtocolError):
                accepted(memoryview(raw))


@pytest.mark.parametrize("more", [b"\0", bytes(8)])
def test_an_answer_ends_where_it_ends(more: bytes) -> None:
    """Bytes behind an answer, or behind what loading came to, are a lie about its length."""
    answer, loaded = Answer(items=(np.ones(2),)), protocol.Loaded(errors=(), defined={}, autodiff=())
    body = bytes(body_of(protocol.pack_answer(0, answer, 0, wrote_to_stdout=False)))
    assert 1 == len(accepted(memoryview(body)).items)
    with pytest.raises(ProtocolError):
        accepted(memoryview(body + more))
    body = bytes(body_of(protocol.pack_loaded(loaded, 0)))
    assert loaded == replies.unpack_loaded(memoryview(body))
    with pytest.raises(ProtocolError):
        replies.unpack_loaded(memoryview(body + more))


def _error(**texts: str) -> LoadError:
    return LoadError(**{"source": "a.py", "detail": "x", "traceback": "", **texts})  # type: ignore[arg-type]


_NAME, _NAMES, _ERRORS = protocol.MAX_NAME, protocol.MAX_NAMES, protocol.MAX_LOAD_ERRORS


@pytest.mark.parametrize(
    ("honest", "lying"),
    [
        ({"errors": (_error(),) * _ERRORS}, {"errors": (_error(),) * (_ERRORS + 1)}),
        ({"errors": (_error(detail="x" * _TEXT),)}, {"errors": (_error(detail="x" * (_TEXT + 1)),)}),
        ({"errors": (_error(source="x" * _TEXT),)}, {"errors": (_error(source="x" * (_TEXT + 1)),)}),
        ({"errors": (_error(traceback="x" * _TEXT),)}, {"errors": (_error(traceback="x" * (_TEXT + 1)),)}),
        ({"defined": {"f" * _NAME: ("a.py",)}}, {"defined": {"f" * (_NAME + 1): ("a.py",)}}),
        ({"defined": dict.fromkeys(map(str, range(_NAMES)), ())}, {"defined": dict.fromkeys(map(str, range(_NAMES + 1)), ())}),
        ({"defined": {"f": ("a",) * _NAMES}}, {"defined": {"f": ("a",) * (_NAMES + 1)}}),
        ({"defined": {"f": ("a" * _TEXT,)}}, {"defined": {"f": ("a" * (_TEXT + 1),)}}),
        ({"autodiff": ("a",) * _NAMES}, {"autodiff": ("a",) * (_NAMES + 1)}),
        ({"exited_in": "a" * 500}, {"exited_in": "a" * (_TEXT + 1)}),
    ],
    ids=["errors", "detail", "source", "traceback", "name", "names", "sources of a name", "source of a name", "autodiff", "exit"],
)
def test_every_cap_of_loading(monkeypatch: pytest.MonkeyPatch, honest: dict[str, Any], lying: dict[str, Any]) -> None:
    """What loading came to at a cap is taken as it is; one more, packed by a child without caps, is refused."""
    nothing: dict[str, Any] = {"errors": (), "defined": {}, "autodiff": ()}
    bodies = []
    with monkeypatch.context() as child:
        for cap in ("MAX_TEXT", "MAX_NAME", "MAX_NAMES", "MAX_LOAD_ERRORS"):
            child.setattr(protocol, cap, 1 << 30)
        for told in (honest, lying):
            bodies.append(body_of(protocol.pack_loaded(protocol.Loaded(**{**nothing, **told}), 0)))
    assert protocol.Loaded(**{**nothing, **honest}) == replies.unpack_loaded(bodies[0])
    with pytest.raises(ProtocolError):
        replies.unpack_loaded(bodies[1])


def test_loaded_comes_back() -> None:
    """What loading came to comes back."""
    errors = (
        LoadError(source="a.py", detail="é", traceback="a.py, line 1"),
        LoadError(source="b.ipynb, cell 2", reason=Reason.CELL_MAGIC, phase=Phase.COMPILING, detail="%%bash"),
    )
    loaded = protocol.Loaded(errors=errors, defined={"f": ("a.py", "b.py")}, autodiff=(".backward()",), wrote_to_stdout=True)
    assert loaded == replies.unpack_loaded(body_of(protocol.pack_loaded(loaded, 1)))


def test_answer_comes_back() -> None:
    """Arrays, things that are none, flags and texts come back."""
    items = (np.arange(6.0).reshape(2, 3), np.array([1, 2]), NotAnArray("str", "text"), np.array(2.5), np.zeros((0, 3)))
    answer = Answer(items=items, detail="d", mutated=("x",), single_precision=True)
    got, wrote = replies.unpack_answer(body_of(protocol.pack_answer(5, answer, 1, wrote_to_stdout=True)), 5)
    assert wrote
    assert (answer.detail, answer.mutated, answer.single_precision) == (got.detail, got.mutated, got.single_precision)
    for mine, theirs in zip(items, got.items, strict=True):
        if isinstance(mine, NotAnArray):
            assert mine == theirs
        else:
            assert isinstance(mine, np.ndarray)
            assert isinstance(theirs, np.ndarray)
            assert (mine.shape, mine.tolist()) == (theirs.shape, theirs.tolist())
            assert not theirs.flags.writeable


def test_no_text_of_a_child_is_more_than_text() -> None:
    """Whatever a child says is clean before anybody reads it: of an answer, and of loading."""
    raw, clean = "\x1b[31mred\u202e", cleaned("\x1b[31mred\u202e")
    for told, heard in (
        (
            Answer(detail=raw, mutated=(raw,), items=(NotAnArray(raw, raw),)),
            Answer(detail=clean, mutated=(clean,), items=(NotAnArray(clean, clean),)),
        ),
        (
            raised(detail=raw, traceback=raw, function=raw, argument=raw),
            raised(detail=clean, traceback=clean, function=clean, argument=clean),
        ),
    ):
        assert heard == accepted(body_of(protocol.pack_answer(0, told, 0, wrote_to_stdout=False)))
    loaded = protocol.Loaded(
        errors=(_error(source=raw, detail=raw, traceback=raw),), defined={raw: (raw,)}, autodiff=(raw,), exited_in=raw
    )
    cleaned_loaded = protocol.Loaded(
        errors=(_error(source=clean, detail=clean, traceback=clean),),
        defined={clean: (clean,)},
        autodiff=(clean,),
        exited_in=clean,
    )
    assert cleaned_loaded == replies.unpack_loaded(body_of(protocol.pack_loaded(loaded, 0)))


def test_failed_call_has_no_items() -> None:
    """Items that come with a failure are dropped."""
    failure = Failure(reason=Reason.RAISED, phase=Phase.MAKING, detail="x", traceback="y", function="f", argument="a")
    answer = Answer(failure=failure, items=(np.zeros(2),))
    got, _ = replies.unpack_answer(body_of(protocol.pack_answer(0, answer, 1, wrote_to_stdout=False)), 0)
    assert (failure, ()) == (got.failure, got.items)


def test_a_child_cannot_say_that_the_grader_failed() -> None:
    """What it may say of a call or of loading costs points: none of it counts as ungraded, nor as out of time."""
    told = [reason for reason in (*protocol.CALL_REASONS, *protocol.LOAD_REASONS) if reason is not None]
    assert not {Status.UNGRADED, Status.TIMED_OUT} & {Status.of(reason) for reason in told}


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_a_protocol_error(raw: bytes) -> None:
    """Whatever a child sends is an answer or a ProtocolError."""
    for read in (lambda: replies.unpack_answer(memoryview(raw), 0), lambda: replies.unpack_loaded(memoryview(raw))):
        with contextlib.suppress(ProtocolError):
            read()


_ANSWER = b"".join(protocol.pack_answer(0, Answer(items=(np.ones((2, 2)), NotAnArray("x"))), 9, wrote_to_stdout=False))[
    frames.HEADER.size :
]


@given(st.integers(0, len(_ANSWER) - 1), st.integers(0, 255))
def test_no_changed_byte_is_more_than_a_protocol_error(place: int, value: int) -> None:
    """A frame with any one byte changed is an answer or a ProtocolError."""
    raw = bytearray(_ANSWER)
    raw[place] = value
    with contextlib.suppress(ProtocolError):
        replies.unpack_answer(memoryview(raw), 0)


@pytest.mark.parametrize("cut", range(1, len(_ANSWER), 7))
def test_no_cut_frame_is_an_answer(cut: int) -> None:
    """A frame that ends too early is none."""
    with pytest.raises(ProtocolError):
        replies.unpack_answer(memoryview(_ANSWER[:-cut]), 0)


def answer_of_shape(*shape: int, data: int) -> memoryview:
    """Return the body of an answer of one float64 array of this shape, with so many bytes of data; made of an honest one."""
    honest = body_of(protocol.pack_answer(0, Answer(items=(np.zeros(()),)), 0, wrote_to_stdout=False))
    head = bytes(honest[: protocol.ANSWER_HEAD.size]) + protocol.ITEM.pack(0, len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
    return memoryview(head + bytes(-len(head) % 8) + bytes(data))


@pytest.mark.parametrize("shape", [(1,), (3, 3), (0, 5), (), (1,) * 32, (0,) * 32, (0, 2**20)], ids=str)
def test_a_shape_that_the_bytes_bear_out_is_accepted(shape: tuple[int, ...]) -> None:
    """The honest twin of the next two tests: the same bytes without the lie are an answer of that shape."""
    answer, _ = replies.unpack_answer(answer_of_shape(*shape, data=8 * math.prod(shape)), 0)
    (item,) = answer.items
    assert isinstance(item, np.ndarray)
    assert shape == item.shape


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20), (2**32, 2**32), (2**40,) * 32, (3, 3), (2,)], ids=str)
@pytest.mark.parametrize("data", [0, 8])
def test_no_shape_that_lies_is_allocated(shape: tuple[int, ...], data: int) -> None:
    """A shape that the bytes do not bear out is refused before anything is allocated for it."""
    with pytest.raises(ProtocolError):
        replies.unpack_answer(answer_of_shape(*shape, data=data), 0)


@pytest.mark.parametrize("shape", [(0, 2**40, 2**40), (0, 2**63), (0, frames.MAX_ANSWER_BYTES + 1), (0,) * 33], ids=str)
def test_no_absurd_axis_of_an_empty_array_is_taken(shape: tuple[int, ...]) -> None:
    """No bytes have to bear an empty array out, so its other axes have a cap of their own, and so has their number."""
    with pytest.raises(ProtocolError):
        replies.unpack_answer(answer_of_shape(*shape, data=0), 0)


def test_answer_to_another_question_is_refused() -> None:
    """An answer says which call it answers, and only the next is taken."""
    replies.unpack_answer(memoryview(_ANSWER), 0)
    with pytest.raises(ProtocolError):
        replies.unpack_answer(memoryview(_ANSWER), 1)
