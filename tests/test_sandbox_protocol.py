"""The protocol: what is packed comes back, and bytes of a child that lie come to a ProtocolError and nothing else."""

from __future__ import annotations

import contextlib
import os
import selectors
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.call import Constant, Given, Group, Name, Table
from grader.outcome import Answer, NotAnArray, Status
from grader.sandbox import frames, protocol
from grader.sandbox.frames import Frame, ProtocolError
from grader.sandbox.pipes import Inbox, Pipes
from grader.sandbox.text import cleaned, one_line
from grader.trial import LoadError, Source, TaskPlan


def body_of(buffers: list[frames.Buffer]) -> memoryview:
    """The body of a packed frame."""
    return memoryview(b"".join(buffers))[frames.HEADER.size :]


def frame(buffers: list[frames.Buffer]) -> Frame:
    """A packed frame as the child reads it."""
    raw = b"".join(buffers)
    _, kind, nonce, length = frames.HEADER.unpack(raw[: frames.HEADER.size])
    assert length == len(raw) - frames.HEADER.size
    return Frame(kind=kind, nonce=nonce, body=memoryview(raw)[frames.HEADER.size :])


def test_orders_come_back() -> None:
    """Sources are bytes for bytes what was handed in."""
    sources = (Source(name="a.py", cells=(b"\0\xff",)), Source(name="b.ipynb", cells=(b"1", b"", b"2"), is_notebook=True))
    orders = protocol.Orders(nonce=7, arrays="torch", asked=("f", "g"), sources=sources)
    assert orders == protocol.unpack_orders(frame(protocol.pack_orders(orders)))


def test_task_comes_back() -> None:
    """A plan comes back whole: arguments of every form, given functions, arrays of every shape."""
    plan = TaskPlan(
        function="f",
        arguments=(Name("x"), Group((Name("n"), Constant(None))), Table((("stride", Constant(2)), ("m", Name("e"))))),
        returns=("a", "b"),
        given=(Given(name="c", function="g", arguments=(Name("t"), Name("s")), item=1),),
        inputs=({"x": np.arange(6.0).reshape(2, 3), "n": 4, "t": np.array([1, 2]), "s": np.array(0.5), "e": np.zeros((0, 2))},),
    )
    got = protocol.unpack_task(frame(protocol.pack_task(plan, 3)))
    assert (plan.function, plan.arguments, plan.returns, plan.given) == (got.function, got.arguments, got.returns, got.given)
    for name, value in plan.inputs[0].items():
        assert np.array_equal(value, got.inputs[0][name])
        assert np.shape(value) == np.shape(got.inputs[0][name])


def test_task_holds_no_input_of_another() -> None:
    """A quantity that other tasks are given stays with the grader: it may be what this one is asked for."""
    plan = TaskPlan(
        function="f", arguments=(Name("x"),), returns=("Y",), inputs=({"x": np.ones(2), "Y": np.array([0.7615, 0.7615]), "n": 2},)
    )
    assert {"x"} == set(protocol.unpack_task(frame(protocol.pack_task(plan, 3))).inputs[0])


def test_texts_of_an_answer_are_bounded() -> None:
    """Cleaning text takes the grader's time: an answer with megabytes of it is none."""
    long = Answer(status=Status.RAISED, detail="x" * 16_000, mutated=("y" * 16_000,) * 40)
    with pytest.raises(frames.ProtocolError):
        protocol.unpack_answer(body_of(protocol.pack_answer(0, long, 1, wrote_to_stdout=False)), 0)


def test_loaded_comes_back() -> None:
    """What loading came to comes back."""
    errors = (LoadError(source="a.py", detail="é", traceback="a.py, line 1"),)
    loaded = protocol.Loaded(errors=errors, defined={"f": ("a.py", "b.py")}, autodiff=(".backward()",), wrote_to_stdout=True)
    assert loaded == protocol.unpack_loaded(body_of(protocol.pack_loaded(loaded, 1)))


def test_answer_comes_back() -> None:
    """Arrays, things that are none, flags and texts come back."""
    items = (np.arange(6.0).reshape(2, 3), np.array([1, 2]), NotAnArray("str", "text"), np.array(2.5), np.zeros((0, 3)))
    answer = Answer(items=items, detail="d", mutated=("x",), single_precision=True)
    got, wrote = protocol.unpack_answer(body_of(protocol.pack_answer(5, answer, 1, wrote_to_stdout=True)), 5)
    assert wrote
    assert (answer.detail, answer.mutated, answer.single_precision) == (got.detail, got.mutated, got.single_precision)
    for mine, theirs in zip(items, got.items, strict=True):
        if isinstance(mine, NotAnArray):
            assert mine == theirs
        else:
            assert isinstance(theirs, np.ndarray)
            assert (mine.shape, mine.tolist()) == (theirs.shape, theirs.tolist())
            assert not theirs.flags.writeable


def test_failed_call_has_no_items() -> None:
    """Items that come with a failure are dropped."""
    answer = Answer(status=Status.RAISED, items=(np.zeros(2),), detail="x")
    got, _ = protocol.unpack_answer(body_of(protocol.pack_answer(0, answer, 1, wrote_to_stdout=False)), 0)
    assert (Status.RAISED, ()) == (got.status, got.items)


