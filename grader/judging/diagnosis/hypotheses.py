"""
Verdicts -> Diagnosis: an ordered list of hypotheses, each of which predicts what a student making that mistake returns.

A hypothesis is spoken only if it reproduces the student's numbers in every case; a wrong diagnosis is worse than none.
Mistakes that need the forward graph were predicted when the record was made (`reference.hypotheses`); those that only
rearrange or scale the expected array are predicted here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grader.exercise.model import Axes, Exercise, Hessian, Jacobian, Local, Target, Value, symbol
from grader.judging.diagnosis import regime
from grader.outcome import Case, Diagnosis, Evidence, Status, Verdict
from grader.reference.agreement import CHUNK, OF_THE_LARGEST, Standard, Tolerance, beside_the_largest, near

if TYPE_CHECKING:
    from grader.outcome import Array, TargetKey

MAX_PERMUTED_AXES = 4
MAX_COPIED_ENTRIES = 1 << 20  # of an array that is copied for each order of its axes
_DIAGNOSED = frozenset({Status.WRONG_SHAPE, Status.WRONG_VALUE, Status.CORRECT})
_SINGLE_PRECISION_RTOL = 1e-4
_SINGLE_PRECISION_FLOOR = 1e-6  # 1 - Y² where Y is nearly 1 has only as many digits as 1 has
_SINGLE_PRECISION = Diagnosis(
    rule="single_precision",
    text="The values are right to about six digits only: you computed in float32. Keep float64 throughout.",
)


Prediction: TypeAlias = "Callable[[Evidence], Array | None]"
Named: TypeAlias = tuple[str, str, Prediction]  # rule, text, prediction


@np.errstate(over="ignore", invalid="ignore")  # a student's numbers may be as large as there are any
def diagnose(
    exercise: Exercise,
    target: Target,
    key: TargetKey,
    standard: Standard,
    verdicts: Sequence[Verdict],
    *,
    single_precision: bool = False,
    rule: str = "",
) -> Diagnosis | None:
    """
    Name the likely mistake behind a target's verdicts, those on the first cases of a record; None if nothing explains them all.

    `single_precision` says that the answers came as float32 or less. With `rule` only mistakes of this rule are looked for.
    """
    if any(verdict.status not in _DIAGNOSED or verdict.actual is None for verdict in verdicts):
        return None
    if all(verdict.status is Status.CORRECT for verdict in verdicts):
        return None
    # In float32 nothing is told apart that differs in the seventh digit.
    record = standard.record
    rtol = max(exercise.rtol, OF_THE_LARGEST) if single_precision else exercise.rtol
    evidence = [
        _evidence(verdict.case, tolerance, verdict.actual, rtol, single_precision=single_precision)
        for tolerance, verdict in zip(standard.tolerances(key), verdicts, strict=False)
        if verdict.actual is not None
    ]
    # The wrong cases come first: most hypotheses fail at the first one.
    order = sorted(range(len(verdicts)), key=lambda i: verdicts[i].status is Status.CORRECT)

    stored = [expected.predictions.get(key, ()) for _, expected in record.cases]

    def explains(place: int) -> bool:
        """Whether the stored prediction at `place` is what came, in every case."""
        return all(place < len(stored[i]) and _reproduces(stored[i][place], evidence[i], rtol) for i in order)

    def is_asked(one: str) -> bool:
        return rule in ("", one)

    is_zero = not any(one.actual.any() for one in evidence)

    def named(hypotheses: Iterator[Named], first_look: Sequence[Evidence] = ()) -> Diagnosis | None:
        for named_rule, text, predict in hypotheses:
            # nobody sums the columns of softmax's Jacobian, whose sum is zero, to return zeros
            if not is_asked(named_rule) or (is_zero and named_rule != "zero"):
                continue
            if not all(_reproduces(predict(one), one, rtol) for one in first_look):
                continue
            if all(_reproduces(predict(evidence[i]), evidence[i], rtol) for i in order):
                return Diagnosis(rule=named_rule, text=text)
        return None

    may_be_single = single_precision and is_asked("single_precision")
    if may_be_single and all(beside_the_largest(one.actual, one.expected, OF_THE_LARGEST) for one in evidence):
        return _SINGLE_PRECISION
    for place, mistake in enumerate(target.mistakes):
        if is_asked("declared") and explains(place):
            return Diagnosis(rule="declared", text=mistake.hint, credit=mistake.credit)
    if (found := named(rearranged(exercise, target))) is not None:
        return found
    for place, hypothesis in enumerate(record.hypotheses.get(key, ())):
        if place >= len(target.mistakes) and is_asked(hypothesis.rule) and explains(place):
            return Diagnosis(rule=hypothesis.rule, text=hypothesis.text)
    rows = [_telling_row(one) for one in evidence if one.expected.size > MAX_COPIED_ENTRIES]
    if (found := named(scaled(target, evidence[order[0]]), rows)) is not None:
        return found
    if (found := named(totalled(target, evidence))) is not None:
        return found
    if may_be_single and all(
        beside_the_largest(one.actual, one.expected, _SINGLE_PRECISION_RTOL, floor=_SINGLE_PRECISION_FLOOR) for one in evidence
    ):
        return _SINGLE_PRECISION
    return regime.find(exercise, verdicts, evidence) if is_asked("regime") else None


def _evidence(case: Case, tolerance: Tolerance, actual: Array, rtol: float, *, single_precision: bool) -> Evidence:
    held_to = tolerance if tolerance.rtol == rtol else tolerance.with_rtol(rtol)
    return Evidence(
        case,
        tolerance.expected,
        actual.astype(np.float64, copy=False),
        rounding=math.inf if single_precision else tolerance.largest_rounding,
        allowed=held_to.allowed if actual.size <= CHUNK else None,
    )


def _reproduces(prediction: Array | None, evidence: Evidence, rtol: float) -> bool:
    return prediction is not None and near(evidence.actual, prediction, rtol, evidence.rounding)


# Hypotheses that rearrange the expected array


def rearranged(exercise: Exercise, target: Target) -> Iterator[Named]:
    """Right numbers in a wrong place: (rule, text, prediction)."""
    name, rank, first = symbol(target.kind), len(target.axes), exercise.blocks(target)[0]
    labels = _labels(exercise, target)
    yield "zero", "You returned zeros only.", _zeros
    yield "sign", f"The sign is wrong: you returned −{name}.", lambda one: -one.expected
    if 0 < first < rank:
        owners = _owners(target)
        order = f"the axes of {owners[0]} first, then those of {owners[1]}"
        text = f"The axes are swapped: {name} has {order}. You returned the transpose."
        yield "transposed", text, _transposed((*range(first, rank), *range(first)))
    if 2 <= rank <= MAX_PERMUTED_AXES:
        for places in itertools.permutations(range(rank)):
            if places != tuple(range(rank)):
                wanted, got = _axes_text(labels), _axes_text([labels[i] for i in places])
                rule = "transposed" if rank == 2 else "axes_permuted"
                text = f"The axes are in another order: {name} has the axes {wanted}, you returned {got}."
                yield rule, text, _transposed(places)
        text = (
            "The numbers are right, but reshaped where axes have to change places: reshape keeps their order, transpose does not."
        )
        for places in itertools.permutations(range(rank)):
            if places != tuple(range(rank)):
                yield "reshaped", text, _reshaped(places)
    shape = _axes_text(target.axes)
    if rank == 0:
        text = "The number is right, but it comes inside a list or an array: return the number itself."
        yield "extra_axis", text, _more_axes
    else:
        text = f"The numbers are right, but there is an axis of size 1 too many: the shape is {shape}."
        yield "extra_axis", text, _more_axes
        text = f"The numbers are right, but an axis of size 1 is missing or elsewhere: the shape is {shape}."
        yield "extra_axis", text, _same_but_for_ones
    if rank >= 2:
        text = f"The numbers are right, but flattened: {name} has one axis each for {_axes_text(target.axes)}. Keep them apart."
        yield "flattening_order", text, lambda one: _flattened(one, "C") if one.actual.ndim < rank else None
        text = f"The numbers are right, and in the right order in memory; but their axes are not {_axes_text(labels)}."
        yield "reshaped", text, lambda one: _flattened(one, "C")
        text = "The numbers are right, but in column-major order; in NumPy and PyTorch the last axis varies fastest."
        yield "flattening_order", text, lambda one: _flattened(one, "F")
    for owner, start, stop in zip(_owners(target), (0, first), (first, rank), strict=True):
        if 0 < first < rank and stop - start >= 2:
            text = f"{owner} is flattened column by column. Keep its axes apart: {name} has the axes {_axes_text(labels)}."
            yield "flattening_order", text, _by_columns((*range(start), *range(stop - 1, start - 1, -1), *range(stop, rank)))
    if pairs := _diagonal_pairs(target, first):
        text = f"Those are the diagonal entries only: {name} has the axes {_axes_text(target.axes)}, zeros included."
        yield "diagonal_only", text, lambda one: _but_for_ones(_diagonal(one.expected, pairs), one.actual)
        text = f"You kept only the diagonal of {name}; the other entries are not zero here."
        yield "diagonal_only", text, lambda one: _off_diagonal_zero(one.expected, pairs)
    if not isinstance(target.kind, Value):  # probabilities sum to 1, which says nothing of a 1 that came
        for places in _summed_places(rank, first):
            over = " and ".join(labels[place] for place in places)
            text = f"You summed over {over}, too: {name} has the axes {_axes_text(labels)}."
            yield "summed_over", text, _summed(places)


def _zeros(one: Evidence) -> Array | None:
    return np.zeros(one.expected.shape)


def _transposed(places: Sequence[int]) -> Prediction:
    return lambda one: one.expected.transpose(places)


def _reshaped(places: Sequence[int]) -> Prediction:
    def predict(one: Evidence) -> Array | None:
        if one.actual.shape != one.expected.shape or one.expected.size > MAX_COPIED_ENTRIES:
            return None
        return one.expected.transpose(places).reshape(one.expected.shape)

    return predict


def _by_columns(places: Sequence[int]) -> Prediction:
    return lambda one: _flattened(one, "C", places) if one.actual.ndim < one.expected.ndim else None


def _owners(target: Target) -> tuple[str, str]:
    """Whose axes the first and the second block of a target are."""
    match target.kind:
        case Hessian() as kind:
            return kind.wrt, kind.other
        case Local() | Jacobian() as kind:
            return (kind.of, kind.wrt) if target.layout == "numerator" else (kind.wrt, kind.of)
        case _:
            return "", ""


def _labels(exercise: Exercise, target: Target) -> tuple[str, ...]:
    """The names of a target's axes; one that stands there twice says whose it is: `m of Y`."""
    axes = target.axes
    first, _ = exercise.blocks(target)
    if not first or len(set(axes)) == len(axes):
        return axes
    owners = _owners(target)
    if owners[0] == owners[1]:  # a Hessian of one variable
        return axes
    return tuple(f"{axis} of {owners[place >= first]}" if axes.count(axis) > 1 else axis for place, axis in enumerate(axes))


