"""Frames and output as they come down the pipes: capped, in whatever pieces, up to the first byte that is no frame."""

from __future__ import annotations

import os
import selectors
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.host.pipes import KEPT_OUTPUT, MOST_OUTPUT, Inbox, Pipes
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import Answer, Reason
from grader.sandbox.wire.frames import ProtocolError


@pytest.mark.parametrize("kind", sorted(frames.MAX_BODY))
def test_no_body_over_the_cap_of_its_kind_is_begun(kind: int) -> None:
    """A length of one byte more than a kind may have ends the child before anything is allocated; the cap itself does not."""
    honest, lying = Inbox(), Inbox()
    honest.take(memoryview(frames.header(kind, 0, frames.MAX_BODY[kind])))
    assert honest.broken is None
    lying.take(memoryview(frames.header(kind, 0, frames.MAX_BODY[kind] + 1)))
    assert lying.broken is not None
    assert lying._body is None


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * frames.HEADER.size,
        frames.header(frames.READY, 0, 0).replace(frames.MAGIC, b"grd0"),
        frames.header(99, 0, 0),
        frames.header(frames.TASK, 0, 0),
        frames.header(frames.SOURCES, 0, 0),
        frames.header(frames.ANSWER, 0, 2**63),
    ],
)
def test_no_bad_header_is_buffered(raw: bytes) -> None:
    """Bytes that are no header, an unknown kind, or one of ours end the child at once."""
    inbox = Inbox()
    inbox.take(memoryview(raw))
    assert isinstance(inbox.broken, ProtocolError)


@given(st.binary(min_size=frames.HEADER.size, max_size=100), st.lists(st.integers(1, 40), max_size=10))
def test_what_came_before_rubbish_counts_however_it_is_cut(rubbish: bytes, cuts: list[int]) -> None:
    """Frames before the first bytes that are none are there, those after them never, in one piece or in many."""
    frame = frames.header(frames.READY, 7, 0)
    raw = frame + b"x" + rubbish[1:] + frame
    inbox, at = Inbox(), 0
    for cut in [*cuts, len(raw)]:
        inbox.take(memoryview(raw[at : at + cut]))
        at += cut
    assert [7] == [frame.nonce for frame in inbox.frames]
    assert inbox.broken is not None


@given(st.lists(st.integers(1, 40), max_size=30))
def test_frames_are_found_in_pieces(cuts: list[int]) -> None:
    """However the bytes are cut, the same frames come out."""
    raw = b"".join(frames.header(frames.READY, number, 0) for number in range(3))
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
    os.write(results[1], frames.header(frames.READY, 7, 0))
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
    """Frames that nobody asked for do not pile up; as many as may wait do."""
    inbox = Inbox()
    inbox.take(memoryview(frames.header(frames.READY, 0, 0) * 4096))
    assert inbox.broken is None
    inbox.take(memoryview(frames.header(frames.READY, 0, 0)))
    assert inbox.broken is not None
    assert 4096 == len(inbox.frames)


def test_output_is_kept_to_its_cap_and_counted_beyond() -> None:
    """The beginning of what student code writes is kept, the rest is a number, and too large a number is a flood."""
    inbox = Inbox()
    inbox.take_output(b"x" * (KEPT_OUTPUT - 1))
    inbox.take_output(b"yz")
    assert b"xy" == inbox.output[-2:]
    assert KEPT_OUTPUT == len(inbox.output)
    inbox.take_output(bytes(MOST_OUTPUT - KEPT_OUTPUT - 1))
    assert (MOST_OUTPUT, False) == (inbox.output_bytes, inbox.is_flooded)
    inbox.take_output(b"x")
    assert inbox.is_flooded
    assert KEPT_OUTPUT == len(inbox.output)


def test_no_room_for_a_body_is_the_childs_to_answer_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A length within its cap for which this machine has no memory ends the child, not the grader."""

    def refuses(number: int, length: int) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("grader.sandbox.host.pipes.mmap.mmap", refuses)
    inbox = Inbox()
    inbox.take(memoryview(frames.header(frames.ANSWER, 0, frames.MAX_ANSWER_BYTES)))
    assert inbox.broken is not None
    assert Reason.NO_ROOM_FOR_ANSWER is inbox.broken.reason
