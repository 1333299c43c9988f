"""Convert and combine tensors: float64 or whole numbers, several axes as one, windows."""

from __future__ import annotations

import math
from typing import TypeAlias

import torch

from grader.exercise.formula import FormulaError
from grader.exercise.formula import arguments as args

Tensor: TypeAlias = torch.Tensor


def real(value: object) -> Tensor:
    """Convert a number, or a tensor of any kind, to float64."""
    if isinstance(value, Tensor):
        return value if value.dtype == torch.float64 else value.to(torch.float64)
    return torch.tensor(value, dtype=torch.float64)


def integers(value: object) -> Tensor:
    """Return labels or indices as a tensor. Raises FormulaError for other numbers."""
    found = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.int64)
    if found.dtype != torch.int64:
        raise FormulaError("the indices are no whole numbers", "Indices are labels, arange(N) or argmax(x), not conditions.")
    return found


def as_tensor(value: object) -> Tensor:
    """Return a tensor as it is, a number as a 0-d tensor."""
    if isinstance(value, Tensor):
        return value
    return torch.tensor(value, dtype=torch.int64 if isinstance(value, int) else torch.float64)


def same_kind(arrays: tuple[object, ...]) -> list[Tensor]:
    """Convert tensors to one kind: float64 unless all are whole numbers."""
    tensors = [as_tensor(array) for array in arrays]
    return tensors if all(tensor.dtype == torch.int64 for tensor in tensors) else [real(tensor) for tensor in tensors]


def axes_together(x: Tensor, axes: args.Shape) -> Tensor:
    """Combine some axes into one, the last."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    size = math.prod(x.shape[axis] for axis in axes)
    return x.permute((*rest, *axes)).reshape((*(x.shape[axis] for axis in rest), size))


def windows(x: object, kernel_size: object, stride: object) -> Tensor:
    """Return the entries of each window along a new last axis."""
    height, width = args.pair(kernel_size, "kernel_size", least=1)
    down, right = (height, width) if stride is None else args.pair(stride, "stride", least=1)
    return real(x).unfold(-2, height, down).unfold(-2, width, right).flatten(-2)