def test_no_status_of_a_verdict_can_be_sent() -> None:
    """What a child may say of a call is neither `correct` nor `ungraded`."""
    assert not {Status.CORRECT, Status.WRONG_VALUE, Status.UNGRADED, Status.TIMED_OUT} & set(protocol._STATUSES)


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_a_protocol_error(raw: bytes) -> None:
    """Whatever a child sends is an answer or a ProtocolError."""
    for read in (lambda: protocol.unpack_answer(memoryview(raw), 0), lambda: protocol.unpack_loaded(memoryview(raw))):
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
        protocol.unpack_answer(memoryview(raw), 0)


@pytest.mark.parametrize("cut", range(1, len(_ANSWER), 7))
def test_no_cut_frame_is_an_answer(cut: int) -> None:
    """A frame that ends too early is none."""
    with pytest.raises(ProtocolError):
        protocol.unpack_answer(memoryview(_ANSWER[:-cut]), 0)


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20), (2**32, 2**32), (0, 2**40, 2**40), (2**40,) * 32, (3, 3)], ids=str)
def test_no_shape_that_lies_is_allocated(shape: tuple[int, ...]) -> None:
    """A shape that the bytes do not bear out is refused before anything is allocated for it."""
    body = struct.pack("<IBBIIIHBB", 0, 0, 0, 0, 0, 0, 1, 0, len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
    with pytest.raises(ProtocolError):
        protocol.unpack_answer(memoryview(body + bytes(-len(body) % 8) + bytes(8)), 0)


def test_answer_to_another_question_is_refused() -> None:
    """An answer says which call it answers, and only the next is taken."""
    with pytest.raises(ProtocolError):
        protocol.unpack_answer(memoryview(_ANSWER), 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * 24,
        frames.HEADER.pack(frames.MAGIC, 99, 0, 0),
        frames.HEADER.pack(frames.MAGIC, frames.TASK, 0, 0),
        frames.HEADER.pack(frames.MAGIC, frames.ANSWER, 0, 2**63),
        frames.HEADER.pack(frames.MAGIC, frames.FAULT, 0, 10_000),
    ],
)
def test_no_bad_header_is_buffered(raw: bytes) -> None:
    """An unknown kind, one of ours, or a length over the cap ends the child at once."""
    with pytest.raises(ProtocolError):
        Inbox().take(memoryview(raw))


@given(st.lists(st.integers(1, 40), max_size=30))
def test_frames_are_found_in_pieces(cuts: list[int]) -> None:
    """However the bytes are cut, the same frames come out."""
    raw = b"".join(frames.HEADER.pack(frames.MAGIC, frames.READY, number, 0) for number in range(3))
    raw += b"".join(protocol.pack_answer(0, Answer(detail="x"), 8, wrote_to_stdout=False))
    inbox, at = Inbox(), 0
    for cut in [*cuts, len(raw)]:
        inbox.take(memoryview(raw[at : at + cut]))
        at += cut
    assert [0, 1, 2, 8] == [frame.nonce for frame in inbox.frames]


def test_a_death_that_is_told_before_the_last_answer_loses_nothing() -> None:
    """The pipes are drained at once, and what else was ready then is not read a second time."""
    job, results, output, death = os.pipe(), os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(job[1], results[0], output[0], death[0])
    os.write(results[1], frames.HEADER.pack(frames.MAGIC, frames.READY, 7, 0))
    for descriptor in (job[0], results[1], output[1], death[1]):
        os.close(descriptor)

    class DeathFirst:
        """The selector, which tells of the death before anything else."""

        def __init__(self, selector: selectors.BaseSelector) -> None:
            self.selector = selector

        def __getattr__(self, name: str) -> Any:
            return getattr(self.selector, name)

        def select(self, seconds: float) -> list[Any]:
            return sorted(self.selector.select(seconds), key=lambda event: event[0].fd != death[0])

    pipes._selector = DeathFirst(pipes._selector)  # type: ignore[assignment]
    pipes.wait(1.0)
    assert [7] == [frame.nonce for frame in pipes.frames]
    assert pipes.is_ended
    pipes.close()
    os.close(death[0])


def test_flood_of_frames_is_refused() -> None:
    """Frames that nobody asked for do not pile up."""
    inbox = Inbox()
    with pytest.raises(ProtocolError):
        inbox.take(memoryview(frames.HEADER.pack(frames.MAGIC, frames.READY, 0, 0) * 5000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é ∂ 文", "plain é ∂ 文"),
        ("\x1b[2J\x1b]0;t\x07a\x9b31m\x1bcb", "a31mb"),
        ("a\u202eb\u2066c\u200fd\ufeff\u2028", "abcd"),
        ("a\r\nb\rc\x00\x08", "a\nb\nc"),
        ("\ud800x", "x"),
    ],
)
def test_shown_text_is_clean(text: str, expected: str) -> None:
    """Control, ANSI and bidi characters are taken out, line ends are one kind."""
    assert expected == cleaned(text)


def test_shown_text_is_capped() -> None:
    """Long text is cut, and says so."""
    assert "xxx\n... (cut here)" == cleaned("x" * 10, 3)
    assert "a b ..." == one_line("a\n  b ccc", 4).replace("b  ", "b ")
