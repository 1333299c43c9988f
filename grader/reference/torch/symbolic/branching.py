"""Functions whose branch depends on the numbers at the point, or whose intermediate results need names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.reference.torch.symbolic.arranging import windows
from grader.reference.torch.symbolic.elementwise import MAX_POWER
from grader.reference.torch.symbolic.entries import Entries, Expr, NotCoveredError, along_axes, entrywise, exact, expressions
from grader.reference.torch.symbolic.program import TIE, Program

_MAX_MATRIX = 5  # rows of a matrix that is inverted


def _best(program: Program, entries: Any, sign: int = 1) -> int:
    """Find the place of the largest entry. Raises NotCoveredError for a tie, unless the expressions are equal."""
    values = [sign * program.value(entry) for entry in entries]
    place = max(range(len(values)), key=values.__getitem__)
    for other, value in enumerate(values):
        if entries[other] != entries[place] and values[place] - value < TIE:
            raise NotCoveredError
    return place


def _pick(program: Program, sign: int) -> Callable[..., Expr]:
    return lambda x, y: (x, y)[_best(program, (x, y), sign)]


def _elu(program: Program, x: object, alpha: object) -> Entries:
    return entrywise(lambda x, a: x if program.sign(x) > 0 else a * (sympy.exp(x) - 1), expressions(x), expressions(alpha))


def _gelu(program: Program, x: object, approximate: str) -> Entries:
    if approximate == "none":
        return entrywise(lambda x: x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2, expressions(x))
    inner = sympy.Rational(0.044715)
    return entrywise(lambda x: x * (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (x + inner * x**3))) / 2, expressions(x))


def _leaky_relu(program: Program, x: object, negative_slope: object) -> Entries:
    return entrywise(lambda x, slope: x if program.sign(x) > 0 else slope * x, expressions(x), expressions(negative_slope))


def _clip(program: Program, x: object, a_min: object, a_max: object) -> Entries:
    found = expressions(x) if a_min is None else entrywise(_pick(program, 1), expressions(x), expressions(a_min))
    return found if a_max is None else entrywise(_pick(program, -1), found, expressions(a_max))


def _where(program: Program, condition: object, x: object, y: object) -> Entries:
    return entrywise(
        lambda chosen, x, y: x if program.sign(chosen) else y, expressions(condition), expressions(x), expressions(y)
    )


def _variance(program: Program, entries: Any, ddof: int) -> Expr:
    mean = program.name(sympy.Add(*entries) / len(entries))
    return program.name(sympy.Add(*((entry - mean) ** 2 for entry in entries)) / (len(entries) - ddof))


def _logsumexp(program: Program, entries: Any) -> Expr:
    return sympy.log(program.name(sympy.Add(*(program.name(sympy.exp(entry)) for entry in entries))))


def _norm(program: Program, entries: Any, ord: object) -> Expr:
    if ord not in (None, 2, "fro"):
        if isinstance(ord, bool) or not isinstance(ord, int | float) or not 0 < ord < MAX_POWER:
            raise NotCoveredError
        power = exact(ord)
        return program.name(sympy.Add(*(program.name((program.sign(entry) * entry) ** power) for entry in entries))) ** (
            1 / power
        )
    return sympy.sqrt(program.name(sympy.Add(*(entry**2 for entry in entries))))


def _extremum(sign: int) -> Callable[..., Any]:
    return lambda program, x, axis, keepdims: along_axes(x, axis, keepdims, lambda e: e[_best(program, e, sign)])


def _place(sign: int) -> Callable[..., Any]:
    return lambda program, x, axis, keepdims: np.asarray(
        along_axes(x, axis, keepdims, lambda e: _best(program, e, sign)), dtype=np.int64
    )


def _softmax(program: Program, x: object, axis: object) -> Entries:
    array = entrywise(lambda entry: program.name(sympy.exp(entry)), expressions(x))
    total = along_axes(array, axis, True, lambda entries: program.name(sympy.Add(*entries)))
    return entrywise(lambda one, all_: one / all_, array, total)


def _log_softmax(program: Program, x: object, axis: object) -> Entries:
    array = expressions(x)
    return array - along_axes(array, axis, True, lambda entries: _logsumexp(program, entries))


def _over_matrices(function: Callable[[Any], Any], matrices: Entries) -> Entries:
    """Apply a function to each matrix of a stack."""
    if max(matrices.shape[-2:]) > _MAX_MATRIX:
        raise NotCoveredError
    stack = matrices.shape[:-2]
    found = [np.asarray(function(matrices[place]), dtype=object) for place in np.ndindex(stack)]
    if not found:
        raise NotCoveredError
    result = np.empty((len(found), *found[0].shape), dtype=object)
    for place, one in enumerate(found):
        result[place] = one[()]  # else an array without axes would be the entry
    return result.reshape((*stack, *found[0].shape))


def _minor(program: Program, matrix: Any) -> Expr:
    if not len(matrix):
        return sympy.S.One
    rest = [np.delete(matrix[1:], column, axis=1) for column in range(len(matrix))]
    terms = (
        (-1) ** column * entry * _minor(program, rest[column]) for column, entry in enumerate(matrix[0]) if not entry.is_zero
    )
    return program.name(sympy.Add(*terms))


def _inverse(program: Program, matrix: Any) -> Any:
    """Invert a matrix by Cramer's rule: cofactors over the determinant."""
    n = len(matrix)
    found = np.empty((n, n), dtype=object)
    whole = _minor(program, matrix)
    for i, j in np.ndindex(n, n):
        cofactor = _minor(program, np.delete(np.delete(matrix, i, axis=0), j, axis=1))
        found[j, i] = program.name((-1) ** (i + j) * cofactor / whole)
    return found


