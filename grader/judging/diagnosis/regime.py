"""
Where an answer is right, stated as a fact about cases or entries: for square layers only, wrong where X is negative.

This is seen, not guessed: no mistake is named.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from grader.exercise.model import Exercise, NamedCase
from grader.judging.diagnosis.answers import Evidence, WrongAnswers
from grader.judging.diagnosis.family import Example, Family
from grader.outcome import Diagnosis
from grader.reference.model import Case
from grader.text import and_list, plural

Condition = Callable[[Case], bool]

MIN_WRONG_ENTRIES = 4  # fewer entries that the sign of an input explains may be chance


def _find(answers: WrongAnswers) -> Diagnosis | None:
    if not answers.may_be("regime"):
        return None
    right = list(answers.is_right)
    if any(right) and not all(right):
        cases = [one.case for one in answers.evidence]
        text = _text_on_sizes(cases, right) or next(_fitting(_value_conditions(answers.exercise), cases, right), "")
        if text:
            return Diagnosis(rule="regime", text=text)
    return _sign_of_an_input(answers.evidence)


def _fitting(conditions: Iterator[tuple[str, Condition]], cases: Sequence[Case], right: Sequence[bool]) -> Iterator[str]:
    """Yield the texts of the conditions that hold in the right cases and in no other."""
    return (text for text, holds in conditions if [holds(case) for case in cases] == right)


def _text_on_sizes(cases: Sequence[Case], right: Sequence[bool]) -> str:
    """
    Say for which sizes the answer is right; return nothing where sizes do not tell.

    Where several conditions fit and one case alone tells, which of them it is cannot be known: then the case is named.
    """
    fitting = list(_fitting(_size_conditions(cases), cases, right))
    if len(fitting) > 1:
        for side, there, elsewhere in ((True, "Right", "wrong"), (False, "Wrong", "right")):
            if right.count(side) == 1:
                case = cases[right.index(side)]
                sizes = ", ".join(f"{axis} = {size}" for axis, size in case.sizes.items())
                return f'{there} only in the case "{case.name}", where {sizes}; {elsewhere} in every other case.'
    return fitting[0] if fitting else ""


def _size_conditions(cases: Sequence[Case]) -> Iterator[tuple[str, Condition]]:
    """Yield conditions on the sizes of a case, the most telling first."""
    axes = sorted({axis for case in cases for axis in case.sizes})
    pairs = list(itertools.combinations(axes, 2))
    for a, b in pairs:
        yield f"Right only where {a} = {b}, wrong in every other case.", _compares(a, operator.eq, b)
    for a in axes:
        yield f"Right only for {a} = 1, wrong in every other case.", _is(a, 1, holds=True)
        yield f"Wrong only for {a} = 1, right in every other case.", _is(a, 1, holds=False)
    for a, b in pairs:
        yield f"Wrong only where {a} = {b}, right in every other case.", _compares(a, operator.ne, b)
        yield f"Right only where {a} > {b}, wrong in every other case.", _compares(a, operator.gt, b)
        yield f"Right only where {b} > {a}, wrong in every other case.", _compares(b, operator.gt, a)
        yield f"Wrong only where {a} > {b}, right in every other case.", _compares(a, operator.le, b)
        yield f"Wrong only where {b} > {a}, right in every other case.", _compares(b, operator.le, a)
    for a in axes:  # a size that somebody wrote as a number; one case with it may be chance
        counts = Counter(case.sizes[a] for case in cases)
        for size in sorted(size for size, count in counts.items() if size > 1 and count > 1):
            yield f"Right only for {a} = {size}, wrong in every other case.", _is(a, size, holds=True)


def _value_conditions(exercise: Exercise) -> Iterator[tuple[str, Condition]]:
    """Yield conditions on the values of a case."""
    for edge in exercise.named_cases:
        if fixed := _fixed_by(edge):
            yield f'Wrong only in the case "{edge.name}", where {fixed}.', _is_not(edge.name)
            yield f'Right only in the case "{edge.name}", where {fixed}.', _is_named(edge.name)
    yield "Right only for inputs that are whole numbers, wrong for all others.", _is_whole


def _fixed_by(edge: NamedCase) -> str:
    """Say everything that a named case fixes: which part of it makes the answer wrong cannot be known."""
    sizes = [f"{axis} = {size}" for axis, size in edge.sizes.items()]
    scaled = [f"{name} is scaled by {factor:g}" for name, factor in edge.scale.items()]
    numbers = [f"{name} is {value:g}" for name, value in edge.set.items() if isinstance(value, int | float)]
    arrays = [name for name, value in edge.set.items() if not isinstance(value, int | float)]
    fixed = [f"{and_list(arrays)} {plural(len(arrays), 'is', 'are')} fixed"] if arrays else []
    return and_list((*sizes, *scaled, *numbers, *fixed))


def _compares(a: str, how: Callable[[int, int], bool], b: str) -> Condition:
    return lambda case: how(case.sizes[a], case.sizes[b])


def _is(axis: str, size: int, *, holds: bool) -> Condition:
    return lambda case: (case.sizes[axis] == size) is holds


def _is_not(name: str) -> Condition:
    return lambda case: case.name != name


def _is_named(name: str) -> Condition:
    return lambda case: case.name == name


def _is_whole(case: Case) -> bool:
    return all(bool(np.all(value == np.round(value))) for value in case.values.values())


def _sign_of_an_input(evidence: Sequence[Evidence]) -> Diagnosis | None:
    """Look for an input of the same shape that is negative, or positive, exactly where the answer is wrong."""
    wrong = []
    for one in evidence:
        if one.actual.shape != one.expected.shape or one.allowed is None:
            return None
        wrong.append(np.abs(one.actual - one.expected) > one.allowed)
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


FAMILY = Family(
    find=_find,
    examples=(
        Example(
            exercise="tanh_layer",
            target="dY_dB",
            rule="regime",
            answer=lambda right, case: right if case.sizes["m"] == case.sizes["n"] else right + 1,
        ),
        Example(exercise="tanh_layer", target="dY_dB", answer=lambda right, case: right + 1),
    ),
)
