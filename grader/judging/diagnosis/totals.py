"""The sum of all entries in the place of the array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import symbol
from grader.judging.diagnosis.answers import Evidence, WrongAnswers
from grader.judging.diagnosis.family import Example, Family, Prediction, first_that_explains
from grader.outcome import Diagnosis
from grader.text import shape_text

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


def _find(answers: WrongAnswers) -> Diagnosis | None:
    return first_that_explains(answers, _predictions(answers))


def _predictions(answers: WrongAnswers) -> Iterator[Prediction]:
    sums = [float(one.expected.sum()) for one in answers.evidence if one.expected.size > 1]
    if all(abs(one - round(one)) < 1e-6 for one in sums):  # n of an identity, 1 of probabilities: it may be anything
        return
    name = symbol(answers.target.kind)
    text = f"That is the sum of all entries, one number: {name} has the axes {shape_text(answers.target.axes)}."
    yield Prediction("summed_over", text, lambda one: _total(one) if one.actual.size == 1 else None)
    text = f"Every entry that you returned is the sum of all entries of {name}. Each has a value of its own."
    yield Prediction("summed_over", text, lambda one: _total(one) if one.actual.shape == one.expected.shape else None)


def _total(one: Evidence) -> Array:
    return np.full(one.actual.shape, one.expected.sum())


FAMILY = Family(
    find=_find,
    examples=(
        Example(exercise="tanh_layer", target="dY_dW", rule="summed_over", answer=lambda right, case: right.sum()),
        Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: right.mean()),
    ),
)
