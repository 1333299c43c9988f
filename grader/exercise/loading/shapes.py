"""
Try the shapes of an exercise at sample sizes, and find the names of their axes.

Shapes are inferred with numbers, at the ends of the ranges and at spread sizes that all differ. An axis is named after what
explains its size at all of these at once: a coincidence at one of them names nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from grader.exercise.formula import Formula, FormulaError, infer_shape
from grader.exercise.model import Axes, Axis, DerivedAxis
from grader.exercise.sizes import complete
from grader.text import shape_text

Shape: TypeAlias = tuple[int, ...]
Vector: TypeAlias = tuple[int, ...]  # one size at each trial
Sizes: TypeAlias = Mapping[str, int]

MAX_CORNERS = 24
MAX_SWEPT = 16
# Spread sizes are the middle of the range times a factor, so that orders and differences of ranges stay as they are
# (H - K + 1 stays positive), plus a prime that no other axis has.
_SPREADS = (
    (8, (11, 7, 17, 3, 19, 5, 23, 2, 13)),
    (11, (3, 17, 5, 13, 2, 23, 7, 11, 19)),
)
_OFFSETS = (-1, 1, -2, 2, -3, 3, -4, 4)


@dataclass(frozen=True, slots=True)
class ShapeTrial:
    """Sizes of all axes, and the shapes of all quantities at these sizes."""

    sizes: Sizes
    is_spread: bool = False  # else the sizes can occur in a case
    shapes: dict[str, Shape] = field(default_factory=dict)

    def shape(self, axes: Axes) -> Shape:
        """Turn axes, given by name, into sizes."""
        return tuple(self.sizes[axis] for axis in axes)

    def infer(self, formula: Formula, others: Mapping[str, Shape] | None = None) -> Shape:
        """Infer the shape of a formula at these sizes; `others` are shapes beside those of the trial. Raises FormulaError."""
        shape = infer_shape(formula, {**self.shapes, **others} if others else self.shapes, self.sizes, self.describe)
        if 0 in shape:
            raise FormulaError(f"{formula.text} has no entries: its shape is {shape}", "Give the axis a larger size.")
        return shape

    def describe(self, shape: Shape) -> str:
        """Write a shape in axis names, where a size belongs to one axis only."""
        texts = []
        for size in shape:
            names = [axis for axis, own in self.sizes.items() if own == size]
            texts.append(names[0] if len(names) == 1 else str(size))
        return shape_text(texts)

    def __str__(self) -> str:
        return ", ".join(f"{axis} = {size}" for axis, size in self.sizes.items())


def corners(axes: Sequence[Axis], fixed: Sizes | None = None) -> tuple[dict[str, int], ...]:
    """
    List sizes at the ends of the ranges: all low, all high, each axis alone at its other end.

    Sizes at which a computed axis is less than 1 are left out.
    """
    fixed = fixed or {}
    ends = {axis.name: (axis.low, axis.high) for axis in axes if not isinstance(axis, DerivedAxis) and axis.name not in fixed}
    choices = [{name: low_high[end] for name, low_high in ends.items()} for end in (0, 1)]
    for name, end in itertools.product(ends, (0, 1)):
        choices.append({**choices[end], name: ends[name][1 - end]})
    found: list[dict[str, int]] = []
    for choice in choices[:MAX_CORNERS]:
        sizes = complete(axes, {**choice, **fixed})
        if sizes is not None and sizes not in found:
            found.append(sizes)
    return tuple(found)


def sweep(axes: Sequence[Axis]) -> Iterator[dict[str, int]]:
    """Yield each axis at every size of its range, the others at their lowest."""
    lowest = {axis.name: axis.low for axis in axes if not isinstance(axis, DerivedAxis)}
    for axis in axes:
        if not isinstance(axis, DerivedAxis):
            for size in range(axis.low, min(axis.high, axis.low + MAX_SWEPT) + 1):
                sizes = complete(axes, {**lowest, axis.name: size})
                if sizes is not None:
                    yield sizes


def spread(axes: Sequence[Axis], *, keep_fixed: bool) -> tuple[dict[str, int], ...]:
    """
    Choose settings in which all sizes differ; () where expressions do not allow it.

    Axes with a single size are changed, too, unless `keep_fixed`.
    """
    settings = []
    for factor, primes in _SPREADS:
        drawn = {
            axis.name: axis.low
            if keep_fixed and axis.low == axis.high
            else (axis.low + axis.high) * factor // 2 + primes[place % len(primes)] + 29 * (place // len(primes))
            for place, axis in enumerate(axes)
            if not isinstance(axis, DerivedAxis)
        }
        sizes = complete(axes, drawn)
        if sizes is None:
            return ()
        settings.append(sizes)
    return tuple(settings)


def name_axes(shapes: Sequence[Shape], settings: Sequence[Sizes], preferred: Sequence[str]) -> tuple[str | None, ...]:
    """
    Name the axes of a shape that is known at several settings; None for a size that has no name.

    Preferred axes are tried first.
    """
    order = (*preferred, *(axis for axis in settings[0] if axis not in preferred))
    vectors = {axis: tuple(sizes[axis] for sizes in settings) for axis in order}
    return tuple(_name(vector, vectors) for vector in zip(*shapes, strict=True))


def _name(wanted: Vector, vectors: Mapping[str, Vector]) -> str | None:
    for axis, vector in vectors.items():
        if vector == wanted:
            return axis
    if len(set(wanted)) == 1:
        return str(wanted[0])
    return next((text for text, vector in _expressions(vectors) if vector == wanted), None)


def _expressions(vectors: Mapping[str, Vector]) -> Iterator[tuple[str, Vector]]:
    """Yield expressions for a size without an axis of its own, simple ones first: `n - 1`, `2 * n`, `n + m`, `n * m` ..."""
    for axis, vector in vectors.items():
        yield from _shifted(axis, vector)
        for factor in (2, 3, 4):
            multiple = tuple(size * factor for size in vector)
            yield f"{factor} * {axis}", multiple
            yield from _shifted(f"{factor} * {axis}", multiple)
            yield f"{axis} // {factor}", tuple(size // factor for size in vector)
    for (a, left), (b, right) in itertools.combinations_with_replacement(vectors.items(), 2):
        yield f"{a} * {b}", tuple(x * y for x, y in zip(left, right, strict=True))
        if a != b:
            total = tuple(x + y for x, y in zip(left, right, strict=True))
            yield f"{a} + {b}", total
            yield from _shifted(f"{a} + {b}", total)
    for (a, left), (b, right) in itertools.permutations(vectors.items(), 2):
        difference = tuple(x - y for x, y in zip(left, right, strict=True))
        yield f"{a} - {b}", difference
        yield from _shifted(f"{a} - {b}", difference)
    for (a, x), (b, y), (c, z) in itertools.combinations(vectors.items(), 3):
        yield f"{a} + {b} + {c}", tuple(map(sum, zip(x, y, z, strict=True)))
        yield f"{a} * {b} * {c}", tuple(p * q * r for p, q, r in zip(x, y, z, strict=True))


def _shifted(text: str, vector: Vector) -> Iterator[tuple[str, Vector]]:
    for offset in _OFFSETS:
        yield f"{text} {'-' if offset < 0 else '+'} {abs(offset)}", tuple(size + offset for size in vector)
