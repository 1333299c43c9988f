"""Complete the sizes of axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.exercise.formula import FormulaError, evaluate_integer
from grader.exercise.model import Axis, DerivedAxis


def complete(axes: Iterable[Axis], drawn: Mapping[str, int]) -> dict[str, int] | None:
    """Compute the sizes of all axes from those that are drawn; None if an axis is less than 1."""
    sizes: dict[str, int] = {}
    for axis in axes:
        if isinstance(axis, DerivedAxis) and axis.name not in drawn:
            try:
                sizes[axis.name] = evaluate_integer(axis.size, sizes)
            except FormulaError:  # for example a division by zero at these sizes
                return None
        else:
            sizes[axis.name] = drawn[axis.name]
        if sizes[axis.name] < 1:
            return None
    return sizes
