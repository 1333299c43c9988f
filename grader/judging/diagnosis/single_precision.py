"""Right to about six digits, and no more: computed in float32."""

from __future__ import annotations

import numpy as np

from grader.judging.diagnosis.answers import WrongAnswers
from grader.judging.diagnosis.family import Example, Family
from grader.outcome import Diagnosis
from grader.reference.tolerance import OF_THE_LARGEST, beside_the_largest

_ROUGH_RTOL = 1e-4
_ROUGH_FLOOR = 1e-6  # 1 - Y² where Y is nearly 1 has only as many digits as 1 has
_DIAGNOSIS = Diagnosis(
    rule="single_precision",
    text="The values are right to about six digits only: you computed in float32. Keep float64 throughout.",
)


def _find(answers: WrongAnswers) -> Diagnosis | None:
    return _within(answers, OF_THE_LARGEST, 0.0)


def _find_rough(answers: WrongAnswers) -> Diagnosis | None:
    return _within(answers, _ROUGH_RTOL, _ROUGH_FLOOR)


def _within(answers: WrongAnswers, rtol: float, floor: float) -> Diagnosis | None:
    if not answers.single_precision or not answers.may_be("single_precision"):
        return None
    is_near = all(beside_the_largest(one.actual, one.expected, rtol, floor=floor) for one in answers.evidence)
    return _DIAGNOSIS if is_near else None


FAMILY = Family(
    find=_find,
    examples=(
        Example(
            exercise="tanh_layer", target="dY_dW", rule="single_precision", answer=lambda right, case: right.astype(np.float32)
        ),
        Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: right * (1 + 1e-7)),
    ),
)
# Where digits were lost on the way; tried late, since a mistake may be as near.
ROUGH = Family(
    find=_find_rough,
    examples=(
        Example(
            exercise="tanh_layer",
            target="dY_dW",
            rule="single_precision",
            answer=lambda right, case: (right * (1 + 1e-5 * np.cos(right))).astype(np.float32),
        ),
        Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: (right * 1.01).astype(np.float32)),
    ),
)
