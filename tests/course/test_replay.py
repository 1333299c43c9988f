"""A verdict can be found again from its record, without the submissions' folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from classroom import Reader, report, steps
from graded_class import CORRECTED, TWO, grade_three

from grader.course.replay import replay
from grader.errors import GraderError
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status
from grader.sandbox.wire.answer import Phase, Reason


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Grade three students; the folder they came from is gone."""
    return grade_three(tmp_path)


def test_a_verdict_is_replayed_from_its_record(out: Path) -> None:
    """The same report but for the time, with the same seed."""
    again = replay(out, "s03", TWO.exercises[1], steps=steps(Reader()))
    assert again.differences == ()
    assert replace(again.replayed, seconds=0.0) == replace(again.recorded, seconds=0.0)
    assert again.replayed.seed == 7


def test_a_replay_says_what_is_not_the_same(out: Path) -> None:
    """Where the grader answers otherwise by now."""

    class Other(Reader):
        def grade(self, judge: Judge, submission: Submission) -> Report:
            return report(judge.exercise, str(submission.student), Status.RAISED, seed=judge.record.seed)

    assert ("targets",) == replay(out, "s03", TWO.exercises[1], steps=steps(Other())).differences


def test_a_result_from_before_there_were_reasons_is_the_same(out: Path) -> None:
    """Its report has none: what a newer version tells beyond it is no difference."""

    class Telling(Reader):
        def grade(self, judge: Judge, submission: Submission) -> Report:
            found = super().grade(judge, submission)
            told = (replace(target, reason=Reason.RAISED, phase=Phase.CALLING) for target in found.targets)
            return replace(found, targets=tuple(told))

    again = replay(out, "s03", TWO.exercises[1], steps=steps(Telling()))
    assert again.replayed.targets[0].reason is Reason.RAISED
    assert again.differences == ()


def test_a_replay_of_nothing_or_of_another_exercise_is_refused(out: Path) -> None:
    """With what to do."""
    with pytest.raises(GraderError, match="There is no result of s09 for chain_rule"):
        replay(out, "s09", TWO.exercises[1], steps=steps(Reader()))
    with pytest.raises(GraderError, match="was changed since this was graded"):
        replay(out, "s01", CORRECTED.exercises[1], steps=steps(Reader()))
