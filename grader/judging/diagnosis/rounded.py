"""Right numbers with digits cut off or rounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.judging.diagnosis.answers import Predict, WrongAnswers
from grader.judging.diagnosis.family import Example, Family, Prediction, first_that_explains
from grader.outcome import Diagnosis

MAX_DIGITS = 6


def _find(answers: WrongAnswers) -> Diagnosis | None:
    return first_that_explains(answers, _predictions(), is_entrywise=True)


def _predictions() -> Iterator[Prediction]:
    text = "The digits after the point were cut off: by int(), an integer array, or // in place of /."
    yield Prediction("rounded", text, lambda one: np.trunc(one.expected))
    yield Prediction("rounded", "The values were rounded down, as // does: divide by /.", lambda one: np.floor(one.expected))
    for digits in range(MAX_DIGITS):
        text = f"You rounded to {digits} digits after the point. Return the values as they are."
        yield Prediction("rounded", text, _rounded(digits))


def _rounded(digits: int) -> Predict:
    return lambda one: np.round(one.expected, digits)


FAMILY = Family(
    find=_find,
    examples=(
        Example(exercise="tanh_layer", target="dY_dW", rule="rounded", answer=lambda right, case: np.round(right, 3)),
        Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: np.round(right, 3) + 1e-4),
    ),
)
