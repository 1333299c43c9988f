"""The wrong answers to one target in every case: what families of mistakes look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grader.exercise.model import Exercise, Target
from grader.judging.verdict import Verdict
from grader.outcome import Status
from grader.reference.model import Case, Hypothesis
from grader.reference.tolerance import CHUNK, OF_THE_LARGEST, Standard, Tolerance, near

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox.wire.answer import Array

MAX_COPIED_ENTRIES = 1 << 20  # larger arrays are not copied for each prediction


@dataclass(frozen=True, slots=True)
class Evidence:
    """One case: what was expected and what was returned, in float64."""

    case: Case
    expected: Array
    actual: Array
    largest_rounding: float = math.inf  # how far rounding may move the entry that it moves furthest; infinite: not known
    tolerance: Tolerance | None = None

    @property
    def allowed(self) -> Array | None:
        """How far each entry may be off; None where that is not known, or the array is large."""
        return self.tolerance.allowed if self.tolerance is not None and self.actual.size <= CHUNK else None


Predict: TypeAlias = "Callable[[Evidence], Array | None]"  # what a mistake returns in a case; None where it has no answer


@dataclass(frozen=True, kw_only=True)
class WrongAnswers:
    """The answers to one target, arrays in every case and wrong in some; and what a record predicts that mistakes return."""

    exercise: Exercise
    target: Target
    evidence: tuple[Evidence, ...]
    is_right: tuple[bool, ...]  # in each case
    rtol: float
    hypotheses: tuple[Hypothesis, ...] = ()  # as the record has them: first the declared mistakes, then those of the graph
    predictions: tuple[tuple[Array | None, ...], ...] = ()  # for each case, what each hypothesis predicts
    single_precision: bool = False  # the answers came as float32 or less
    only_rule: str = ""  # only mistakes of this rule are looked for

    def may_be(self, rule: str) -> bool:
        """Whether mistakes of this rule are looked for."""
        return self.only_rule in ("", rule)

    def are_explained_by(self, predict: Predict) -> bool:
        """Whether a mistake returns these numbers in every case."""
        return all(_reproduces(predict(self.evidence[number]), self.evidence[number], self.rtol) for number in self._wrong_first)

    def are_explained_by_record(self, place: int) -> bool:
        """Whether the hypothesis of the record at this place returns these numbers in every case."""
        return all(
            place < len(self.predictions[number])
            and _reproduces(self.predictions[number][place], self.evidence[number], self.rtol)
            for number in self._wrong_first
        )

    def show_entrywise(self, predict: Predict) -> bool:
        """Whether a mistake that changes entry by entry may explain the large arrays, by one row of each."""
        return all(_reproduces(predict(row), row, self.rtol) for row in self._telling_rows)

    @property
    def sample(self) -> Evidence:
        """A case that is wrong."""
        return self.evidence[self._wrong_first[0]]

    @cached_property
    def are_zero(self) -> bool:
        """Whether nothing but zeros was returned, in all cases."""
        return not any(one.actual.any() for one in self.evidence)

    @cached_property
    def _wrong_first(self) -> Sequence[int]:
        # most hypotheses fail at the first wrong case
        return sorted(range(len(self.evidence)), key=lambda number: self.is_right[number])

    @cached_property
    def _telling_rows(self) -> Sequence[Evidence]:
        return [_telling_row(one) for one in self.evidence if one.expected.size > MAX_COPIED_ENTRIES]


def wrong_answers(
    exercise: Exercise,
    target: Target,
    key: TargetKey,
    standard: Standard,
    verdicts: Sequence[Verdict],
    *,
    single_precision: bool = False,
    only_rule: str = "",
) -> WrongAnswers:
    """Gather what there is to see about a target. Every verdict has an array; they are those on the first cases of the record."""
    # In float32 nothing is told apart that differs in the seventh digit.
    rtol = max(exercise.rtol, OF_THE_LARGEST) if single_precision else exercise.rtol
    evidence = tuple(
        Evidence(
            verdict.case,
            tolerance.expected,
            verdict.actual.astype(np.float64, copy=False),
            largest_rounding=math.inf if single_precision else tolerance.largest_rounding,
            tolerance=tolerance if tolerance.rtol == rtol else tolerance.with_rtol(rtol),
        )
        for tolerance, verdict in zip(standard.tolerances(key), verdicts, strict=False)
        if verdict.actual is not None
    )
    return WrongAnswers(
        exercise=exercise,
        target=target,
        evidence=evidence,
        is_right=tuple(verdict.status is Status.CORRECT for verdict in verdicts),
        rtol=rtol,
        hypotheses=standard.record.hypotheses.get(key, ()),
        predictions=tuple(expected.predictions.get(key, ()) for _, expected in standard.record.cases),
        single_precision=single_precision,
        only_rule=only_rule,
    )


def _reproduces(prediction: Array | None, evidence: Evidence, rtol: float) -> bool:
    return prediction is not None and near(evidence.actual, prediction, rtol, evidence.largest_rounding)


def _telling_row(one: Evidence) -> Evidence:
    """Cut the evidence of a large array to the row of its largest entry: what changes entry by entry shows there."""
    if one.actual.shape != one.expected.shape:
        return one
    at = np.unravel_index(np.abs(one.expected).argmax(), one.expected.shape)[0]
    return Evidence(one.case, one.expected[at : at + 1], one.actual[at : at + 1])
