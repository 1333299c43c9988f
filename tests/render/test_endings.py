"""The words for why a call, or loading, came to no value."""

from __future__ import annotations

import pytest

from grader.render import endings
from grader.sandbox.wire.answer import Failure, LoadError, Phase, Reason

FACTS = {"detail": "KeyError: 'x'", "function": "f", "argument": "cache", "source": "answer.py", "line": 3, "limit": 2.0}
HOSTILE = "\x1b[2J\u202ered\n\n=1+1"


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_in_every_phase(reason: Reason, phase: Phase) -> None:
    """One line, which says something, and no word of the list of reasons."""
    told = endings.sentence(Failure(reason=reason, phase=phase, sources=("a.py", "b.py"), **FACTS))  # type: ignore[arg-type]
    assert told
    assert "\n" not in told
    assert "_" not in told.replace("os._exit", "")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Failure(reason=Reason.CALL_TOO_LONG, limit=0.5), "it did not finish within 0.5 seconds"),
        (
            Failure(reason=Reason.CALL_TOO_LONG, phase=Phase.LOADING, limit=2),
            "it did not finish within 2 seconds while it was loaded",
        ),
        (Failure(reason=Reason.WAITED, limit=8), "it did not finish within 8 seconds (it waited rather than computed)"),
        (Failure(reason=Reason.WALL_TOO_LONG, limit=8), "it did not finish within 8 seconds"),
        (Failure(reason=Reason.SUBMISSION_TOO_LONG, limit=20), "the whole submission took more than 20 seconds"),
        (Failure(reason=Reason.USED_TOO_MUCH_MEMORY, limit=1024), "it used more than 1024 MiB"),
        (Failure(reason=Reason.OUT_OF_MEMORY, detail="MemoryError"), "it ran out of memory (MemoryError)"),
        (Failure(reason=Reason.EXITED), "it called sys.exit()"),
        (Failure(reason=Reason.EXITED, phase=Phase.LOADING, source="a.py"), "it called sys.exit() while loading (a.py)"),
        (
            Failure(reason=Reason.EXITED, phase=Phase.MAKING, function="forward", argument="cache"),
            "forward, which makes `cache`, called sys.exit()",
        ),
        (
            Failure(reason=Reason.OUT_OF_MEMORY, phase=Phase.MAKING, detail="MemoryError", function="forward", argument="cache"),
            "forward, which makes `cache`, ran out of memory (MemoryError)",
        ),
        (Failure(reason=Reason.CRASHED), "it crashed"),
        (Failure(reason=Reason.CRASHED, detail="signal 77"), "it crashed: signal 77"),
        (
            Failure(reason=Reason.CRASHED, phase=Phase.LOADING, source="a.py", line=1),
            "it crashed (a.py, line 1) while it was loaded",
        ),
        (
            Failure(reason=Reason.NESTED_TOO_DEEPLY, phase=Phase.COMPILING, source="a.py", function="f"),
            "a.py did not load: the code is nested too deeply",
        ),
        (
            Failure(reason=Reason.RAISED, phase=Phase.LOADING, source="a.py", detail="KeyError", function="dY", similar="dy"),
            "a.py did not load: KeyError. Before that it defines dy, not dY",
        ),
        (Failure(reason=Reason.OUR_FAULT, phase=Phase.LOADING, detail="the zygote is gone"), "the zygote is gone"),
        (
            Failure(reason=Reason.ANSWER_TOO_LARGE, limit=2**40),
            "it broke the grader's protocol: it sent an answer of 1099511627776 bytes",
        ),
        (
            Failure(reason=Reason.NO_FUNCTION, function="f", others=("a", "b", "c", "d", "e")),
            "no function f is defined, only a, b, c, d and others",
        ),
    ],
    ids=lambda value: value.reason.value if isinstance(value, Failure) else "",
)
def test_words_of_a_failure(failure: Failure, told: str) -> None:
    """Each says what happened, with the limit that was reached."""
    assert endings.sentence(failure) == told


def test_text_of_a_student_is_cleaned() -> None:
    """On one line, without what moves a cursor or turns the direction of reading."""
    assert endings.sentence(Failure(reason=Reason.RAISED, detail=HOSTILE)) == "red =1+1"
    assert endings.sentence(Failure(reason=Reason.RAISED, phase=Phase.LOADING, source=HOSTILE)) == "red =1+1 did not load: "


def test_words_of_a_load_error() -> None:
    """Without its place; of an older report the words that it has."""
    assert endings.load_error(LoadError(source="a", reason=Reason.CELL_MAGIC, detail="%%bash")) == (
        "a %%bash cell is not run inside the grader"
    )
    assert endings.load_error(LoadError(source="a", detail="KeyError: 1")) == "KeyError: 1"
    assert endings.load_error(LoadError(source="a", reason=None, detail="a told text")) == "a told text"
