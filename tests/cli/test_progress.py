"""What is shown while a class is graded."""

from __future__ import annotations

import time

import pytest

from grader.cli.progress import Lines, note_of
from grader.course.grade import Progress


def test_the_note_names_the_slowest_exercise() -> None:
    """Beside what was not run and what we failed at; nothing where there is nothing to say."""
    at = Progress(total=9, done=4, reused=2, ungraded=1, slowest=("tanh_layer", 2.34))
    assert "1 not graded, slowest tanh_layer 2.3 s, 2 unchanged" == note_of(at)
    assert "" == note_of(Progress(total=9))


def test_away_from_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """After ten seconds, then after twice as long."""
    lines, start = Lines(), time.monotonic()
    for seconds in (5, 11, 12, 15, 23):
        lines.tell(Progress(total=9, done=seconds // 5, slowest=("tanh_layer", 1.0), started=start - seconds))
    said = capsys.readouterr().err.splitlines()
    assert ["2 of 9 graded, 11 s (slowest tanh_layer 1.0 s).", "4 of 9 graded, 23 s (slowest tanh_layer 1.0 s)."] == said
