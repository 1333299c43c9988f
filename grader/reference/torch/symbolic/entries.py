"""Arrays of SymPy expressions, entry by entry, and arrays of indices beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.exercise.formula import arguments as args

Expr: TypeAlias = Any  # SymPy's expressions
Entries: TypeAlias = Any  # a NumPy array of Expr; of int64 for indices

MAX_COMBINED = 40_000  # products of entries of one matmul, outer or einsum


class NotCoveredError(Exception):
    """A formula that has no symbolic form here, or too large a one."""


def as_array(value: object) -> Entries:
    """Wrap a bare object in an array: NumPy returns one where an array has no axes left."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, int | np.integer):
        return np.array(value, dtype=np.int64)
    found = np.empty((), dtype=object)
    found[()] = sympy.sympify(value)
    return found


def exact(value: object) -> Expr:
    """Convert a number to SymPy's; a float64 becomes a fraction."""
    if isinstance(value, sympy.Basic):
        return value
    return sympy.pi if value == math.pi else sympy.E if value == math.e else sympy.Rational(value)


def expressions_or_indices(value: object) -> Entries:
    """Return an array as it is, a number as an array of its kind."""
    if isinstance(value, np.ndarray):
        return value
    return as_array(value) if isinstance(value, int) else as_array(exact(value))


def expressions(value: object) -> Entries:
    """Convert numbers or indices to an array of expressions."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    return entrywise(lambda entry: exact(entry if isinstance(entry, float) else int(entry)), np.asarray(value))


def entrywise(function: Callable[..., Any], *arrays: Entries) -> Entries:
    """Apply a function to the entries at each place of arrays that are broadcast together."""
    together = np.broadcast_arrays(*arrays)
    if together[0].size > MAX_COMBINED // 10:
        raise NotCoveredError
    found = np.empty(together[0].shape, dtype=object)
    for place in np.ndindex(found.shape):
        found[place] = function(*(array[place] for array in together))
    return found


def as_indices(value: object) -> Any:
    """Return whole numbers as an array. Raises NotCoveredError for others."""
    found = np.asarray(value)
    if found.dtype.kind not in "iu":
        raise NotCoveredError
    return found


def along_axes(x: object, axis: object, keepdims: bool, function: Callable[[Any], Any]) -> Any:
    """Apply a function to the entries along some axes."""
    array = expressions(x)
    axes = args.some_axes(axis, array.ndim)
    rest = [place for place in range(array.ndim) if place not in axes]
    flat = array.transpose(*rest, *axes).reshape((*(array.shape[place] for place in rest), -1))
    found = np.empty(flat.shape[:-1], dtype=object)
    for place in np.ndindex(found.shape):
        found[place] = function(flat[place])
    return found.reshape([1 if place in axes else size for place, size in enumerate(array.shape)]) if keepdims else found
