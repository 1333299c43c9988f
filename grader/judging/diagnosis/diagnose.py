"""
Try the families of mistakes in order: the first mistake that reproduces a student's numbers in every case is named.

A wrong diagnosis is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Exercise, Target
from grader.judging.diagnosis import (
    axes,
    declared,
    factors,
    graph,
    partly_filled,
    regime,
    rounded,
    single_precision,
    sums,
    totals,
    zeros_and_signs,
)
from grader.judging.diagnosis.answers import wrong_answers
from grader.judging.diagnosis.family import Family
from grader.judging.verdict import Verdict
from grader.outcome import Diagnosis, Status
from grader.reference.tolerance import Standard

if TYPE_CHECKING:
    from grader.reference.model import TargetKey

# A new family is a file of its own, and its line here: where two explain the same numbers, the earlier one speaks.
FAMILIES: tuple[Family, ...] = (
    single_precision.FAMILY,
    declared.FAMILY,
    zeros_and_signs.FAMILY,
    axes.FAMILY,
    partly_filled.FAMILY,
    sums.FAMILY,
    graph.FAMILY,
    factors.FAMILY,
    rounded.FAMILY,
    totals.FAMILY,
    single_precision.ROUGH,
    regime.FAMILY,
)


@np.errstate(over="ignore", invalid="ignore")  # a student's numbers may be as large as there are any
def diagnose(
    exercise: Exercise,
    target: Target,
    key: TargetKey,
    standard: Standard,
    verdicts: Sequence[Verdict],
    *,
    single_precision: bool = False,
    only_rule: str = "",
) -> Diagnosis | None:
    """
    Name the likely mistake behind a target's verdicts, those on the first cases of a record; None if nothing explains them all.

    `single_precision` says that the answers came as float32 or less. With `only_rule`, mistakes of other rules are not named.
    """
    if any(not verdict.status.has_finite_numbers or verdict.actual is None for verdict in verdicts):
        return None
    if all(verdict.status is Status.CORRECT for verdict in verdicts):
        return None
    answers = wrong_answers(exercise, target, key, standard, verdicts, single_precision=single_precision, only_rule=only_rule)
    return next((found for family in FAMILIES if (found := family.find(answers)) is not None), None)
