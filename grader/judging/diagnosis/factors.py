"""Right numbers but for a factor: a mean for a sum, a sum for a mean, a constant, with or without sizes of axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grader.exercise.model import Axes, symbol
from grader.judging.diagnosis.answers import Evidence, Predict, WrongAnswers
from grader.judging.diagnosis.family import Example, Family, Prediction, first_that_explains
from grader.outcome import Diagnosis
from grader.reference.model import Case


def _find(answers: WrongAnswers) -> Diagnosis | None:
    return first_that_explains(answers, _predictions(answers), is_entrywise=True)


def _predictions(answers: WrongAnswers) -> Iterator[Prediction]:
    sample = answers.sample
    axes = [axis for axis, size in sample.case.sizes.items() if size > 1]
    groups = [*((axis,) for axis in axes), *itertools.combinations_with_replacement(axes, 2)]
    for group in groups:
        product = " · ".join(group)
        text = f"Your answer is the right one divided by {product}. Is it a mean where a sum is asked for?"
        yield Prediction("mean_for_sum", text, _times_sizes((), group))
        text = f"Your answer is {product} times the right one. Is it a sum where a mean is asked for?"
        yield Prediction("sum_for_mean", text, _times_sizes(group, ()))
    ratios = [((above,), (below,)) for above, below in itertools.permutations(axes, 2)]
    for (above,), (below,) in ratios:
        question = f"Is it a mean over {below} where one over {above} is asked for?"
        text = f"Your answer is {above}/{below} times the right one. {question}"
        yield Prediction("constant_factor", text, _times_sizes((above,), (below,)))
    if (factor := _ratio(sample)) is not None:
        powers = [pair for group in groups for pair in ((group, ()), ((), group))]
        yield from _multiples(symbol(answers.target.kind), factor, sample.case, [*powers, *ratios])


def _multiples(name: str, factor: float, case: Case, powers: Sequence[tuple[Axes, Axes]]) -> Iterator[Prediction]:
    """Predict a number times the right answer, or times and divided by sizes of axes, too; `factor` shows in one case."""
    if not math.isclose(abs(factor), 1.0, rel_tol=1e-9):
        text = f"Every entry is {_number(factor)} times the right one: {name} has another constant factor."
        yield Prediction("constant_factor", text, _times_sizes((), (), factor))
    for above, below in powers:
        rest = factor * _product(case.sizes, below) / _product(case.sizes, above)
        if math.isfinite(rest):
            text = f"Every entry is {_multiple(rest, above, below)} times the right one."
            yield Prediction("constant_factor", text, _times_sizes(above, below, rest))


def _ratio(one: Evidence) -> float | None:
    """Return the factor between answer and expected array at the largest entry; None where there is none."""
    if one.actual.shape != one.expected.shape or one.expected.size == 0:
        return None
    place = np.unravel_index(np.abs(one.expected).argmax(), one.expected.shape)
    if one.expected[place] == 0 or one.actual[place] == 0:
        return None
    ratio = float(one.actual[place]) / float(one.expected[place])  # numpy would warn of an overflow
    return ratio if math.isfinite(ratio) else None


def _times_sizes(above: Axes, below: Axes, factor: float = 1.0) -> Predict:
    return lambda one: factor * one.expected * (_product(one.case.sizes, above) / _product(one.case.sizes, below))


def _product(sizes: Mapping[str, int], axes: Sequence[str]) -> int:
    return math.prod(sizes[axis] for axis in axes)


def _multiple(number: float, above: Axes, below: Axes) -> str:
    """Write a number times and divided by sizes as people do: −N/2, 3/(2 · N · M)."""
    from fractions import Fraction  # 10 ms, for the few who come here

    fraction = Fraction(number).limit_denominator(24)
    if not math.isclose(number, fraction, rel_tol=1e-9):
        top, bottom = _number(abs(number)), "1"
    else:
        top, bottom = str(abs(fraction.numerator)), str(fraction.denominator)
    over, under = ([factor for factor in factors if factor != "1"] for factors in ((top, *above), (bottom, *below)))
    divided = " · ".join(under) if len(under) < 2 else f"({' · '.join(under)})"
    return ("−" if number < 0 else "") + (" · ".join(over) or "1") + (f"/{divided}" if under else "")


def _number(value: float) -> str:
    """Write a factor as people do: 2, −0.5, 3.14159."""
    return f"{value:.6g}".replace("-", "−")


FAMILY = Family(
    find=_find,
    examples=(
        Example(exercise="affine_backward", target="dx", rule="mean_for_sum", answer=lambda right, case: right / case.sizes["M"]),
        Example(exercise="affine_backward", target="db", rule="constant_factor", answer=lambda right, case: 3 * right),
        Example(exercise="affine_backward", target="db", answer=lambda right, case: right + 3),
    ),
)
