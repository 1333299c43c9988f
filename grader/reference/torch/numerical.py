"""Differentiate numerically, in float64: references are audited against it, and students who use it are recognised."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from grader.exercise.formula import NotFiniteError
from grader.exercise.model import JVP, Hessian, Kind, Target, Value
from grader.reference.torch.derivatives import Point, in_target_layout, primal

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

STEPS = (1e-2, 1e-3, 1e-4, 1e-6)  # the best of them counts: curvature decides which
MAX_ENTRIES = 4096
_ROUNDING = 16 * 2.0**-52  # share of the largest value of the function that is differenced


def gap(point: Point, target: Target, expected: Array) -> float | None:
    """
    Measure how far an expected array is from central differences of order 4, relative to its largest entry.

    Rounding is taken off. Returns None for a value, which is no derivative, for arrays too large to be differenced quickly, and
    if forward has no value on some side.
    """
    if isinstance(target.kind, Value) or not 0 < expected.size <= MAX_ENTRIES:
        return None
    exact = torch.tensor(expected)
    scale = float(exact.abs().max()) or 1.0
    start = point.values[target.kind.other if isinstance(target.kind, Hessian) else target.kind.wrt]
    rounding = _ROUNDING * float(primal(point, target.kind, start).abs().max())
    gaps = []
    for step in STEPS:
        with contextlib.suppress(NotFiniteError):  # beyond the edge of where forward has a value: a smaller step may not be
            found = in_target_layout(point.exercise, target, difference(point, target.kind, step, order=4))
            gaps.append(max(float((found - exact).abs().max()) - rounding / step, 0.0) / scale)
    return min(gaps, default=None)


def difference(point: Point, kind: Kind, step: float, *, order: int) -> torch.Tensor:
    """
    Compute a derivative by finite differences, in numerator layout.

    There is one step for every entry of `wrt`, or one along a tangent. `order` 1 is forward differences, 2 central ones, 4 the
    five-point formula.
    """
    if isinstance(kind, Value):
        return point.values[kind.of]
    if isinstance(kind, JVP):
        start, tangent = point.values[kind.wrt], point.values[kind.tangent]
        return _columns(lambda length: primal(point, kind, start + length * tangent), start.new_zeros(()), step, order)
    start = point.values[kind.other if isinstance(kind, Hessian) else kind.wrt]
    return _columns(lambda moved: primal(point, kind, moved).detach(), start, step, order)


def _columns(function: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, step: float, order: int) -> torch.Tensor:
    """Difference a function in each entry of its argument. Shape: (*result, *argument)."""
    base = function(start)
    columns = []
    for i in range(start.numel()):
        nudge = torch.zeros(start.numel(), dtype=start.dtype)
        nudge[i] = step
        nudge = nudge.reshape(start.shape)
        ahead = function(start + nudge)
        if order == 1:
            columns.append((ahead - base) / step)
            continue
        slope = (ahead - function(start - nudge)) / (2 * step)
        if order == 4:
            wide = (function(start + 2 * nudge) - function(start - 2 * nudge)) / (4 * step)
            slope = (4 * slope - wide) / 3
        columns.append(slope)
    stacked = torch.stack(columns, dim=-1) if columns else base.new_zeros((*base.shape, 0))
    return stacked.reshape((*base.shape, *start.shape))
