"""
Check the arguments of functions once their numbers are known: axes, shapes, windows, subscripts, indices.

Shape inference and evaluation both use these functions, so that they cannot differ. All of them raise FormulaError with `what`
alone: the caller knows which part of the formula it is about.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Sequence
from types import EllipsisType
from typing import TypeAlias

from grader.exercise.formula.nodes import FormulaError
from grader.text import counted, plural

Shape: TypeAlias = tuple[int, ...]


def is_number(value: object) -> bool:
    """Tell whether this is a plain number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: object, name: str, *, least: int | None = None) -> int:
    """Check that an argument is a whole number known beforehand: a literal, or axes and arithmetic."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise FormulaError(
            f"{name} has to be a whole number",
            "Write a literal, an axis, or + - * // % of them.",
        )
    if least is not None and value < least:
        raise FormulaError(f"{name} is {value}, less than {least}")
    return value


def wholes(value: object, name: str, *, least: int | None = None) -> Shape:
    """Return a whole number, or a tuple of them, as a tuple."""
    items = value if isinstance(value, tuple) else (value,)
    return tuple(whole(item, name, least=least) for item in items)


def pair(value: object, name: str, *, least: int) -> tuple[int, int]:
    """Return `2` or `(2, 3)` as a pair, for height and width."""
    first, *rest = wholes(value, name, least=least) or (0,)
    if len(rest) > 1 or value == ():
        raise FormulaError(f"{name} is one whole number, or one for height and one for width")
    return first, rest[0] if rest else first


def one_axis(axis: object, ndim: int, name: str = "axis") -> int:
    """Return an axis as counted from the front."""
    number = whole(axis, name)
    if not -ndim <= number < ndim:
        raise FormulaError(f"{name} is {number}, but there {plural(ndim, 'is', 'are')} {counted(ndim, 'axis', 'axes')}")
    return number % ndim


def some_axes(axis: object, ndim: int, name: str = "axis") -> Shape:
    """Return one axis or several as counted from the front; None means all of them."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(one_axis(item, ndim, name) for item in (axis if isinstance(axis, tuple) else (axis,)))
    if not axes:
        raise FormulaError(f"{name} is (), which names none")
    if len(set(axes)) < len(axes):
        raise FormulaError(f"{name} names an axis twice")
    return axes


def broadcast(*shapes: Shape) -> Shape:
    """Combine shapes entry by entry, by NumPy's rule."""
    ndim = max(map(len, shapes), default=0)
    aligned = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    result = []
    for sizes in zip(*aligned, strict=True):
        others = {size for size in sizes if size != 1}
        if len(others) > 1:
            raise FormulaError(
                "the shapes do not fit together", "Axes are matched from the last; x[:, None] adds one, and size 1 stretches."
            )
        result.append(others.pop() if others else 1)
    return tuple(result)


def roll_plan(shift: object, axis: object, ndim: int) -> dict[int | None, int]:
    """
    Work out how far roll moves along each axis, by NumPy's rule.

    None is the flat array. Shifts along the same axis add up.
    """
    shifts = wholes(shift, "shift")
    axes = (None,) if axis is None else tuple(one_axis(item, ndim) for item in (axis if isinstance(axis, tuple) else (axis,)))
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise FormulaError("shift and axis name different numbers of axes")
    count = 0 if not shifts or not axes else max(len(shifts), len(axes))
    plan: dict[int | None, int] = {}
    for place in range(count):
        along = axes[place if len(axes) > 1 else 0]
        plan[along] = plan.get(along, 0) + shifts[place if len(shifts) > 1 else 0]
    return plan


