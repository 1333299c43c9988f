"""The functions of the formula language on torch tensors."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from grader.exercise.formula import arguments as args
from grader.reference.torch.rearranging import REARRANGING
from grader.reference.torch.tensors import Tensor, axes_together, integers, real, windows


def _softplus(x: Tensor) -> Tensor:
    # torch's own returns x beyond 20, which is 2e-9 off
    return torch.logaddexp(x, torch.zeros_like(x))


_UNARY: Mapping[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "log10": torch.log10,
    "tanh": torch.tanh,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "arcsin": torch.arcsin,
    "arccos": torch.arccos,
    "arctan": torch.arctan,
    "sqrt": torch.sqrt,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "abs": torch.abs,
    "sign": torch.sign,
    "sigmoid": torch.sigmoid,
    "logsigmoid": lambda x: -_softplus(-x),
    "softplus": _softplus,
    "relu": torch.relu,
    "silu": lambda x: x * torch.sigmoid(x),
    "erf": torch.erf,
}
_PAIRED: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "power": torch.pow,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "matmul": torch.matmul,
    "kron": torch.kron,
}


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x: function(real(x))


def _paired(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, y: function(real(x), real(y))


def _leaky_relu(x: object, negative_slope: object) -> Tensor:
    return torch.where(real(x) > 0, real(x), real(negative_slope) * real(x))


def _elu(x: object, alpha: object) -> Tensor:
    # the minimum keeps expm1 finite where it is not chosen: its gradient would be NaN there
    return torch.where(real(x) > 0, real(x), real(alpha) * torch.expm1(torch.clamp(real(x), max=0.0)))


def _gelu(x: object, approximate: str) -> Tensor:
    return functional.gelu(real(x), approximate=approximate)


def _where(condition: object, x: object, y: object) -> Tensor:
    return torch.where(real(condition) != 0, real(x), real(y))


def _clip(x: object, a_min: object, a_max: object) -> Tensor:
    found = real(x) if a_min is None else torch.maximum(real(x), real(a_min))
    return found if a_max is None else torch.minimum(found, real(a_max))


# Reductions: the axes are brought together as one last axis


def _reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make a reduction over some axes from `function` over the last one, which also gets the options."""

    def reduce(x: object, axis: object, keepdims: bool, **options: Any) -> Tensor:
        array = real(x)
        axes = args.some_axes(axis, array.ndim)
        found = function(axes_together(array, axes), **options)
        return found.reshape([1 if i in axes else size for i, size in enumerate(array.shape)]) if keepdims else found

    return reduce


def _vector_norm(x: Tensor, ord: float | str | None) -> Tensor:
    found: Tensor = torch.linalg.vector_norm(x, 2 if ord is None or ord == "fro" else ord, dim=-1)
    return found


def _product(x: Tensor) -> Tensor:
    # torch's second derivatives of prod divide by the entries: beside a zero of 1e-13 they are 1e-3 off (2.13). Products of
    # pairs, and pairs of these, divide by nothing.
    while (size := x.shape[-1]) > 1:
        half = size // 2
        x = torch.cat((x[..., :half] * x[..., half : 2 * half], x[..., 2 * half :]), -1)
    return x.squeeze(-1) if x.shape[-1] else x.prod(-1)  # the product of nothing is 1


# Linear algebra


def _dot(x: object, y: object) -> Tensor:
    left, right = real(x), real(y)
    if not left.ndim or not right.ndim:
        return left * right
    found: Tensor = torch.tensordot(left, right, dims=([-1], [max(right.ndim - 2, 0)]))
    return found


def _inner(x: object, y: object) -> Tensor:
    left, right = real(x), real(y)
    found: Tensor = torch.tensordot(left, right, dims=([-1], [-1])) if left.ndim and right.ndim else left * right
    return found


def _outer(x: object, y: object) -> Tensor:
    return real(x).reshape(-1, 1) * real(y).reshape(1, -1)


def _einsum(subscripts: str, operands: tuple[object, ...]) -> Tensor:
    tensors = [real(operand) for operand in operands]
    found: Tensor = torch.einsum(args.einsum_plan(subscripts, [tuple(t.shape) for t in tensors])[0], *tensors)
    return found


_MAX_BY_MINORS = 10  # 5120 products; beyond it n · 2ⁿ⁻¹ soon is a lot


@functools.cache
def _minors(n: int) -> tuple[tuple[Tensor, Tensor, Tensor], ...]:
    """
    Plan Laplace's expansion of an n by n matrix.

    For each row but the first: the columns of each minor, the minors of the rows above, the signs.
    """
    plans = []
    above: dict[tuple[int, ...], int] = {(column,): column for column in range(n)}
    for row in range(1, n):
        chosen = list(itertools.combinations(range(n), row + 1))
        rest = [[above[columns[:j] + columns[j + 1 :]] for j in range(row + 1)] for columns in chosen]
        signs = torch.tensor([(-1.0) ** (row + j) for j in range(row + 1)], dtype=torch.float64)
        plans.append((torch.tensor(chosen), torch.tensor(rest), signs))
        above = {columns: place for place, columns in enumerate(chosen)}
    return tuple(plans)


