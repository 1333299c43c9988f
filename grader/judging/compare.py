"""
Judge one answer at one case: returned? how many? type? shape? finite? value? The first no decides.

Nothing is broadcast.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from grader.judging.verdict import Verdict, WorstEntry
from grader.outcome import Status
from grader.reference.model import Case
from grader.reference.tolerance import CHUNK, Tolerance
from grader.sandbox.wire.answer import Answer, NotAnArray

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


def judge(answer: Answer, case: Case, tolerance: Tolerance, *, place: int, count: int) -> Verdict:
    """Judge one target at one case: the item at `place` of the `count` that the function should return."""
    if answer.failure is not None:
        return Verdict(case=case, status=Status.of(answer.failure.reason), failure=answer.failure)
    if len(answer.items) != count:
        return Verdict(case=case, status=Status.WRONG_COUNT, detail=_counted(answer, count))
    item = answer.items[place]
    if isinstance(item, NotAnArray):
        return Verdict(case=case, status=Status.WRONG_TYPE, detail=_typed(item))
    shape = tolerance.expected.shape
    if item.shape != shape:
        return Verdict(case=case, status=Status.WRONG_SHAPE, actual=item, detail=f"{item.shape}, not {shape}")
    if tolerance.agrees(item):
        return Verdict(case=case, status=Status.CORRECT, actual=item)
    status = Status.WRONG_VALUE if _is_finite(item) else Status.NOT_FINITE
    return Verdict(case=case, status=status, actual=item, find_worst=partial(_worst, item, tolerance))


def _is_finite(actual: Array) -> bool:
    flat = actual.reshape(-1)
    return all(bool(np.isfinite(flat[start : start + CHUNK]).all()) for start in range(0, flat.size, CHUNK))


@np.errstate(over="ignore")
def _worst(actual: Array, tolerance: Tolerance) -> WorstEntry:
    """Find the wrong entry that is furthest out, or the first that is not finite."""
    right, limits = tolerance.expected, tolerance.limits()
    flat, known = actual.reshape(-1), right.reshape(-1)
    furthest, place = -1.0, 0
    for start in range(0, flat.size, CHUNK):
        piece = flat[start : start + CHUNK].astype(np.float64, copy=False)
        finite = np.isfinite(piece)
        if not finite.all():
            place = start + int(np.argmin(finite))
            break
        at = slice(start, start + CHUNK)
        gaps = np.abs(piece - known[at])
        gaps[gaps <= limits(at)] = -1.0
        here = int(gaps.argmax())
        if gaps[here] > furthest:
            furthest, place = float(gaps[here]), start + here
    index = tuple(int(i) for i in np.unravel_index(place, right.shape))
    # Adding 0.0 turns −0 into 0, which is what a reader expects to see.
    return WorstEntry(index=index, expected=float(known[place]) + 0.0, actual=float(flat[place]) + 0.0)


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