def target_shape(shape: object, entries: int) -> Shape:
    """Complete the shape that reshape is asked for; one size may be -1."""
    sizes = wholes(shape, "shape", least=-1)
    known = math.prod(size for size in sizes if size != -1)
    if sizes.count(-1) > 1:
        raise FormulaError("the new shape has -1 more than once")
    if -1 in sizes:
        if known == 0 or entries % known:
            raise FormulaError("the entries cannot be divided so that -1 is a whole number")
        return tuple(entries // known if size == -1 else size for size in sizes)
    if known != entries:
        raise FormulaError("the new shape has another number of entries")
    return sizes


def pad_pairs(pad_width: object, ndim: int) -> tuple[tuple[int, int], ...]:
    """Expand NumPy's short forms of pad_width to (before, after) for each axis."""
    if not isinstance(pad_width, tuple):
        width = whole(pad_width, "pad_width", least=0)
        return ((width, width),) * ndim
    if pad_width and not isinstance(pad_width[0], tuple):
        return (_before_after(pad_width),) * ndim
    pairs = tuple(_before_after(item) for item in pad_width)
    if len(pairs) == 1:
        return pairs * ndim
    if len(pairs) != ndim:
        raise FormulaError(f"pad_width has {len(pairs)} pairs for {ndim} axes")
    return pairs


def _before_after(item: object) -> tuple[int, int]:
    widths = wholes(item, "pad_width", least=0)
    if len(widths) != 2:
        raise FormulaError("pad_width is one number, (before, after), or such a pair for each axis")
    return widths[0], widths[1]


def source_axes(source: object, destination: object, ndim: int) -> Shape:
    """List, for each axis after moveaxis, which axis it was before."""
    from_axes, to_axes = some_axes(source, ndim, "source"), some_axes(destination, ndim, "destination")
    if len(from_axes) != len(to_axes):
        raise FormulaError("source and destination name different numbers of axes")
    order = [axis for axis in range(ndim) if axis not in from_axes]
    for place, axis in sorted(zip(to_axes, from_axes, strict=True)):
        order.insert(place, axis)
    return tuple(order)


def order_of(order: object) -> str:
    """Check an order: 'C' or 'F'."""
    if order not in {"C", "F"}:
        raise FormulaError("order is 'C' (row by row) or 'F' (column by column)")
    return str(order)


def einsum_plan(subscripts: str, shapes: Sequence[Shape]) -> tuple[str, Shape]:
    """Complete einsum's subscripts, with the result's ones after an arrow, and work out the result's shape."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise FormulaError(f"the subscripts name {counted(len(terms), 'operand')}, but {len(shapes)} are given")
    letters = left.replace(",", "").replace("...", "")
    if any(letter not in string.ascii_letters for letter in (letters + right.replace("...", ""))):
        raise FormulaError("subscripts are letters, commas, one -> and ...")
    sizes, rest = _subscript_sizes(terms, shapes)
    if not arrow:
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    plain = right.replace("...", "", 1)
    if "." in plain or len(set(plain)) < len(plain):
        raise FormulaError(f"the result's subscripts `{right}` name an axis twice")
    if unknown := [letter for letter in plain if letter not in sizes]:
        raise FormulaError(f"the result's subscript `{unknown[0]}` belongs to no operand")
    if "..." in left and "..." not in right and rest:
        raise FormulaError("the result's subscripts leave out `...`")
    before, _, after = right.partition("...")
    return f"{left}->{right}", (*(sizes[c] for c in before), *(rest if "..." in right else ()), *(sizes[c] for c in after))


def _subscript_sizes(terms: Sequence[str], shapes: Sequence[Shape]) -> tuple[dict[str, int], Shape]:
    """Find the size of each letter, and the shape of `...`."""
    sizes: dict[str, int] = {}
    rests: list[Shape] = []
    for term, shape in zip(terms, shapes, strict=True):
        before, dots, after = term.partition("...")
        spare = len(shape) - len(before) - len(after)
        if spare < 0 or (spare and not dots) or "." in before + after:
            raise FormulaError(f"the subscripts `{term}` stand at an operand with {len(shape)} axes")
        rests.append(shape[len(before) : len(before) + spare])
        for letter, size in zip(before + after, (*shape[: len(before)], *shape[len(before) + spare :]), strict=True):
            if sizes.setdefault(letter, size) != size:
                raise FormulaError(f"the subscript `{letter}` stands for {sizes[letter]} and for {size}")
    return sizes, broadcast(*rests)


def index_plan(items: Sequence[object], shape: Shape) -> list[tuple[object, int]]:
    """
    Pair each item of an index with the size of its axis (0 for None, which has none).

    `...` and axes left out become full slices. Items are whole numbers, slices, None, ... and, for anything else, integer arrays.
    """
    used = sum(item is not None and not isinstance(item, EllipsisType) for item in items)
    dots = [place for place, item in enumerate(items) if isinstance(item, EllipsisType)]
    if len(dots) > 1:
        raise FormulaError("`...` stands twice in the index")
    if used > len(shape):
        raise FormulaError(f"the index has {used} items for {counted(len(shape), 'axis', 'axes')}")
    place = dots[0] if dots else len(items)
    full: list[object] = [slice(None)] * (len(shape) - used)
    sizes = iter(shape)
    return [(item, 0 if item is None else next(sizes)) for item in (*items[:place], *full, *items[place + 1 :])]


def slice_range(item: slice, size: int) -> range:
    """List the positions that a slice picks from an axis."""
    return range(*item.indices(size))


def arange_of(start: object, stop: object, step: object) -> range:
    """Return the integers of arange(start, stop, step)."""
    first, last = (0, start) if stop is None else (start, stop)
    by = whole(step, "step")
    if by == 0:
        raise FormulaError("step is 0")
    return range(whole(first, "start"), whole(last, "stop"), by)


def window_count(size: int, window: int, stride: int) -> int:
    """Count the windows that fit into an axis."""
    if window > size:
        raise FormulaError(f"a window of {window} does not fit into {size}")
    return (size - window) // stride + 1


def lengths(items: Iterable[int]) -> Shape:
    """Return sizes as a shape, with 0 for negative ones."""
    return tuple(max(0, item) for item in items)
