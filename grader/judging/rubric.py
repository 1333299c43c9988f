"""Give points for the verdicts on a target."""

from __future__ import annotations

from collections.abc import Sequence

from grader.exercise.model import Exercise, Target
from grader.judging.verdict import Verdict
from grader.outcome import Diagnosis, Status


def deciding(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that decides a target's status: the first in the order of statuses."""
    return min(verdicts, key=lambda verdict: verdict.status.order)


def score(exercise: Exercise, target: Target, verdicts: Sequence[Verdict], diagnosis: Diagnosis | None) -> float | None:
    """
    Return the points of one target; None if a case could not be judged, for no fault of the answer.

    `partial: none` gives all or nothing, `partial: cases` the share of right cases; a diagnosed mistake earns at least its
    credit. A refused answer earns nothing.
    """
    statuses = {verdict.status for verdict in verdicts}
    if Status.UNGRADED in statuses:
        return None
    if Status.REFUSED in statuses:
        return 0.0
    right = sum(verdict.status is Status.CORRECT for verdict in verdicts) / len(verdicts)
    return earned(exercise, target, right, diagnosis.credit if diagnosis else 0.0)


def earned(exercise: Exercise, target: Target, right: float, credit: float) -> float:
    """Return the points for a share of right cases, and the credit of the mistake that explains the others."""
    share = right if exercise.partial == "cases" or right == 1 else 0.0
    return target.points * max(share, credit)
