"""The values that rules take, and what several rules share."""

from __future__ import annotations

from dataclasses import dataclass

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError


@dataclass(frozen=True, slots=True)
class ShapedArray:
    """An array of which only the shape is known."""

    shape: Shape


def shape_of(value: object) -> Shape:
    """Return the shape of an array or a number. Raises FormulaError for any other value."""
    if isinstance(value, ShapedArray):
        return value.shape
    if args.is_number(value):
        return ()
    kind = "a tuple" if isinstance(value, tuple) else f"the text {value!r}" if isinstance(value, str) else repr(value)
    raise FormulaError(f"{kind} is given where an array is needed")


def reduced(shape: Shape, axes: Shape, keepdims: object) -> Shape:
    """Remove axes from a shape, or keep each with size 1."""
    if not isinstance(keepdims, bool):
        raise FormulaError("keepdims is True or False")
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)
