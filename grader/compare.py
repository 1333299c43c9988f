"""Answer, Expected -> Verdict: returned? how many? type? shape? finite? value? The first no decides. Nothing is broadcast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise import tolerance
from grader.outcome import Answer, Case, Entry, NotAnArray, Status, Verdict

if TYPE_CHECKING:
    from grader.outcome import Array

_CHUNK = 1 << 20  # entries compared at a time: a Jacobian of 256 x 256 x 256 is 128 MiB, and a mask of it as a whole again


def judge(answer: Answer, case: Case, expected: Array, *, place: int, count: int, rtol: float) -> Verdict:
    """
    The verdict on the item at `place` of the `count` that the function should return.

    Agreement: |actual - expected| <= rtol * max|expected| + 1e-12, the maximum over the whole array.
    """
    if answer.status is not None:
        return Verdict(case=case, status=answer.status, detail=answer.detail, traceback=answer.traceback)
    if len(answer.items) != count:
        return Verdict(case=case, status=Status.WRONG_COUNT, detail=_counted(answer, count))
    item = answer.items[place]
    if isinstance(item, NotAnArray):
        return Verdict(case=case, status=Status.WRONG_TYPE, detail=_typed(item))
    if item.shape != expected.shape:
        return Verdict(case=case, status=Status.WRONG_SHAPE, actual=item, detail=f"{item.shape}, not {expected.shape}")
    if agree(item, expected, tolerance(expected, rtol)):
        return Verdict(case=case, status=Status.CORRECT, actual=item)
    worst, is_finite = _worst(item, expected)
    return Verdict(case=case, status=Status.WRONG_VALUE if is_finite else Status.NOT_FINITE, actual=item, worst=worst)


@np.errstate(over="ignore", invalid="ignore")  # of infinity and infinity, or of the largest numbers there are
def agree(actual: Array, expected: Array, allowed: float) -> bool:
    """Whether two arrays have one shape and differ by at most `allowed` anywhere; NaN and infinity never agree."""
    if actual.shape != expected.shape or not math.isfinite(allowed):
        return False
    flat, key = actual.reshape(-1), expected.reshape(-1)
    starts = range(0, flat.size, _CHUNK)
    return all(bool(np.abs(flat[at : at + _CHUNK] - key[at : at + _CHUNK]).max() <= allowed) for at in starts)


def agrees_without_floor(actual: Array, expected: Array, rtol: float) -> bool:
    """Agreement relative to the largest entry alone: what a probe asks, whose arrays may be tiny."""
    return agree(actual, expected, tolerance(expected, rtol, floor=0.0))


@np.errstate(over="ignore")
def _worst(actual: Array, expected: Array) -> tuple[Entry, bool]:
    """The entry furthest out, or the first that is not finite, and whether all are."""
    flat, key = actual.reshape(-1), expected.reshape(-1)
    furthest, place, is_finite = -1.0, 0, True
    for start in range(0, flat.size, _CHUNK):
        piece = flat[start : start + _CHUNK].astype(np.float64, copy=False)
        finite = np.isfinite(piece)
        if not finite.all():
            is_finite = False
            furthest, place = np.inf, start + int(np.argmin(finite))
            break
        gaps = np.abs(piece - key[start : start + _CHUNK])
        here = int(gaps.argmax())
        if gaps[here] > furthest:
            furthest, place = float(gaps[here]), start + here
    index = tuple(int(i) for i in np.unravel_index(place, expected.shape))
    # Adding 0.0 turns −0 into 0, which is what a reader expects to see.
    entry = Entry(index=index, expected=float(key[place]) + 0.0, actual=float(flat[place]) + 0.0)
    return entry, is_finite


def _counted(answer: Answer, count: int) -> str:
    if answer.detail:
        return f"It returned {answer.detail}."
    returned = "one thing" if len(answer.items) == 1 else f"{len(answer.items)} things"
    return f"It returned {returned}; asked for {count}, as a tuple or a dict."


def _typed(item: NotAnArray) -> str:
    if item.type_name == "NoneType":
        return "It returned None. Is a `return` missing?"
    article = "an" if item.type_name[:1].lower() in "aeiou" or item.type_name.startswith("ndarray") else "a"
    if item.detail:
        return f"It returned {article} {item.type_name}: {item.detail}" + ("" if item.detail.endswith("?") else ".")
    return f"It returned {article} {item.type_name}, not an array of numbers."
