"""The shapes of sums, means, extrema and norms over axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import reduced, shape_of


def _sum(x: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    return reduced(shape, args.some_axes(axis, len(shape)), keepdims)


def mean_rule(x: object, axis: object, keepdims: object) -> Shape:
    """Infer the shape of a mean, or of another reduction that needs at least one entry."""
    shape = shape_of(x)
    axes = args.some_axes(axis, len(shape))
    if any(shape[axis] == 0 for axis in axes):
        raise FormulaError("an axis of size 0 has nothing to reduce")
    return reduced(shape, axes, keepdims)


def _extremum(name: str) -> Callable[..., Shape]:
    """Make the rule of max or min. It points to maximum and minimum whoever writes Python's max(a, b)."""

    def rule(x: object, axis: object, keepdims: object) -> Shape:
        try:
            return mean_rule(x, axis, keepdims)
        except FormulaError as error:
            if axis is None or isinstance(axis, int | tuple):
                raise
            remedy = f"The {'larger' if name == 'max' else 'smaller'} of two, entry by entry, is {name}imum(x, y)."
            raise FormulaError(error.what, remedy) from None

    return rule


def _variance(x: object, axis: object, ddof: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    count = math.prod(shape[axis] for axis in args.some_axes(axis, len(shape)))
    if count <= args.whole(ddof, "ddof", least=0):
        raise FormulaError(f"the variance of {count} with ddof={ddof} is not defined")
    return mean_rule(x, axis, keepdims)


def _norm(x: object, ord: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    axes = args.some_axes(axis, len(shape))
    if ord == "fro":
        if len(axes) != 2:
            raise FormulaError("ord='fro' is for matrices")
    elif ord is not None:
        if not isinstance(ord, int | float) or isinstance(ord, bool) or ord <= 0:
            raise FormulaError("ord is None, 'fro' or a positive number", "For the largest entry write max(abs(x)).")
        if len(axes) > 1:
            raise FormulaError(
                f"ord={ord} of a matrix is another norm", "Leave ord out for the root of the sum of squares, or name one axis."
            )
    return reduced(shape, axes, keepdims)


def _arg(x: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    axes = tuple(range(len(shape))) if axis is None else (args.one_axis(axis, len(shape)),)
    return mean_rule(x, axes, keepdims)


REDUCTIONS: Mapping[str, Callable[..., Shape]] = {
    "sum": _sum,
    "prod": _sum,
    "mean": mean_rule,
    "max": _extremum("max"),
    "min": _extremum("min"),
    "logsumexp": mean_rule,
    "var": _variance,
    "std": _variance,
    "norm": _norm,
    "argmax": _arg,
    "argmin": _arg,
}
