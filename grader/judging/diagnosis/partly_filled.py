"""Right numbers in part of the array: the diagonal only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Exercise, Target, symbol
from grader.judging.diagnosis.family import Example, Prediction, rearranging
from grader.judging.diagnosis.shaping import but_for_ones
from grader.text import shape_text

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


def _predictions(exercise: Exercise, target: Target) -> Iterator[Prediction]:
    pairs = _diagonal_pairs(target, exercise.blocks(target)[0])
    if not pairs:
        return
    name = symbol(target.kind)
    text = f"Those are the diagonal entries only: {name} has the axes {shape_text(target.axes)}, zeros included."
    yield Prediction("diagonal_only", text, lambda one: but_for_ones(_diagonal(one.expected, pairs), one.actual))
    text = f"You kept only the diagonal of {name}; the other entries are not zero here."
    yield Prediction("diagonal_only", text, lambda one: _off_diagonal_zero(one.expected, pairs))


def _diagonal_pairs(target: Target, first: int) -> tuple[tuple[int, int], ...]:
    """Pair axes of the first block with axes of the second that have the same name, in order, each used once."""
    pairs: list[tuple[int, int]] = []
    free = list(range(first, len(target.axes)))
    for i in range(first):
        j = next((j for j in free if target.axes[j] == target.axes[i]), None)
        if j is not None:
            pairs.append((i, j))
            free.remove(j)
    return tuple(pairs)


def _diagonal(expected: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """Return the entries whose paired indices are equal, with one axis for each pair in the place of the first."""
    letters = [chr(ord("a") + i) for i in range(expected.ndim)]
    for i, j in pairs:
        letters[j] = letters[i]
    kept = list(dict.fromkeys(letters))
    diagonal: Array = np.einsum(f"{''.join(letters)}->{''.join(kept)}", expected)
    return diagonal


def _off_diagonal_zero(expected: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    mask = np.ones(expected.shape, dtype=bool)
    for i, j in pairs:
        index = np.indices(expected.shape, sparse=True)
        mask &= index[i] == index[j]
    return np.where(mask, expected, 0.0)


FAMILY = rearranging(
    _predictions,
    Example(exercise="quadratic_form", target="d2f_dxdx", rule="diagonal_only", answer=lambda right, case: np.diag(right)),
    Example(
        exercise="quadratic_form", target="d2f_dxdx", rule="diagonal_only", answer=lambda right, case: right * np.eye(len(right))
    ),
    Example(exercise="quadratic_form", target="d2f_dxdx", answer=lambda right, case: np.triu(right)),
)
