"""Zeros only, or the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.exercise.model import Exercise, Target, symbol
from grader.judging.diagnosis.family import Example, Prediction, rearranging


def _predictions(exercise: Exercise, target: Target) -> Iterator[Prediction]:
    yield Prediction("zero", "You returned zeros only.", lambda one: np.zeros(one.expected.shape))
    text = f"The sign is wrong: you returned −{symbol(target.kind)}."
    yield Prediction("sign", text, lambda one: -one.expected)


FAMILY = rearranging(
    _predictions,
    Example(exercise="tanh_layer", target="dY_dB", rule="sign", answer=lambda right, case: -right),
    Example(exercise="tanh_layer", target="dY_dB", rule="zero", answer=lambda right, case: 0 * right),
    Example(exercise="tanh_layer", target="dY_dB", answer=lambda right, case: np.abs(right) - 1),
)
