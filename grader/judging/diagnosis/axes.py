"""Right numbers with other axes: transposed, permuted, reshaped, flattened, an axis of size 1 too many or too few."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from grader.exercise.model import Exercise, Target, symbol
from grader.judging.diagnosis.answers import MAX_COPIED_ENTRIES, Evidence, Predict
from grader.judging.diagnosis.family import Example, Prediction, rearranging
from grader.judging.diagnosis.notation import labels, owners
from grader.judging.diagnosis.shaping import flattened, same_but_for_ones
from grader.text import shape_text

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

MAX_PERMUTED_AXES = 4


def _predictions(exercise: Exercise, target: Target) -> Iterator[Prediction]:
    rank, first = len(target.axes), exercise.blocks(target)[0]
    if 0 < first < rank:
        yield _swapped_blocks(target, rank, first)
    if 2 <= rank <= MAX_PERMUTED_AXES:
        yield from _permuted(exercise, target, rank)
    yield from _axes_of_size_one(target, rank)
    if rank >= 2:
        yield from _flattened(exercise, target, rank)
    yield from _blocks_by_columns(exercise, target, rank, first)


def _swapped_blocks(target: Target, rank: int, first: int) -> Prediction:
    of = owners(target)
    order = f"the axes of {of[0]} first, then those of {of[1]}"
    text = f"The axes are swapped: {symbol(target.kind)} has {order}. You returned the transpose."
    return Prediction("transposed", text, _transposed((*range(first, rank), *range(first))))


def _permuted(exercise: Exercise, target: Target, rank: int) -> Iterator[Prediction]:
    names = labels(exercise, target)
    orders = [places for places in itertools.permutations(range(rank)) if places != tuple(range(rank))]
    for places in orders:
        wanted, got = shape_text(names), shape_text(names[place] for place in places)
        rule = "transposed" if rank == 2 else "axes_permuted"
        text = f"The axes are in another order: {symbol(target.kind)} has the axes {wanted}, you returned {got}."
        yield Prediction(rule, text, _transposed(places))
    text = "The numbers are right, but reshaped where axes have to change places: reshape keeps their order, transpose does not."
    for places in orders:
        yield Prediction("reshaped", text, _reshaped(places))


def _axes_of_size_one(target: Target, rank: int) -> Iterator[Prediction]:
    if rank == 0:
        text = "The number is right, but it comes inside a list or an array: return the number itself."
        yield Prediction("extra_axis", text, _more_axes)
        return
    shape = shape_text(target.axes)
    text = f"The numbers are right, but there is an axis of size 1 too many: the shape is {shape}."
    yield Prediction("extra_axis", text, _more_axes)
    text = f"The numbers are right, but an axis of size 1 is missing or elsewhere: the shape is {shape}."
    yield Prediction("extra_axis", text, same_but_for_ones)


def _flattened(exercise: Exercise, target: Target, rank: int) -> Iterator[Prediction]:
    name = symbol(target.kind)
    text = f"The numbers are right, but flattened: {name} has one axis each for {shape_text(target.axes)}. Keep them apart."
    yield Prediction("flattening_order", text, lambda one: flattened(one, "C") if one.actual.ndim < rank else None)
    names = shape_text(labels(exercise, target))
    text = f"The numbers are right, and in the right order in memory; but their axes are not {names}."
    yield Prediction("reshaped", text, lambda one: flattened(one, "C"))
    text = "The numbers are right, but in column-major order; in NumPy and PyTorch the last axis varies fastest."
    yield Prediction("flattening_order", text, lambda one: flattened(one, "F"))


def _blocks_by_columns(exercise: Exercise, target: Target, rank: int, first: int) -> Iterator[Prediction]:
    names = shape_text(labels(exercise, target))
    for owner, start, stop in zip(owners(target), (0, first), (first, rank), strict=True):
        if 0 < first < rank and stop - start >= 2:
            places = (*range(start), *range(stop - 1, start - 1, -1), *range(stop, rank))
            text = f"{owner} is flattened column by column. Keep its axes apart: {symbol(target.kind)} has the axes {names}."
            yield Prediction("flattening_order", text, _by_columns(places))


def _transposed(places: Sequence[int]) -> Predict:
    return lambda one: one.expected.transpose(places)


def _reshaped(places: Sequence[int]) -> Predict:
    def predict(one: Evidence) -> Array | None:
        if one.actual.shape != one.expected.shape or one.expected.size > MAX_COPIED_ENTRIES:
            return None
        return one.expected.transpose(places).reshape(one.expected.shape)

    return predict


def _by_columns(places: Sequence[int]) -> Predict:
    return lambda one: flattened(one, "C", places) if one.actual.ndim < one.expected.ndim else None


def _more_axes(one: Evidence) -> Array | None:
    return same_but_for_ones(one) if one.actual.ndim > one.expected.ndim else None


FAMILY = rearranging(
    _predictions,
    Example(exercise="tanh_layer", target="dY_dW", rule="transposed", answer=lambda right, case: right.transpose(1, 2, 0)),
    Example(exercise="tanh_layer", target="dY_dW", rule="axes_permuted", answer=lambda right, case: right.transpose(2, 0, 1)),
    Example(exercise="tanh_layer", target="dY_dW", answer=lambda right, case: -right.transpose(1, 2, 0)),
)
