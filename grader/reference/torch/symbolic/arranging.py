"""Functions that add, multiply and rearrange entries: NumPy's own, on arrays of expressions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.exercise.formula import arguments as args
from grader.reference.torch.symbolic.entries import (
    MAX_COMBINED,
    Entries,
    NotCoveredError,
    along_axes,
    as_array,
    as_indices,
    entrywise,
    exact,
    expressions,
    expressions_or_indices,
)


def _sum(x: object, axis: object, keepdims: bool) -> Any:
    return along_axes(x, axis, keepdims, lambda entries: sympy.Add(*entries))


def _mean(x: object, axis: object, keepdims: bool) -> Any:
    return along_axes(x, axis, keepdims, lambda entries: sympy.Add(*entries) / len(entries))


def _prod(x: object, axis: object, keepdims: bool) -> Any:
    return along_axes(x, axis, keepdims, lambda entries: sympy.Mul(*entries))


def _einsum(subscripts: str, operands: tuple[object, ...]) -> Entries:
    arrays = [expressions(operand) for operand in operands]
    plan, _ = args.einsum_plan(subscripts, [array.shape for array in arrays])
    if math.prod(array.size for array in arrays) > MAX_COMBINED:
        raise NotCoveredError
    return as_array(np.einsum(plan, *arrays))


def _product(function: Callable[[Any, Any], Any]) -> Callable[[object, object], Any]:
    def multiply(x: object, y: object) -> Any:
        one, other = expressions(x), expressions(y)
        if one.size * other.size > MAX_COMBINED:
            raise NotCoveredError
        return function(one, other)

    return multiply


def _rearranging(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function of NumPy that only rearranges entries to its first argument as an array."""
    return lambda x, **options: function(expressions_or_indices(x), **options)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    def join(arrays: tuple[object, ...], axis: int) -> Any:
        found = [expressions_or_indices(array) for array in arrays]
        is_whole = all(array.dtype != object for array in found)
        return function(found if is_whole else [expressions(array) for array in found], axis)

    return join


def _transpose(x: object, axes: object) -> Any:
    return np.transpose(expressions_or_indices(x), None if axes is None else args.some_axes(axes, expressions_or_indices(x).ndim))


def _triangle(x: object, keeps: Callable[[Any, Any], Any]) -> Entries:
    array = expressions(x)
    rows, columns = np.arange(array.shape[-2])[:, None], np.arange(array.shape[-1])
    kept = np.broadcast_to(keeps(columns, rows), array.shape)
    return entrywise(lambda entry, is_kept: entry if is_kept else sympy.S.Zero, array, kept)


def _diag(x: object, k: int) -> Entries:
    array = expressions(x)
    if array.ndim == 2:
        return array.diagonal(k)
    size = len(array) + abs(k)
    found = np.full((size, size), sympy.S.Zero, dtype=object)
    for place, entry in enumerate(array):
        found[place + max(-k, 0), place + max(k, 0)] = entry
    return found


def _pad(x: object, pad_width: object, constant_values: object) -> Entries:
    array = expressions(x)
    pairs = args.pad_pairs(pad_width, array.ndim)
    found = np.full(
        [size + sum(pair) for size, pair in zip(array.shape, pairs, strict=True)], exact(constant_values), dtype=object
    )
    found[tuple(slice(before, before + size) for size, (before, _) in zip(array.shape, pairs, strict=True))] = array
    return found


def windows(x: object, kernel_size: object, stride: object) -> Entries:
    """Return the entries of each window along a new last axis."""
    array = expressions(x)
    height, width = args.pair(kernel_size, "kernel_size", least=1)
    down, right = (height, width) if stride is None else args.pair(stride, "stride", least=1)
    rows = range(0, array.shape[-2] - height + 1, down)
    columns = range(0, array.shape[-1] - width + 1, right)
    found = np.empty((*array.shape[:-2], len(rows), len(columns), height * width), dtype=object)
    for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns)):
        window = array[..., row : row + height, column : column + width]
        found[..., i, j, :] = window.reshape((*array.shape[:-2], height * width))
    return found


