"""A pattern in which cases are right -> Diagnosis `regime`: right for square layers only, wrong where X is negative ..."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from grader.exercise import Exercise
from grader.outcome import Case, Diagnosis, Status, Verdict

if TYPE_CHECKING:
    from grader.outcome import Array

Condition = Callable[[Case], bool]

MIN_WRONG_ENTRIES = 4  # of entries that a sign explains, or chance could do it


class Evidence(Protocol):
    """One case: what was expected, what came."""

    @property
    def case(self) -> Case: ...  # noqa: D102
    @property
    def expected(self) -> Array: ...  # noqa: D102
    @property
    def actual(self) -> Array: ...  # noqa: D102


def find(exercise: Exercise, verdicts: Sequence[Verdict], evidence: Sequence[Evidence]) -> Diagnosis | None:
    """The condition under which the answer is right, stated as a fact about the cases; None when there is no such pattern."""
    right = [verdict.status is Status.CORRECT for verdict in verdicts]
    if any(right) and not all(right):
        for text, holds in _conditions(exercise, [one.case for one in evidence]):
            if [holds(one.case) for one in evidence] == right:
                return Diagnosis(rule="regime", text=text)
    return _sign_of_an_input(evidence, exercise.rtol)


def _conditions(exercise: Exercise, cases: Sequence[Case]) -> Iterator[tuple[str, Condition]]:
    """Conditions on a case, the most telling first."""
    axes = sorted({axis for case in cases for axis in case.sizes})
    pairs = list(itertools.combinations(axes, 2))
    for a, b in pairs:
        yield f"Right only where {a} = {b}, wrong in every other case.", _compares(a, operator.eq, b)
    for a in axes:
        yield f"Right only for {a} = 1, wrong in every other case.", _is_one(a, holds=True)
        yield f"Wrong only for {a} = 1, right in every other case.", _is_one(a, holds=False)
    for a, b in pairs:
        yield f"Wrong only where {a} = {b}, right in every other case.", _compares(a, operator.ne, b)
        yield f"Right only where {a} > {b}, wrong in every other case.", _compares(a, operator.gt, b)
        yield f"Right only where {b} > {a}, wrong in every other case.", _compares(b, operator.gt, a)
    for edge in exercise.named_cases:
        for name, factor in edge.scale.items():
            yield f'Wrong only in the case "{edge.name}", where {name} is scaled by {factor:g}.', _is_not(edge.name)
        for name in edge.set:
            yield f'Wrong only in the case "{edge.name}", where {name} is fixed.', _is_not(edge.name)
    yield "Right only for inputs that are whole numbers, wrong for all others.", _is_whole


def _compares(a: str, how: Callable[[int, int], bool], b: str) -> Condition:
    return lambda case: how(case.sizes[a], case.sizes[b])


def _is_one(axis: str, *, holds: bool) -> Condition:
    return lambda case: (case.sizes[axis] == 1) is holds


def _is_not(name: str) -> Condition:
    return lambda case: case.name != name


def _is_whole(case: Case) -> bool:
    return all(bool(np.all(value == np.round(value))) for value in case.values.values())


def _sign_of_an_input(evidence: Sequence[Evidence], rtol: float) -> Diagnosis | None:
    """Wrong exactly in the entries at which an input of the same shape is negative (or positive)."""
    if any(one.actual.shape != one.expected.shape for one in evidence):
        return None
    wrong = [np.abs(one.actual - one.expected) > rtol * np.abs(one.expected).max(initial=0.0) + 1e-12 for one in evidence]
    for name in evidence[0].case.values:
        values = [one.case.values[name] for one in evidence]
        if any(value.shape != mask.shape for value, mask in zip(values, wrong, strict=True)):
            continue
        for word, holds in (("negative", np.less), ("positive", np.greater)):
            there = [holds(value, 0) for value in values]
            matches = all(bool((mask == place).all()) for mask, place in zip(wrong, there, strict=True))
            if (
                matches
                and sum(int(place.sum()) for place in there) >= MIN_WRONG_ENTRIES
                and not all(place.all() for place in there)
            ):
                return Diagnosis(rule="regime", text=f"Wrong exactly where {name} is {word}, right everywhere else.")
    return None
