"""
Edit a formula's derivative: the value stays, what is differentiated changes. Edits predict what mistakes return.

An edit belongs to a node, named by its position in `formula.nodes`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import torch

from grader.exercise.formula import CONSTANTS, FUNCTIONS, BinaryNode, CallNode, Formula, NameNode, Node, children, fold

Tensor: TypeAlias = torch.Tensor


@dataclass(frozen=True, slots=True)
class AsIdentity:
    """Take the node's derivative by its argument as 1: its factor of the chain rule is left out."""


@dataclass(frozen=True, slots=True)
class Detached:
    """Take the node as a constant: the path through it is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class DerivativeAt:
    """Take the derivative of an elementwise node at `value` instead of at its argument: tanh'(y) for tanh'(z)."""

    value: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class DerivativeByOutput:
    """Use `value` for the output in a derivative that is written by the function's output: 1 - z² for 1 - y²."""

    value: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class AsSlope:
    """Take `value` for the derivative: tanh(z) itself, or the derivative of another function."""

    value: Tensor


Edit: TypeAlias = AsIdentity | Detached | DerivativeAt | DerivativeByOutput | AsSlope

# Functions whose derivative is usually written by their output y.
BY_OUTPUT: Mapping[str, Callable[[Tensor], Tensor]] = {
    "exp": lambda y: y,
    "expm1": lambda y: y + 1,
    "tanh": lambda y: 1 - y**2,
    "sigmoid": lambda y: y * (1 - y),
    "softplus": lambda y: 1 - torch.exp(-y),
    "sqrt": lambda y: 1 / (2 * y),
    "cbrt": lambda y: 1 / (3 * y**2),
    "reciprocal": lambda y: -(y**2),
}


def elementwise_unary(formula: Formula, axes: Collection[str] = ()) -> tuple[int, ...]:
    """
    Find the nodes that are a curved function of one array, entry by entry: tanh(u), u ** 2, 1 / u, clip(u, 0, 1).

    Names in `axes` are numbers, not arrays. Returns positions in `formula.nodes`.
    """
    found: list[int] = []

    def combine(position: int, node: Node, has_array: tuple[bool, ...]) -> bool:
        is_elementwise = isinstance(node, CallNode) and FUNCTIONS[node.function].kind == "elementwise"
        is_power = isinstance(node, BinaryNode) and node.operator == "**"
        is_quotient = isinstance(node, BinaryNode) and node.operator == "/" and not has_array[0]
        if (is_elementwise or is_power or is_quotient) and sum(has_array) == 1:
            found.append(position)
        return any(has_array) or (isinstance(node, NameNode) and node.name not in axes and node.name not in CONSTANTS)

    fold(formula, combine)
    return tuple(found)


def argument(node: Node) -> Node:
    """Return the one array that a node of `elementwise_unary` is a function of: `Z` of tanh(Z)."""
    return next(child for child in children(node) if _has_name(child))


def _has_name(node: Node) -> bool:
    return (isinstance(node, NameNode) and node.name not in CONSTANTS) or any(map(_has_name, children(node)))


def edited(edit: Edit, node: Node, operand: Tensor | None, result: Tensor, recompute: Callable[[Tensor], Tensor]) -> Tensor:
    """
    Give the `result` of a node the derivative that an edit asks for.

    `operand` is the node's first tensor, `recompute` computes the node at another one.
    Raises ValueError if the edit has no meaning: shapes that differ, a function that is not in BY_OUTPUT.
    """
    if isinstance(edit, Detached):
        return result.detach()
    if operand is None or operand.shape != result.shape:
        raise ValueError("this edit is for functions that keep the shape of their argument")
    match edit:
        case AsIdentity():
            slope = torch.ones_like(operand)
        case DerivativeAt():
            slope = _slope(recompute, edit.value)
        case DerivativeByOutput():
            if not isinstance(node, CallNode) or node.function not in BY_OUTPUT:
                raise ValueError("this function's derivative is not written by its output")
            slope = BY_OUTPUT[node.function](edit.value)
        case AsSlope():
            slope = edit.value
        case _:
            assert_never(edit)
    if slope.shape != result.shape:
        raise ValueError("the derivative is taken at an array of another shape")
    found: Tensor = _WithSlope.apply(operand, result.detach(), slope)  # type: ignore[no-untyped-call]
    return found


class _WithSlope(torch.autograd.Function):
    """
    A result with a chosen derivative by `operand`, entry by entry.

    `result + slope * (operand - operand.detach())` has the right first derivative, but twice the second one that it should.
    """

    @staticmethod
    def forward(ctx: Any, operand: Tensor, result: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        return result.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None, None


def _slope(function: Callable[[Tensor], Tensor], value: Tensor) -> Tensor:
    """Differentiate an elementwise function at `value`; the result is differentiable where `value` is."""
    with torch.enable_grad():
        point = value if value.requires_grad else value.detach().requires_grad_()
        out = function(point)
        if not out.requires_grad:
            return torch.zeros_like(value)
        return torch.autograd.grad(out.sum(), point, create_graph=value.requires_grad)[0]
