"""
Decide how near two arrays have to be: the one rule by which answers are judged and mistakes are recognised.

An entry may be off by rtol times itself, and by as much as rounding may change it in any right formula (`torch.rounding`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import DEFAULT_RTOL

if TYPE_CHECKING:
    from grader.reference.model import Expected, Record, TargetKey
    from grader.sandbox.wire.answer import Array

ABSOLUTE_FLOOR = 1e-12  # for expected entries that are exactly zero
OF_THE_LARGEST = 1e-6  # rounding excuses no more than this share of the largest entry
CHUNK = 1 << 20  # entries compared at a time: a Jacobian of 256 x 256 x 256 is 128 MiB, and a mask of it as a whole again
_FEW = 1 << 18  # entries of a prediction compared at a time
UNKNOWN = 127  # the power of two of rounding that is not known


class Tolerance:
    """
    The expected array of one target at one case, and how far an answer to it may be off.

    What every answer of a class is held to is worked out for the first of them and kept, unless it is large.
    """

    __slots__ = ("_allowed", "_largest_rounding", "_powers", "expected", "rtol")

    def __init__(self, expected: Array, powers: Array | None, rtol: float) -> None:
        self.expected = expected
        self.rtol = rtol
        self._powers = powers
        self._allowed: Array | None = None
        self._largest_rounding: float | None = None

    def agrees(self, actual: Array) -> bool:
        """Tell whether an array is the expected one, but for rounding; NaN and infinity never are."""
        if actual.shape != self.expected.shape:
            return False
        if self.expected.size <= CHUNK:
            return _is_within(actual, self.expected, self.allowed)
        limits = self.limits()
        flat, known = actual.reshape(-1), self.expected.reshape(-1)
        pieces = (slice(start, start + CHUNK) for start in range(0, flat.size, CHUNK))
        # Most answers are off by less than the floor, which every entry may be: their limits need not be computed.
        return all(
            _is_within(flat[piece], known[piece], ABSOLUTE_FLOOR) or _is_within(flat[piece], known[piece], limits(piece))
            for piece in pieces
        )

    @property
    def allowed(self) -> Array:
        """
        How far each entry of an answer may be off, in the shape of the target.

        That is min(rtol · |expected| + rounding · max(1, rtol / 1e-8), max(rtol, 1e-6) · max|expected|) + 1e-12; where no bound
        on the rounding is known, the second of the two.
        """
        if self._allowed is not None:
            return self._allowed
        found = self.limits()(slice(None)).reshape(self.expected.shape)
        if found.size <= CHUNK:
            self._allowed = found
        return found

    def limits(self) -> Callable[[slice], Array]:
        """Return a function that gives `allowed` for a piece of the flat target."""
        right = self.expected.reshape(-1)
        most = max(self.rtol, OF_THE_LARGEST) * _largest(right)
        if not math.isfinite(most):  # nothing agrees with what is not finite
            return lambda piece: np.full(right[piece].shape, -1.0)
        if self._powers is None:
            return lambda piece: np.full(right[piece].shape, most + ABSOLUTE_FLOOR)
        powers = self._powers.reshape(-1)

        def limits(piece: slice) -> Array:
            rounding = np.ldexp(_widened(1.0, self.rtol), powers[piece])
            found: Array = np.minimum(self.rtol * np.abs(right[piece]) + rounding, most) + ABSOLUTE_FLOOR
            return found

        return limits

    def with_rtol(self, rtol: float) -> Tolerance:
        """Return the tolerance of the same target at the same case for another rtol."""
        return Tolerance(self.expected, self._powers, rtol)

    @property
    def largest_rounding(self) -> float:
        """How far rounding may move the entry that it moves furthest; infinite where that is not known."""
        if self._largest_rounding is None:
            largest = UNKNOWN if self._powers is None else int(self._powers.max(initial=-UNKNOWN))
            self._largest_rounding = math.inf if largest >= UNKNOWN else math.ldexp(1.0, largest)
        return self._largest_rounding


def tolerance_of(expected: Expected, key: TargetKey, rtol: float) -> Tolerance:
    """Return the tolerance of one target at one case."""
    return Tolerance(expected.targets[key], expected.rounding.get(key), rtol)


class Standard:
    """
    What answers are judged by: the cases of a record, and a tolerance for each target at each case.

    Tolerances are made for the first answer that needs them, and serve all later ones.
    """

    def __init__(self, record: Record, rtol: float) -> None:
        self.record = record
        self.rtol = rtol
        self._tolerances: dict[TargetKey, list[Tolerance]] = {}

    def tolerances(self, key: TargetKey) -> Sequence[Tolerance]:
        """Return the tolerances of one target, one for each case in order."""
        found = self._tolerances.get(key)
        if found is None:
            found = self._tolerances[key] = [tolerance_of(expected, key, self.rtol) for _, expected in self.record.cases]
        return found


def near(actual: Array, other: Array, rtol: float, rounding: float = 0.0) -> bool:
    """
    Tell whether two finite arrays agree by the rule for answers, where rounding changes the second by no more than `rounding`.

    An infinite `rounding` asks for agreement relative to the largest entry only.
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
    """
    Tell whether two arrays agree relative to the largest entry alone, however small that is.

    Probes and repeated calls are compared so.
    """
    within = rtol * _largest(expected) + floor
    if actual.shape != expected.shape or not math.isfinite(within):
        return False
    flat, key = actual.reshape(-1), expected.reshape(-1)
    return all(_is_within(flat[at : at + CHUNK], key[at : at + CHUNK], within) for at in range(0, flat.size, CHUNK))


def _largest(array: Array) -> float:
    # without an array of the absolute values, which may be large
    return max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))


@np.errstate(over="ignore", invalid="ignore")  # differences of infinities, or of the largest numbers there are
def _is_within(actual: Array, expected: Array, limit: Array | float) -> bool:
    return bool((np.abs(actual - expected) <= limit).all())


def _widened(rounding: float, rtol: float) -> float:
    """Widen a rounding for a large rtol: whoever asks for fewer digits of an entry asks for fewer digits of its parts."""
    return rounding * max(1.0, rtol / DEFAULT_RTOL)