def _diagonal_pairs(target: Target, first: int) -> tuple[tuple[int, int], ...]:
    """Axes of the first block paired with axes of the second that have the same name, in order, each used once."""
    pairs: list[tuple[int, int]] = []
    free = list(range(first, len(target.axes)))
    for i in range(first):
        j = next((j for j in free if target.axes[j] == target.axes[i]), None)
        if j is not None:
            pairs.append((i, j))
            free.remove(j)
    return tuple(pairs)


def _diagonal(expected: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """The entries whose paired indices are equal, with one axis for each pair in the place of the first."""
    letters = [chr(ord("a") + i) for i in range(expected.ndim)]
    for i, j in pairs:
        letters[j] = letters[i]
    kept = list(dict.fromkeys(letters))
    diagonal: Array = np.einsum(f"{''.join(letters)}->{''.join(kept)}", expected)
    return diagonal


def _summed_places(rank: int, first: int) -> tuple[tuple[int, ...], ...]:
    """The axes that somebody may have summed over: one, those of the first block, or all of a gradient's."""
    together = tuple(range(first or rank))
    return tuple(dict.fromkeys((*((place,) for place in range(rank)), *((together,) if together else ()))))


def _summed(places: tuple[int, ...]) -> Prediction:
    def predict(one: Evidence) -> Array | None:
        left = [size for place, size in enumerate(one.expected.shape) if place not in places and size != 1]
        if left != [size for size in one.actual.shape if size != 1]:
            return None
        return _but_for_ones(np.asarray(one.expected.sum(axis=places)), one.actual)

    return predict


def _off_diagonal_zero(expected: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    mask = np.ones(expected.shape, dtype=bool)
    for i, j in pairs:
        index = np.indices(expected.shape, sparse=True)
        mask &= index[i] == index[j]
    return np.where(mask, expected, 0.0)


def _flattened(one: Evidence, order: str, places: Sequence[int] | None = None) -> Array | None:
    if one.actual.size != one.expected.size:
        return None
    return (
        (one.expected if places is None else one.expected.transpose(places))
        .ravel(order="F" if order == "F" else "C")
        .reshape(one.actual.shape)
    )


def _same_but_for_ones(one: Evidence) -> Array | None:
    """The expected array in the shape that came, where only axes of size 1 were added or dropped."""
    found = _but_for_ones(one.expected, one.actual)
    return found if found.shape == one.actual.shape else None


def _but_for_ones(array: Array, actual: Array) -> Array:
    """The array, in the shape that came where only axes of size 1 tell the two apart."""
    without = [tuple(size for size in shape if size != 1) for shape in (array.shape, actual.shape)]
    return array.reshape(actual.shape) if without[0] == without[1] else array


def _more_axes(one: Evidence) -> Array | None:
    return _same_but_for_ones(one) if one.actual.ndim > one.expected.ndim else None


# Hypotheses that leave one number of it


def totalled(target: Target, evidence: Sequence[Evidence]) -> Iterator[Named]:
    """The sum of all entries in the place of the array: (rule, text, prediction)."""
    sums = [float(one.expected.sum()) for one in evidence if one.expected.size > 1]
    if all(abs(one - round(one)) < 1e-6 for one in sums):  # n of an identity, 1 of probabilities: it may be anything
        return
    name = symbol(target.kind)
    text = f"That is the sum of all entries, one number: {name} has the axes {_axes_text(target.axes)}."
    yield "summed_over", text, lambda one: _total(one) if one.actual.size == 1 else None
    text = f"Every entry that you returned is the sum of all entries of {name}. Each has a value of its own."
    yield "summed_over", text, lambda one: _total(one) if one.actual.shape == one.expected.shape else None


def _total(one: Evidence) -> Array:
    return np.full(one.actual.shape, one.expected.sum())


# Hypotheses that scale or round it


def scaled(target: Target, sample: Evidence) -> Iterator[Named]:
    """Right numbers but for a factor or for lost digits: (rule, text, prediction). `sample` suggests the factor."""
    name = symbol(target.kind)
    axes = [axis for axis, size in sample.case.sizes.items() if size > 1]
    groups = [*((axis,) for axis in axes), *itertools.combinations_with_replacement(axes, 2)]
    for group in groups:
        product = " · ".join(group)
        text = f"Your answer is the right one divided by {product}. Is it a mean where a sum is asked for?"
        yield "mean_for_sum", text, _times_sizes((), group)
        text = f"Your answer is {product} times the right one. Is it a sum where a mean is asked for?"
        yield "sum_for_mean", text, _times_sizes(group, ())
    ratios = [((above,), (below,)) for above, below in itertools.permutations(axes, 2)]
    for (above,), (below,) in ratios:
        text = (
            f"Your answer is {above}/{below} times the right one. Is it a mean over {below} where one over {above} is asked for?"
        )
        yield "constant_factor", text, _times_sizes((above,), (below,))
    if (factor := _ratio(sample)) is not None:
        powers = [pair for group in groups for pair in ((group, ()), ((), group))]
        yield from _multiples(name, factor, sample.case, [*powers, *ratios])
    yield "rounded", "The digits after the point were cut off: by int(), an integer array, or // in place of /.", _truncated
    yield "rounded", "The values were rounded down, as // does: divide by /.", _floored
    for digits in range(6):
        yield "rounded", f"You rounded to {digits} digits after the point. Return the values as they are.", _rounded(digits)


def _multiples(name: str, factor: float, case: Case, powers: Sequence[tuple[Axes, Axes]]) -> Iterator[Named]:
    """A number times the right answer, or times and divided by sizes of axes, too; `factor` is that of one case."""
    if not math.isclose(abs(factor), 1.0, rel_tol=1e-9):
        text = f"Every entry is {_number(factor)} times the right one: {name} has another constant factor."
        yield "constant_factor", text, _times_sizes((), (), factor)
    for above, below in powers:
        rest = factor * _product(case.sizes, below) / _product(case.sizes, above)
        if math.isfinite(rest):
            text = f"Every entry is {_multiple(rest, above, below)} times the right one."
            yield "constant_factor", text, _times_sizes(above, below, rest)


def _multiple(number: float, above: Axes, below: Axes) -> str:
    """A number times and divided by sizes, as people write it: −N/2, 3/(2 · N · M)."""
    from fractions import Fraction  # 10 ms, for the few who come here

    fraction = Fraction(number).limit_denominator(24)
    if not math.isclose(number, fraction, rel_tol=1e-9):
        top, bottom = _number(abs(number)), "1"
    else:
        top, bottom = str(abs(fraction.numerator)), str(fraction.denominator)
    over, under = ([factor for factor in factors if factor != "1"] for factors in ((top, *above), (bottom, *below)))
    divided = " · ".join(under) if len(under) < 2 else f"({' · '.join(under)})"
    return ("−" if number < 0 else "") + (" · ".join(over) or "1") + (f"/{divided}" if under else "")


def _times_sizes(above: Axes, below: Axes, factor: float = 1.0) -> Prediction:
    return lambda one: factor * one.expected * (_product(one.case.sizes, above) / _product(one.case.sizes, below))


def _rounded(digits: int) -> Prediction:
    return lambda one: np.round(one.expected, digits)


def _product(sizes: Mapping[str, int], axes: Sequence[str]) -> int:
    return math.prod(sizes[axis] for axis in axes)


def _ratio(one: Evidence) -> float | None:
    """The factor between answer and expected array at the largest entry; None where there is none."""
    if one.actual.shape != one.expected.shape or one.expected.size == 0:
        return None
    place = np.unravel_index(np.abs(one.expected).argmax(), one.expected.shape)
    if one.expected[place] == 0 or one.actual[place] == 0:
        return None
    ratio = float(one.actual[place]) / float(one.expected[place])  # numpy would warn of an overflow
    return ratio if math.isfinite(ratio) else None


def _telling_row(one: Evidence) -> Evidence:
    """The evidence of a large array cut to the row of its largest entry: what changes entry by entry shows there."""
    if one.actual.shape != one.expected.shape:
        return one
    at = np.unravel_index(np.abs(one.expected).argmax(), one.expected.shape)[0]
    return Evidence(one.case, one.expected[at : at + 1], one.actual[at : at + 1])


def _truncated(one: Evidence) -> Array:
    return np.trunc(one.expected)


def _floored(one: Evidence) -> Array:
    return np.floor(one.expected)


def _number(value: float) -> str:
    """A factor as people write it: 2, −0.5, 3.14159."""
    return f"{value:.6g}".replace("-", "−")


def _axes_text(axes: Sequence[str]) -> str:
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
