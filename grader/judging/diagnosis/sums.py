"""Summed over an axis too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Exercise, Target, Value, symbol
from grader.judging.diagnosis.answers import Evidence, Predict
from grader.judging.diagnosis.family import Example, Prediction, rearranging
from grader.judging.diagnosis.notation import labels
from grader.judging.diagnosis.shaping import but_for_ones
from grader.text import and_list, shape_text

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


def _predictions(exercise: Exercise, target: Target) -> Iterator[Prediction]:
    if isinstance(target.kind, Value):  # probabilities sum to 1: a 1 that was returned says nothing
        return
    names = labels(exercise, target)
    for places in _summed_places(len(target.axes), exercise.blocks(target)[0]):
        over = and_list(names[place] for place in places)
        text = f"You summed over {over}, too: {symbol(target.kind)} has the axes {shape_text(names)}."
        yield Prediction("summed_over", text, _summed(places))


def _summed_places(rank: int, first: int) -> tuple[tuple[int, ...], ...]:
    """Return the axes that somebody may have summed over: one, those of the first block, or all of a gradient's."""
    together = tuple(range(first or rank))
    return tuple(dict.fromkeys((*((place,) for place in range(rank)), *((together,) if together else ()))))


def _summed(places: tuple[int, ...]) -> Predict:
    def predict(one: Evidence) -> Array | None:
        left = [size for place, size in enumerate(one.expected.shape) if place not in places and size != 1]
        if left != [size for size in one.actual.shape if size != 1]:
            return None
        return but_for_ones(np.asarray(one.expected.sum(axis=places)), one.actual)

    return predict


FAMILY = rearranging(
    _predictions,
    Example(exercise="tanh_layer", target="dY_dW", rule="summed_over", answer=lambda right, case: right.sum(axis=2)),
    Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: right.mean(axis=2)),
)
