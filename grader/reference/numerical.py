"""Finite differences in float64: what references are audited against, and what a student who uses them returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, assert_never

import torch

from grader.exercise import JVP, VJP, Gradient, Hessian, Jacobian, Kind, Local, Target, Value
from grader.reference.derivatives import Point, derive, laid_out, line_of, rerun
from grader.reference.evaluate import evaluate

if TYPE_CHECKING:
    from grader.outcome import Array

STEPS = (1e-2, 1e-3, 1e-4)  # the best of them counts: curvature decides which
MAX_ENTRIES = 4096


def gap(point: Point, target: Target, expected: Array) -> float | None:
    """
    How far an expected array is from central differences of order 4, relative to its largest entry.

    None for a value, which nothing is differentiated for, and for arrays too large to be differenced quickly.
    """
    if isinstance(target.kind, Value) or not 0 < expected.size <= MAX_ENTRIES:
        return None
    exact = torch.tensor(expected)
    scale = max(float(exact.abs().max()), 1e-12)
    found = (laid_out(point.exercise, target, difference(point, target.kind, step, order=4)) for step in STEPS)
    return min(float((one - exact).abs().max()) / scale for one in found)


def difference(point: Point, kind: Kind, step: float, *, order: int) -> torch.Tensor:
    """
    A derivative by finite differences with one step for every entry of `wrt`, or along a tangent, in numerator layout.

    `order` 1 is forward differences, 2 central ones, 4 the five-point formula.
    """
    match kind:
        case Value():
            return point.values[kind.of]
        case Local():
            formula = line_of(point.exercise, kind.of).formula
            function = lambda wrt: evaluate(formula, {**point.values, kind.wrt: wrt}, point.sizes)  # noqa: E731
        case Jacobian() | Gradient():
            function = lambda wrt: rerun(point, {kind.wrt: wrt})[kind.of]  # noqa: E731
        case VJP():
            function = lambda wrt: _loss(point, kind, rerun(point, {kind.wrt: wrt}))  # noqa: E731
        case JVP():
            start, tangent = point.values[kind.wrt], point.values[kind.tangent]
            along = lambda length: rerun(point, {kind.wrt: start + length * tangent})[kind.of]  # noqa: E731
            return _columns(along, start.new_zeros(()), step, order)
        case Hessian():
            return _columns(lambda other: _gradient_at(point, kind, other), point.values[kind.other], step, order)
        case _:
            assert_never(kind)
    return _columns(function, point.values[kind.wrt], step, order)


def _loss(point: Point, kind: VJP, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """What has the upstream gradients for derivatives: the sum of upstream times quantity, over all pairs."""
    parts = [(values[of] * point.values[upstream]).sum() for of, upstream in kind.pairs]
    return torch.stack(parts).sum()


def _gradient_at(point: Point, kind: Hessian, other: torch.Tensor) -> torch.Tensor:
    """The gradient by autograd, which is audited by itself, at a point where `other` is moved."""
    if kind.other == kind.wrt:
        values = {**point.values, kind.wrt: other}
        return derive(dataclasses.replace(point, values=values), Gradient(of=kind.of, wrt=kind.wrt))
    moved = rerun(point, {kind.other: other, kind.wrt: point.values[kind.wrt]})
    return derive(dataclasses.replace(point, values=moved), Gradient(of=kind.of, wrt=kind.wrt))


def _columns(function: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, step: float, order: int) -> torch.Tensor:
    """Differences of a function in each entry of its argument. Shape: (*result, *argument)."""
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
