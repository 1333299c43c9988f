"""Give an array the shape that was returned, where only axes of size 1 or the order in memory tell the two apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from grader.judging.diagnosis.answers import Evidence

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


def flattened(one: Evidence, order: Literal["C", "F"], places: Sequence[int] | None = None) -> Array | None:
    """Read the expected array in an order, its axes permuted first, and write it into the shape that was returned."""
    if one.actual.size != one.expected.size:
        return None
    array = one.expected if places is None else one.expected.transpose(places)
    return array.ravel(order=order).reshape(one.actual.shape)


def but_for_ones(array: Array, actual: Array) -> Array:
    """Return the array, in the shape of `actual` where only axes of size 1 tell the two apart."""
    without = [tuple(size for size in shape if size != 1) for shape in (array.shape, actual.shape)]
    return array.reshape(actual.shape) if without[0] == without[1] else array


def same_but_for_ones(one: Evidence) -> Array | None:
    """Return the expected array in the shape that was returned, where only axes of size 1 were added or dropped."""
    found = but_for_ones(one.expected, one.actual)
    return found if found.shape == one.actual.shape else None
