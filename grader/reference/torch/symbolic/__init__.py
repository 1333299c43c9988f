"""
Check references with SymPy: differentiate the formulas entry by entry by its rules, and evaluate them in 30 digits.

An entry whose expression grows large gets a name, and stands as a symbol in later expressions; the chain rule joins the
derivatives of named expressions. Where a formula branches (relu, max, where), the branch that holds at the point is
differentiated. SymPy and mpmath are no dependencies of ours but torch's own: whoever audits has them. Only the audit may
import this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.exercise.model import JVP, VJP, Gradient, Hessian, Jacobian, Local, Target, Value
from grader.reference.torch.derivatives import Point, dependents, line_of
from grader.reference.torch.symbolic.entries import Entries, NotCoveredError, as_array, expressions
from grader.reference.torch.symbolic.formulas import evaluate
from grader.reference.torch.symbolic.program import DIGITS, Program

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

MAX_ENTRIES = 150  # entries of a target
MAX_GIVEN = 800  # entries of inputs and lines together


def derivative(point: Point, target: Target, expected: Array) -> Array | None:
    """
    Compute a target at a point by SymPy, in the target's layout.

    Returns None for large targets and graphs, and where two branches are too near each other to choose.
    """
    if not 0 < expected.size <= MAX_ENTRIES or sum(value.numel() for value in point.values.values()) > MAX_GIVEN:
        return None
    try:
        with mpmath.workdps(DIGITS):
            found: Array = _derivative(Program(), point, target)
    except (NotCoveredError, ZeroDivisionError, OverflowError):
        return None
    if target.layout != "numerator":
        wrt = point.exercise.blocks(target)[0]
        of = found.ndim - wrt
        found = found.transpose(*range(of, found.ndim), *range(of))
    return found


def _derivative(program: Program, point: Point, target: Target) -> Any:
    """Compute a target in numerator layout, as `derivatives.derive` does."""
    kind = target.kind
    match kind:
        case Value():
            of = _run(program, point, set())[kind.of]
            return np.array([float(program.value(entry)) for entry in of.reshape(-1)]).reshape(of.shape)
        case Local():
            values = _given(program, point, (kind.wrt,))
            found = evaluate(program, line_of(point.exercise, kind.of).formula, values, point.sizes)
            return program.rows(found, values[kind.wrt])
        case Jacobian():
            values = _run(program, point, {kind.wrt})
            return program.rows(values[kind.of], values[kind.wrt])
        case Gradient():
            values = _run(program, point, {kind.wrt})
            return program.rows(values[kind.of].reshape(()), values[kind.wrt])
        case VJP():
            values = _run(program, point, {kind.wrt})
            pairs = [
                pair
                for of, upstream in kind.pairs
                for pair in zip(values[of].flat, expressions(values[upstream]).flat, strict=True)
            ]
            loss = sympy.Add(*(entry * arriving for entry, arriving in pairs))
            return program.rows(as_array(loss), values[kind.wrt])
        case JVP():
            values = _run(program, point, {kind.wrt})
            jacobian = program.rows(values[kind.of], values[kind.wrt])
            tangent = point.values[kind.tangent].numpy()
            return np.tensordot(jacobian, tangent, axes=tangent.ndim)
        case Hessian():
            values = _run(program, point, {kind.wrt, kind.other})
            gradient = program.gradient(values[kind.of].reshape(()).item(), values[kind.wrt])
            return program.rows(gradient, values[kind.other])
        case _:
            assert_never(kind)


def _given(program: Program, point: Point, leaves: tuple[str, ...]) -> dict[str, Entries]:
    return {name: program.given(name, value, is_variable=name in leaves) for name, value in point.values.items()}


def _run(program: Program, point: Point, leaves: set[str]) -> dict[str, Entries]:
    """Evaluate the lines that depend on `leaves`, or all lines without any; return every name with its entries."""
    values = _given(program, point, tuple(leaves))
    touched = dependents(point.exercise, frozenset(leaves))
    for line in point.exercise.forward:
        if (line.name in touched and line.name not in leaves) or not leaves:
            values[line.name] = evaluate(program, line.formula, values, point.sizes)
    return values