def _det(x: object) -> Tensor:
    # torch differentiates through LU: at a singular matrix its cofactors are 0 without create_graph and in forward mode, and its
    # second derivatives NaN (2.13, 2.14.1). Laplace's expansion is a polynomial, whose derivatives of every order torch knows.
    matrix = real(x)
    if matrix.shape[-1] > _MAX_BY_MINORS:
        return real(torch.linalg.det(matrix))
    minors = matrix[..., 0, :]
    for row, (columns, rest, signs) in enumerate(_minors(matrix.shape[-1]), start=1):
        minors = (matrix[..., row, :][..., columns] * minors[..., rest] * signs).sum(-1)
    return minors[..., 0]


def _solve(a: object, b: object) -> Tensor:
    matrix, right = real(a), real(b)
    if right.ndim == 1:  # torch would take a stack of matrices and a matrix of right sides for a stack of vectors
        right = right[:, None]
        return real(torch.linalg.solve(matrix, right)).squeeze(-1)
    return real(torch.linalg.solve(matrix, right))


def _cholesky(x: object) -> Tensor:
    # torch reads one triangle and differentiates as if it had read both halves; both are the same for the symmetric part
    matrix = real(x)
    return real(torch.linalg.cholesky((matrix + matrix.mT) / 2))


# Network functions


def _log_softmax(x: object, axis: object) -> Tensor:
    array = real(x)
    return array - _REDUCTIONS["logsumexp"](array, axis=axis, keepdims=True)


def _one_hot(labels: object, classes: int) -> Tensor:
    return real(functional.one_hot(integers(labels), classes))


def _whole(value: object) -> Tensor:
    # with operands that are transposed in memory the backward pass of conv2d stops at some shapes, such as those of one
    # filter: "slow_conv2d: grad_weight must be contiguous" (torch 2.13; pytorch/vision#6001)
    return real(value).contiguous()


def _conv1d(x: object, w: object, stride: int, padding: int, dilation: int, groups: int) -> Tensor:
    return functional.conv1d(_whole(x), _whole(w), None, stride, padding, dilation, groups)


def _conv2d(x: object, w: object, stride: object, padding: object, dilation: object, groups: int) -> Tensor:
    steps = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0), args.pair(dilation, "dilation", least=1)
    return functional.conv2d(_whole(x), _whole(w), None, *steps, groups)


def _conv_transpose2d(x: object, w: object, stride: object, padding: object) -> Tensor:
    steps = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    return functional.conv_transpose2d(_whole(x), _whole(w), None, *steps)


def _pad(x: object, pad_width: object, constant_values: float) -> Tensor:
    array = real(x)
    pairs = [width for pair in reversed(args.pad_pairs(pad_width, array.ndim)) for width in pair]
    return functional.pad(array, pairs, value=constant_values) if pairs else array


_REDUCTIONS: Mapping[str, Callable[..., Tensor]] = {
    "sum": _reduction(lambda x: x.sum(-1)),
    "mean": _reduction(lambda x: x.mean(-1)),
    "var": _reduction(lambda x, ddof: x.var(-1, correction=ddof)),
    "std": _reduction(lambda x, ddof: x.std(-1, correction=ddof)),
    "max": _reduction(lambda x: x.amax(-1)),
    "min": _reduction(lambda x: x.amin(-1)),
    "prod": _reduction(_product),
    "logsumexp": _reduction(lambda x: x.logsumexp(-1)),
    "norm": _reduction(_vector_norm),
    "argmax": _reduction(lambda x: x.argmax(-1)),
    "argmin": _reduction(lambda x: x.argmin(-1)),
}

IMPLEMENTATIONS: Mapping[str, Callable[..., Tensor]] = {
    **REARRANGING,
    **{name: _unary(function) for name, function in _UNARY.items()},
    **{name: _paired(function) for name, function in _PAIRED.items()},
    **_REDUCTIONS,
    "arctan2": lambda y, x: torch.arctan2(real(y), real(x)),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "where": _where,
    "clip": _clip,
    "dot": _dot,
    "inner": _inner,
    "outer": _outer,
    "einsum": _einsum,
    "trace": lambda x: real(x).diagonal().sum(),  # forward mode of torch's own imports for a second
    "det": _det,
    "logdet": lambda x: torch.linalg.slogdet(real(x)).logabsdet,
    "inv": lambda x: torch.linalg.inv(real(x)),
    "solve": _solve,
    "cholesky": _cholesky,
    "diag": lambda x, k: torch.diag(real(x), k),
    "tril": lambda x, k: torch.tril(real(x), k),
    "triu": lambda x, k: torch.triu(real(x), k),
    "softmax": lambda x, axis: _log_softmax(x, axis).exp(),
    "log_softmax": _log_softmax,
    "one_hot": _one_hot,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "max_pool2d": lambda x, kernel_size, stride: windows(x, kernel_size, stride).amax(-1),
    "avg_pool2d": lambda x, kernel_size, stride: windows(x, kernel_size, stride).mean(-1),
    "pad": _pad,
}
