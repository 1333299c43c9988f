"""Verdicts -> Score: what a target earns."""

from __future__ import annotations

from collections.abc import Sequence

from grader.exercise.model import Exercise, Target
from grader.judging.verdict import Verdict
from grader.outcome import Diagnosis, Status


def deciding(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that speaks for a target: the first, in the order of statuses, that applies to any case."""
    return min(verdicts, key=lambda verdict: verdict.status.order)


def score(exercise: Exercise, target: Target, verdicts: Sequence[Verdict], diagnosis: Diagnosis | None) -> float | None:
    """
    The points of one target; None when a case could not be judged, for no fault of the answer.

    `partial: none` gives all or nothing, `partial: cases` the share of right cases; a diagnosed mistake earns its credit
    at least.
    A refused answer earns nothing, whatever else it is.
    """
    statuses = {verdict.status for verdict in verdicts}
    if Status.UNGRADED in statuses:
        return None
    if Status.REFUSED in statuses:
        return 0.0
    right = sum(verdict.status is Status.CORRECT for verdict in verdicts) / len(verdicts)
    return earned(exercise, target, right, diagnosis.credit if diagnosis else 0.0)


def earned(exercise: Exercise, target: Target, right: float, credit: float) -> float:
    """The points for a share of right cases and the credit of the mistake that explains the others."""
    share = right if exercise.partial == "cases" or right == 1 else 0.0
    return target.points * max(share, credit)