def _conv2d(x: object, w: object, stride: object, padding: object, dilation: object, groups: int) -> Entries:
    """Compute a cross-correlation by its definition."""
    (down, right), (up, left) = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    tall, wide = args.pair(dilation, "dilation", least=1)
    array, kernel = _pad(x, ((0, 0), (0, 0), (up, up), (left, left)), 0), expressions(w)
    (examples, channels, height, width), (filters, each, rows, columns) = array.shape, kernel.shape
    shape = (
        examples,
        filters,
        (height - tall * (rows - 1) - 1) // down + 1,
        (width - wide * (columns - 1) - 1) // right + 1,
    )
    found = np.empty(shape, dtype=object)
    for n, f, i, j in np.ndindex(shape):
        first = f // (filters // groups) * (channels // groups)
        vertical = slice(i * down, i * down + tall * (rows - 1) + 1, tall)
        horizontal = slice(j * right, j * right + wide * (columns - 1) + 1, wide)
        found[n, f, i, j] = np.sum(array[n, first : first + each, vertical, horizontal] * kernel[f])
    return found


def _conv1d(x: object, w: object, stride: int, padding: int, dilation: int, groups: int) -> Entries:
    return _conv2d(expressions(x)[:, :, None], expressions(w)[:, :, None], (1, stride), (0, padding), (1, dilation), groups)[
        :, :, 0
    ]


def _conv_transpose2d(x: object, w: object, stride: object, padding: object) -> Entries:
    (down, right), (up, left) = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    array, kernel = expressions(x), expressions(w)
    (examples, _, height, width), (_, filters, rows, columns) = array.shape, kernel.shape
    shape = (examples, filters, (height - 1) * down + rows, (width - 1) * right + columns)
    found = np.full(shape, sympy.S.Zero, dtype=object)
    for n, c, i, j in np.ndindex(array.shape):
        found[n, :, i * down : i * down + rows, j * right : j * right + columns] += array[n, c, i, j] * kernel[c]
    return found[:, :, up : shape[2] - up, left : shape[3] - left]


def _take(x: object, indices: object, axis: int | None) -> Any:
    return np.take(expressions_or_indices(x), as_indices(indices), axis=axis)


def _ravel(x: object, order: str) -> Any:
    return np.reshape(expressions_or_indices(x), -1, order=order)  # type: ignore[call-overload]


def _arange(start: object, stop: object, step: object) -> Any:
    return np.array(args.arange_of(start, stop, step), dtype=np.int64)


ARRANGING: Mapping[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "matmul": _product(np.matmul),
    "dot": _product(np.dot),
    "inner": _product(np.inner),
    "outer": _product(np.outer),
    "kron": _product(np.kron),
    "einsum": _einsum,
    "transpose": _transpose,
    "trace": lambda x: np.sum(expressions(x).diagonal()),
    "diag": _diag,
    "tril": lambda x, k: _triangle(x, lambda column, row: column - row <= k),
    "triu": lambda x, k: _triangle(x, lambda column, row: column - row >= k),
    "one_hot": lambda labels, classes: expressions(np.eye(classes, dtype=np.int64)[as_indices(labels)]),
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "avg_pool2d": lambda x, kernel_size, stride: _mean(windows(x, kernel_size, stride), -1, False),
    "pad": _pad,
    "reshape": _rearranging(np.reshape),
    "ravel": _ravel,
    "stack": _joined(np.stack),
    "concatenate": _joined(np.concatenate),
    "concat": _joined(np.concatenate),
    "broadcast_to": _rearranging(np.broadcast_to),
    "expand_dims": _rearranging(np.expand_dims),
    "squeeze": _rearranging(np.squeeze),
    "swapaxes": lambda x, axis1, axis2: np.swapaxes(expressions_or_indices(x), axis1, axis2),
    "moveaxis": _rearranging(np.moveaxis),
    "flip": _rearranging(np.flip),
    "roll": _rearranging(np.roll),
    "repeat": _rearranging(np.repeat),
    "tile": lambda x, reps: np.tile(expressions_or_indices(x), reps),
    "cumsum": lambda x, axis: np.cumsum(expressions(x), axis=axis),
    "cumprod": lambda x, axis: np.cumprod(expressions(x), axis=axis),
    "take": _take,
    "take_along_axis": lambda x, indices, axis: np.take_along_axis(expressions_or_indices(x), as_indices(indices), axis),
    "zeros": lambda shape: expressions(np.zeros(shape, dtype=np.int64)),
    "ones": lambda shape: expressions(np.ones(shape, dtype=np.int64)),
    "full": lambda shape, fill_value: np.broadcast_to(expressions(fill_value), shape),
    "zeros_like": lambda x: expressions(np.zeros(expressions_or_indices(x).shape, dtype=np.int64)),
    "ones_like": lambda x: expressions(np.ones(expressions_or_indices(x).shape, dtype=np.int64)),
    "eye": lambda N, M, k: expressions(np.eye(N, M, k, dtype=np.int64)),
    "arange": _arange,
}
