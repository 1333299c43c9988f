"""The shapes of products, decompositions and parts of matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import shape_of


def _matmul(x: object, y: object) -> Shape:
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        raise FormulaError("@ is for vectors and matrices, not for a scalar", "Write * instead.")
    rows, inner = (left[-2:-1], left[-1])
    other, columns = (right[0], ()) if len(right) == 1 else (right[-2], right[-1:])
    if inner != other:
        raise FormulaError("the inner sizes differ")
    return (*args.broadcast(left[:-2], right[:-2]), *rows, *columns)


def _dot(x: object, y: object) -> Shape:
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        return left + right
    other, rest = (right[0], ()) if len(right) == 1 else (right[-2], (*right[:-2], right[-1]))
    if left[-1] != other:
        raise FormulaError("the inner sizes differ")
    return (*left[:-1], *rest)


def _inner(x: object, y: object) -> Shape:
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        return left + right
    if left[-1] != right[-1]:
        raise FormulaError("the last sizes differ")
    return (*left[:-1], *right[:-1])


def _outer(x: object, y: object) -> Shape:
    return (math.prod(shape_of(x)), math.prod(shape_of(y)))


def _kron(x: object, y: object) -> Shape:
    left, right = shape_of(x), shape_of(y)
    ndim = max(len(left), len(right))
    aligned = ((1,) * (ndim - len(shape)) + shape for shape in (left, right))
    return tuple(a * b for a, b in zip(*aligned, strict=True))


def _einsum(subscripts: object, operands: object) -> Shape:
    assert isinstance(operands, tuple)  # it is variadic
    if not isinstance(subscripts, str):
        raise FormulaError("the subscripts come first, as a text", "Write einsum('ij,j->i', W, x).")
    return args.einsum_plan(subscripts, [shape_of(operand) for operand in operands])[1]


def _transpose(x: object, axes: object) -> Shape:
    shape = shape_of(x)
    order = tuple(reversed(range(len(shape)))) if axes is None else args.some_axes(axes, len(shape), "axes")
    if len(order) != len(shape):
        raise FormulaError(
            f"axes names {len(order)} axes of {len(shape)}", "Name each of them once; swapaxes(x, i, j) exchanges two."
        )
    return tuple(shape[axis] for axis in order)


def _square(x: object) -> Shape:
    shape = shape_of(x)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise FormulaError("the matrix is not square")
    return shape


def _det(x: object) -> Shape:
    return _square(x)[:-2]


def _trace(x: object) -> Shape:
    if len(shape_of(x)) != 2:
        raise FormulaError("trace takes one matrix")
    return ()


def _solve(a: object, b: object) -> Shape:
    matrix, right = _square(a), shape_of(b)
    if len(right) == 1:
        if right[0] != matrix[-1]:
            raise FormulaError("the inner sizes differ")
        return matrix[:-1]
    if not right or right[-2] != matrix[-1]:
        raise FormulaError("the inner sizes differ")
    return (*args.broadcast(matrix[:-2], right[:-2]), *right[-2:])


def _diag(x: object, k: object) -> Shape:
    shape, offset = shape_of(x), args.whole(k, "k")
    if len(shape) == 1:
        return (shape[0] + abs(offset),) * 2
    if len(shape) != 2:
        raise FormulaError("diag takes one vector or one matrix")
    return args.lengths((min(shape[0] + min(offset, 0), shape[1] - max(offset, 0)),))


def _triangle(x: object, k: object) -> Shape:
    args.whole(k, "k")
    if len(shape_of(x)) < 2:
        raise FormulaError("a triangle needs a matrix")
    return shape_of(x)


MATRICES: Mapping[str, Callable[..., Shape]] = {
    "matmul": _matmul,
    "dot": _dot,
    "inner": _inner,
    "outer": _outer,
    "kron": _kron,
    "einsum": _einsum,
    "transpose": _transpose,
    "trace": _trace,
    "det": _det,
    "logdet": _det,
    "inv": _square,
    "cholesky": _square,
    "solve": _solve,
    "diag": _diag,
    "tril": _triangle,
    "triu": _triangle,
}
