"""
Estimate how many digits each expected entry has in float64, whichever right formula computes it.

A formula that is right on paper loses digits relative to its intermediate results, not to the final entry: 1 - Y² has the
digits of 1, E[x²] - E[x]² those of E[x²]. So the reference is run again with every intermediate result and every slope of its
graph a little off, each relative to the magnitude of its parts; how far an entry moves bounds what rounding may do to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from grader.exercise.formula import (
    BinaryNode,
    CallNode,
    CompareNode,
    ConstantNode,
    FormulaError,
    IndexNode,
    NameNode,
    Node,
    NumberNode,
    TransposeNode,
    UnaryNode,
)
from grader.exercise.model import Exercise, Hessian
from grader.reference.tolerance import UNKNOWN
from grader.reference.torch.derivatives import Tensors, derive, in_target_layout, point_at
from grader.reference.torch.tensors import real

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox.wire.answer import Array

PATTERNS = 3  # patterns of noise; an entry that one of them leaves alone is moved by another
# 1000 units of the last digit, where a right formula of textbook length loses some tens: see tests/benchmarks/judging.py
NOISE = 2.0**-42
# Sums of products: their magnitude is the sum of the absolute values.
_SUMS = frozenset(
    {
        *("sum", "mean", "dot", "inner", "outer", "matmul", "kron", "einsum", "trace", "cumsum"),
        "avg_pool2d",
    }
)
_CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv_transpose2d"})
# Their slopes are often written by the output or by 1 - output, so the slopes have the digits of 1, however small they are.
_CURVED = frozenset(
    {
        *("tanh", "sigmoid", "logsigmoid", "softmax", "log_softmax", "softplus", "erf", "gelu", "silu", "elu"),
        *("sin", "cos", "arctan", "expm1", "log1p"),
    }
)
# Algorithms of linear algebra round relative to their largest entry.
_WHOLE = frozenset({"inv", "solve", "cholesky", "det", "norm"})
# Functions that move numbers, or choose among them, are exact.
_MOVES = frozenset(
    {
        *(
            "abs",
            "sign",
            "relu",
            "maximum",
            "minimum",
            "max",
            "min",
            "max_pool2d",
            "where",
            "clip",
            "one_hot",
            "argmax",
            "argmin",
        ),
        *("transpose", "diag", "tril", "triu", "pad", "reshape", "ravel", "stack", "concatenate", "concat", "broadcast_to"),
        *("expand_dims", "squeeze", "swapaxes", "moveaxis", "flip", "roll", "repeat", "tile", "take", "take_along_axis"),
        *("zeros", "ones", "full", "zeros_like", "ones_like", "eye", "arange"),
    }
)

Recompute: TypeAlias = Callable[[tuple[object, ...]], torch.Tensor]  # computes a node from other operands


class RoundingNoise:
    """
    Noise for one run of the forward function: the results of its nodes and their slopes, each a little off.

    The magnitude of a result is larger than the result where terms cancel: |a| + |b| for a - b, and (|a| + |b|)² for its
    square, which may be multiplied out.
    """

    def __init__(self, seed: int, *, is_curvature_asked: bool = False) -> None:
        self._random = torch.Generator().manual_seed(seed)
        self._is_curvature_asked = is_curvature_asked
        self._magnitudes: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # by id of the first, which is kept alive

    def __call__(self, node: Node, operands: tuple[object, ...], result: torch.Tensor, recompute: Recompute) -> torch.Tensor:
        """Return the result of a node, with noise."""
        with torch.no_grad():
            size = self._rounding_scale(node, operands, result, recompute)
        if size is None:
            return result
        found = result
        if not isinstance(node, UnaryNode | IndexNode | TransposeNode):  # these are exact
            found = self._noisy(result, result.detach().abs() if isinstance(node, NameNode) else size)
            for operand, slope in self._slopes(node, operands, result):
                found = found + self._slope_noise(operand, slope)
        if size.shape == found.shape:
            self._magnitudes[id(found)] = found, size
        return found

    def _noisy(self, result: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
        clean = result.detach()
        # Exact zeros stay zero: they were masked, padded or cut off, which no formula gets wrong by a little.
        noise = torch.where(clean == 0, 0.0, size * self._random_noise(clean))
        if not result.requires_grad:
            return clean + noise
        stretch = self._random_noise(clean)
        return result * (1 + stretch) + (noise - clean * stretch)

    def _slope_noise(self, operand: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        """Return zeros whose slope is noise, relative to the magnitude of the function's slope."""
        step = operand - operand.detach()
        bend = slope * self._random_noise(slope)
        if self._is_curvature_asked:
            return step * (bend + 0.5 * step * slope * self._random_noise(slope))
        return step * bend

    def _slopes(
        self, node: Node, operands: tuple[object, ...], result: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield operands of the result's shape, each with the magnitude of the slope by it."""
        for place, operand in enumerate(operands):
            if not isinstance(operand, torch.Tensor) or not operand.requires_grad or operand.shape != result.shape:
                continue
            match node:
                case CallNode() if node.function in _CURVED:
                    yield operand, result.detach().abs().clamp(min=1) / operand.detach().abs().clamp(min=1)
                case CallNode() if node.function == "square":
                    yield operand, 2 * self._magnitude(operand)
                case BinaryNode() if node.operator == "**" and place == 0 and _is_power(operands[1]):
                    yield operand, operands[1] * self._magnitude(operand) ** (operands[1] - 1)  # type: ignore[operator]
                case BinaryNode() if node.operator == "*":
                    yield operand, self._magnitude(operands[1 - place]).expand(result.shape)
                case _:
                    return

    def _magnitude(self, operand: object) -> torch.Tensor:
        """Return the magnitude of an operand: the sum of the absolute values of its terms."""
        known = self._magnitudes.get(id(operand))
        return known[1] if known is not None else real(operand).detach().abs()

    def _rounding_scale(
        self, node: Node, operands: tuple[object, ...], result: torch.Tensor, recompute: Recompute
    ) -> torch.Tensor | None:
        """Return what the rounding of a node is relative to; None if the node is exact."""
        if not result.is_floating_point() or not result.numel() or isinstance(node, NumberNode | ConstantNode | CompareNode):
            return None
        if isinstance(node, NameNode):
            return self._magnitude(result)
        if not any(isinstance(operand, torch.Tensor) and operand.is_floating_point() for operand in operands):
            return None
        match node:
            case UnaryNode():
                return self._magnitude(operands[0])
            case IndexNode() | TransposeNode():
                return recompute((self._magnitude(operands[0]), *operands[1:]))
            case BinaryNode():
                return self._magnitude_of_binary(node.operator, operands, result)
            case CallNode() if node.function in _SUMS:
                return recompute(tuple(self._magnitudes_of(operand) for operand in operands))
            case CallNode() if node.function in _CONVOLUTIONS:  # a bound, since running them once more takes too long
                most = self._magnitude(operands[0]).max() * self._magnitude(operands[1]).sum()
                return most.expand(result.shape)
            case CallNode() if node.function == "square":
                return self._magnitude(operands[0]) ** 2
            case CallNode() if node.function in {"var", "std"}:  # E[x²] - E[x]²
                square = (self._magnitude(operands[0]) ** 2).max().expand(result.shape)
                return square if node.function == "var" else square / result.detach()
            case CallNode() if node.function in _WHOLE:
                return result.detach().abs().max().expand(result.shape)
            case CallNode() if node.function in _MOVES:
                return None
        return result.detach().abs()

    def _magnitude_of_binary(self, operator: str, operands: tuple[object, ...], result: torch.Tensor) -> torch.Tensor:
        left, right = operands
        match operator:
            case "+" | "-":
                return self._magnitude(left) + self._magnitude(right)
            case "@":
                return self._magnitude(left) @ self._magnitude(right)
            case "*":
                return self._magnitude(left) * self._magnitude(right)
            case "/":
                return self._magnitude(left) / real(right).detach().abs()
            case "**" if _is_power(right):
                return self._magnitude(left) ** real(right)
        return result.detach().abs()

    def _magnitudes_of(self, operand: object) -> object:
        if isinstance(operand, torch.Tensor):
            return self._magnitude(operand) if operand.is_floating_point() else operand
        return tuple(map(self._magnitudes_of, operand)) if isinstance(operand, tuple) else operand

    def _random_noise(self, like: torch.Tensor) -> torch.Tensor:
        return NOISE * torch.randn(like.shape, generator=self._random, dtype=torch.float64)


def _is_power(exponent: object) -> bool:
    """Tell whether an exponent is a plain number by which a power may be multiplied out."""
    return isinstance(exponent, int | float) and exponent >= 1


def rounding(
    exercise: Exercise, sizes: Mapping[str, int], inputs: Tensors, arrays: Mapping[TargetKey, torch.Tensor]
) -> dict[TargetKey, Array]:
    """
    Bound how far rounding may move each entry of the expected arrays, as a power of two.

    UNKNOWN where noise leaves no finite value. int8, in the shape of the arrays.
    """
    found = {key: torch.zeros(value.shape, dtype=torch.float64) for key, value in arrays.items()}
    is_curvature_asked = any(isinstance(target.kind, Hessian) for _, target in exercise.targets())
    for seed in range(PATTERNS):
        try:
            near = point_at(exercise, sizes, inputs, noise=RoundingNoise(seed, is_curvature_asked=is_curvature_asked))
            for task, target in exercise.targets():
                key = (task.function, target.name)
                # in place: a Jacobian of 256 x 256 x 256 takes 128 MiB
                moved = (in_target_layout(exercise, target, derive(near, target.kind).detach()) - arrays[key]).abs_()
                torch.maximum(found[key], moved.double().nan_to_num_(nan=torch.inf), out=found[key])
        except FormulaError:  # noise took it out of the range of a function
            found = {key: torch.full_like(value, torch.inf) for key, value in found.items()}
            break
    return {key: _powers(value) for key, value in found.items()}


def _powers(moved: torch.Tensor) -> Array:
    """Return the power of two that is not below each number, within what int8 holds: far below and above what is judged."""
    numbers = moved.numpy()
    powers = np.clip(np.frexp(numbers)[1], -UNKNOWN, UNKNOWN)
    found: Array = np.where(numbers == 0, -UNKNOWN, np.where(np.isfinite(numbers), powers, UNKNOWN)).astype(np.int8)
    found.flags.writeable = False
    return found