def _inv(program: Program, x: object) -> Entries:
    return _over_matrices(lambda matrix: _inverse(program, matrix), expressions(x))


def _solve(program: Program, a: object, b: object) -> Entries:
    return np.matmul(_inv(program, a), expressions(b))


def _logdet(program: Program, x: object) -> Entries:
    found = _over_matrices(lambda matrix: _minor(program, matrix), expressions(x))
    return entrywise(lambda one: sympy.log(program.sign(one) * one), found)


def _cholesky(program: Program, x: object) -> Entries:
    def factor(matrix: Any) -> Any:
        found = np.full(matrix.shape, sympy.S.Zero, dtype=object)
        for i, j in np.ndindex(matrix.shape):
            if j <= i:
                inner = program.name((matrix[i, j] + matrix[j, i]) / 2 - sum(found[i, k] * found[j, k] for k in range(j)))
                found[i, j] = program.name(sympy.sqrt(inner) if i == j else inner / found[j, j])
        return found

    return _over_matrices(factor, expressions(x))


def _max_pool2d(program: Program, x: object, kernel_size: object, stride: object) -> Entries:
    return along_axes(windows(x, kernel_size, stride), -1, False, lambda entries: entries[_best(program, entries)])


BRANCHING: Mapping[str, Callable[..., Any]] = {
    "cbrt": lambda p, x: entrywise(lambda x: p.sign(x) * (p.sign(x) * x) ** sympy.Rational(1, 3), expressions(x)),
    "abs": lambda p, x: entrywise(lambda x: p.sign(x) * x, expressions(x)),
    "sign": lambda p, x: entrywise(lambda x: sympy.Integer(p.sign(x)), expressions(x)),
    "relu": lambda p, x: entrywise(lambda x: x if p.sign(x) > 0 else sympy.S.Zero, expressions(x)),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "maximum": lambda p, x, y: entrywise(_pick(p, 1), expressions(x), expressions(y)),
    "minimum": lambda p, x, y: entrywise(_pick(p, -1), expressions(x), expressions(y)),
    "where": _where,
    "clip": _clip,
    "var": lambda p, x, axis, ddof, keepdims: along_axes(x, axis, keepdims, lambda e: _variance(p, e, ddof)),
    "std": lambda p, x, axis, ddof, keepdims: along_axes(x, axis, keepdims, lambda e: sympy.sqrt(_variance(p, e, ddof))),
    "max": _extremum(1),
    "min": _extremum(-1),
    "argmax": _place(1),
    "argmin": _place(-1),
    "logsumexp": lambda p, x, axis, keepdims: along_axes(x, axis, keepdims, lambda e: _logsumexp(p, e)),
    "norm": lambda p, x, ord, axis, keepdims: along_axes(x, axis, keepdims, lambda e: _norm(p, e, ord)),
    "det": lambda p, x: _over_matrices(lambda matrix: _minor(p, matrix), expressions(x)),
    "logdet": _logdet,
    "inv": _inv,
    "solve": _solve,
    "cholesky": _cholesky,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "max_pool2d": _max_pool2d,
}
