"""
How near two arrays have to be: the one rule by which answers are judged and mistakes are recognised.

An entry may be off by rtol times itself, and by what rounding may do to it in any right formula (`reference.rounding`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import DEFAULT_RTOL

if TYPE_CHECKING:
    from grader.outcome import Expected, TargetKey
    from grader.sandbox.wire.answer import Array

ABSOLUTE_FLOOR = 1e-12  # for expected entries that are exactly zero
OF_THE_LARGEST = 1e-6  # rounding excuses no more than this share of the largest entry
CHUNK = 1 << 20  # entries compared at a time: a Jacobian of 256 x 256 x 256 is 128 MiB, and a mask of it as a whole again
_FEW = 1 << 18  # entries of a prediction compared at a time
UNKNOWN = 127  # the power of two of rounding that is not known


def agrees(actual: Array, expected: Expected, key: TargetKey, rtol: float) -> bool:
    """Whether an array is the expected one of a target, but for rounding; NaN and infinity never are."""
    right = expected.targets[key]
    if actual.shape != right.shape:
        return False
    if right.size <= CHUNK:
        return _is_within(actual, right, allowed(expected, key, rtol))
    limits = limits_of(expected, key, rtol)
    flat, known = actual.reshape(-1), right.reshape(-1)
    pieces = (slice(start, start + CHUNK) for start in range(0, flat.size, CHUNK))
    # Most answers are right to the floor, which every entry may be off by: their limits need not be known.
    return all(
        _is_within(flat[piece], known[piece], ABSOLUTE_FLOOR) or _is_within(flat[piece], known[piece], limits(piece))
        for piece in pieces
    )


def allowed(expected: Expected, key: TargetKey, rtol: float) -> Array:
    """
    How far each entry of an answer may be off, in the shape of the target.

    That is min(rtol · |expected| + rounding · max(1, rtol / 1e-8), max(rtol, 1e-6) · max|expected|) + 1e-12; where no bound
    on the rounding is known, the second of the two. It is kept for the next answer unless it is large.
    """
    found = expected.allowed.get((key, rtol))
    if found is None:
        shape = expected.targets[key].shape
        found = limits_of(expected, key, rtol)(slice(None)).reshape(shape)
        if found.size <= CHUNK:
            expected.allowed[key, rtol] = found
    return found


def rounding_of(expected: Expected, key: TargetKey) -> float:
    """How far rounding may move the entry of a target that it moves furthest; infinite where it is not known."""
    found = expected.largest_rounding.get(key)
    if found is None:
        powers = expected.rounding.get(key)
        largest = UNKNOWN if powers is None else int(powers.max(initial=-UNKNOWN))
        found = expected.largest_rounding[key] = math.inf if largest >= UNKNOWN else math.ldexp(1.0, largest)
    return found


def near(actual: Array, other: Array, rtol: float, rounding: float = 0.0) -> bool:
    """
    Whether two finite arrays agree by the rule for answers, where rounding moves no entry of the second by more than this.

    An infinite `rounding` asks for agreement beside the largest entry only.
    """
    if actual.shape != other.shape:
        return False
    most = max(rtol, OF_THE_LARGEST) * _largest(other)
    if not math.isfinite(most):  # anything is within infinity of it
        return False
    slack = _widened(rounding, rtol)
    if other.size <= _FEW:
        return _is_within(actual, other, np.minimum(rtol * np.abs(other) + slack, most) + ABSOLUTE_FLOOR)
    rows = max(1, _FEW * len(other) // other.size)  # most hypotheses fail at the first of them
    for start in range(0, len(other), rows):
        piece = other[start : start + rows]
        if not _is_within(actual[start : start + rows], piece, np.minimum(rtol * np.abs(piece) + slack, most) + ABSOLUTE_FLOOR):
            return False
    return True


def beside_the_largest(actual: Array, expected: Array, rtol: float, *, floor: float = 0.0) -> bool:
    """Agreement relative to the largest entry alone, however small that is: what a probe and a repetition ask."""
    within = rtol * _largest(expected) + floor
    if actual.shape != expected.shape or not math.isfinite(within):
        return False
    flat, key = actual.reshape(-1), expected.reshape(-1)
    return all(_is_within(flat[at : at + CHUNK], key[at : at + CHUNK], within) for at in range(0, flat.size, CHUNK))


def limits_of(expected: Expected, key: TargetKey, rtol: float) -> Callable[[slice], Array]:
    """A function that gives `allowed` of a piece of the target, flat."""
    right, powers = expected.targets[key].reshape(-1), expected.rounding.get(key)
    most = max(rtol, OF_THE_LARGEST) * _largest(right)
    if not math.isfinite(most):  # nothing agrees with what is not finite
        return lambda piece: np.full(right[piece].shape, -1.0)
    if powers is None:
        return lambda piece: np.full(right[piece].shape, most + ABSOLUTE_FLOOR)
    flat = powers.reshape(-1)

    def limits(piece: slice) -> Array:
        rounding = np.ldexp(_widened(1.0, rtol), flat[piece])
        found: Array = np.minimum(rtol * np.abs(right[piece]) + rounding, most) + ABSOLUTE_FLOOR
        return found

    return limits


def _largest(array: Array) -> float:
    # without an array of the absolute values, which may be large
    return max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))


@np.errstate(over="ignore", invalid="ignore")  # of infinity and infinity, or of the largest numbers there are
def _is_within(actual: Array, expected: Array, limit: Array | float) -> bool:
    return bool((np.abs(actual - expected) <= limit).all())


def _widened(rounding: float, rtol: float) -> float:
    """The rounding that an rtol stands for: who asks for fewer digits of an entry asks for fewer of what it is made of."""
    return rounding * max(1.0, rtol / DEFAULT_RTOL)
