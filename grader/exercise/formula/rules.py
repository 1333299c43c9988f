"""
The shape of what each function returns.

A rule takes the values of the function's parameters by name: an Array where only the shape is known, a plain number, or
what stands for an option (tuple, text, True, False, None). It raises FormulaError with `what` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.functions import FUNCTIONS
from grader.exercise.formula.nodes import FormulaError


@dataclass(frozen=True, slots=True)
class Array:
    """An array of which only the shape is known."""

    shape: Shape


def shape_of(value: object) -> Shape:
    """The shape of an Array; a number has none."""
    if isinstance(value, Array):
        return value.shape
    if args.is_number(value):
        return ()
    kind = "a tuple" if isinstance(value, tuple) else f"the text {value!r}" if isinstance(value, str) else repr(value)
    raise FormulaError(f"{kind} stands where an array is needed")


def _elementwise(**values: object) -> Shape:
    return args.broadcast(*(shape_of(value) for value in values.values()))


def _clip(x: object, a_min: object, a_max: object) -> Shape:
    return _elementwise(x=x, **{name: bound for name, bound in (("a_min", a_min), ("a_max", a_max)) if bound is not None})


def _gelu(x: object, approximate: object) -> Shape:
    if approximate not in {"none", "tanh"}:
        raise FormulaError("approximate is 'none' or 'tanh'")
    return shape_of(x)


def _reduced(shape: Shape, axes: Shape, keepdims: object) -> Shape:
    if not isinstance(keepdims, bool):
        raise FormulaError("keepdims is True or False")
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def _sum(x: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    return _reduced(shape, args.some_axes(axis, len(shape)), keepdims)


def _mean(x: object, axis: object, keepdims: object) -> Shape:
    """Also the other reductions that need at least one entry."""
    shape = shape_of(x)
    axes = args.some_axes(axis, len(shape))
    if any(shape[axis] == 0 for axis in axes):
        raise FormulaError("an axis of size 0 has nothing to reduce")
    return _reduced(shape, axes, keepdims)


def _extremum(name: str) -> Callable[..., Shape]:
    """The rule of max or min: Python's max(a, b) is another function."""

    def rule(x: object, axis: object, keepdims: object) -> Shape:
        try:
            return _mean(x, axis, keepdims)
        except FormulaError as error:
            if axis is None or isinstance(axis, int | tuple):
                raise
            remedy = f"The {'larger' if name == 'max' else 'smaller'} of two, entry by entry, is {name}imum(x, y)."
            raise FormulaError(error.what, remedy) from None

    return rule


def _variance(x: object, axis: object, ddof: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    count = math.prod(shape[axis] for axis in args.some_axes(axis, len(shape)))
    if count <= args.whole(ddof, "ddof", least=0):
        raise FormulaError(f"the variance of {count} with ddof={ddof} is not defined")
    return _mean(x, axis, keepdims)


def _norm(x: object, ord: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    axes = args.some_axes(axis, len(shape))
    if ord == "fro":
        if len(axes) != 2:
            raise FormulaError("ord='fro' is for matrices")
    elif ord is not None:
        if not isinstance(ord, int | float) or isinstance(ord, bool) or ord <= 0:
            raise FormulaError("ord is None, 'fro' or a positive number", "For the largest entry write max(abs(x)).")
        if len(axes) > 1:
            raise FormulaError(
                f"ord={ord} of a matrix is another norm", "Leave ord out for the root of the sum of squares, or name one axis."
            )
    return _reduced(shape, axes, keepdims)


def _arg(x: object, axis: object, keepdims: object) -> Shape:
    shape = shape_of(x)
    axes = tuple(range(len(shape))) if axis is None else (args.one_axis(axis, len(shape)),)
    return _mean(x, axes, keepdims)


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
        raise FormulaError("the trace is of one matrix")
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
        raise FormulaError("diag is of one vector or one matrix")
    return args.lengths((min(shape[0] + min(offset, 0), shape[1] - max(offset, 0)),))


def _triangle(x: object, k: object) -> Shape:
    args.whole(k, "k")
    if len(shape_of(x)) < 2:
        raise FormulaError("a triangle is of a matrix")
    return shape_of(x)


def _softmax(x: object, axis: object) -> Shape:
    _mean(x, axis, keepdims=False)
    return shape_of(x)


def _one_hot(labels: object, classes: object) -> Shape:
    return (*shape_of(labels), args.whole(classes, "classes", least=1))


def _convolved(shape: Shape, kernel: Shape, steps: tuple[tuple[int, int, int], ...], groups: object) -> Shape:
    """The shape of a cross-correlation; `steps` has stride, padding and dilation of each axis."""
    parts = args.whole(groups, "groups", least=1)
    if len(shape) != len(steps) + 2 or len(kernel) != len(steps) + 2:
        raise FormulaError(
            f"both arrays need {len(steps) + 2} axes", "x: examples, channels, then places; w: filters, channels, then places."
        )
    if shape[1] != kernel[1] * parts or kernel[0] % parts:
        raise FormulaError("the channels differ" if parts == 1 else f"the channels do not divide into {parts} groups that fit")
    places = (
        args.window_count(size + 2 * padding, dilation * (window - 1) + 1, stride)
        for size, window, (stride, padding, dilation) in zip(shape[2:], kernel[2:], steps, strict=True)
    )
    return (shape[0], kernel[0], *places)


def _conv1d(x: object, w: object, stride: object, padding: object, dilation: object, groups: object) -> Shape:
    steps = (
        args.whole(stride, "stride", least=1),
        args.whole(padding, "padding", least=0),
        args.whole(dilation, "dilation", least=1),
    )
    return _convolved(shape_of(x), shape_of(w), (steps,), groups)


def _conv2d(x: object, w: object, stride: object, padding: object, dilation: object, groups: object) -> Shape:
    strides, paddings = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    dilations = args.pair(dilation, "dilation", least=1)
    return _convolved(shape_of(x), shape_of(w), tuple(zip(strides, paddings, dilations, strict=True)), groups)


def _conv_transpose2d(x: object, w: object, stride: object, padding: object) -> Shape:
    shape, kernel = shape_of(x), shape_of(w)
    if len(shape) != 4 or len(kernel) != 4:
        raise FormulaError("both arrays need 4 axes", "x: N C H W, w: C F HH WW.")
    if shape[1] != kernel[0]:
        raise FormulaError("the channels differ")
    strides, paddings = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    places = [
        (size - 1) * by + window - 2 * border
        for size, window, by, border in zip(shape[2:], kernel[2:], strides, paddings, strict=True)
    ]
    if min(places) < 1:
        raise FormulaError("the padding takes everything away")
    return (shape[0], kernel[1], *places)


def _pool2d(x: object, kernel_size: object, stride: object) -> Shape:
    shape, windows = shape_of(x), args.pair(kernel_size, "kernel_size", least=1)
    if len(shape) < 2:
        raise FormulaError("pooling is over the last two axes")
    strides = windows if stride is None else args.pair(stride, "stride", least=1)
    return (*shape[:-2], *map(args.window_count, shape[-2:], windows, strides))


def _pad(x: object, pad_width: object, constant_values: object) -> Shape:
    if not args.is_number(constant_values):
        raise FormulaError("constant_values is one number")
    shape = shape_of(x)
    return tuple(
        before + size + after for size, (before, after) in zip(shape, args.pad_pairs(pad_width, len(shape)), strict=True)
    )


def _reshape(x: object, shape: object, order: object) -> Shape:
    args.order_of(order)
    return args.target_shape(shape, math.prod(shape_of(x)))


def _ravel(x: object, order: object) -> Shape:
    args.order_of(order)
    return (math.prod(shape_of(x)),)


def _several(arrays: object) -> list[Shape]:
    if not isinstance(arrays, tuple) or not arrays:
        raise FormulaError("it takes a tuple of arrays", "Write stack((a, b), axis=0).")
    return [shape_of(array) for array in arrays]


def _stack(arrays: object, axis: object) -> Shape:
    first, *others = _several(arrays)
    if any(other != first for other in others):
        raise FormulaError("the shapes differ")
    place = args.one_axis(axis, len(first) + 1)
    return (*first[:place], len(others) + 1, *first[place:])


def _concatenate(arrays: object, axis: object) -> Shape:
    first, *others = _several(arrays)
    place = args.one_axis(axis, len(first))
    if any(
        other[:place] + other[place + 1 :] != first[:place] + first[place + 1 :] or len(other) != len(first) for other in others
    ):
        raise FormulaError("the shapes differ in another axis than the one to join")
    return (*first[:place], sum(shape[place] for shape in (first, *others)), *first[place + 1 :])


def _broadcast_to(x: object, shape: object) -> Shape:
    sizes = args.wholes(shape, "shape", least=0)
    if args.broadcast(shape_of(x), sizes) != sizes:
        raise FormulaError(f"it cannot be repeated to {sizes}")
    return sizes


def _expand_dims(x: object, axis: object) -> Shape:
    ndim = len(shape_of(x)) + len(axis if isinstance(axis, tuple) else (axis,))
    new = args.some_axes(axis, ndim)
    sizes = iter(shape_of(x))
    return tuple(1 if place in new else next(sizes) for place in range(ndim))


def _squeeze(x: object, axis: object) -> Shape:
    shape = shape_of(x)
    axes = args.some_axes(axis, len(shape))
    if any(shape[axis] != 1 for axis in axes):
        raise FormulaError("only an axis of size 1 can be squeezed")
    return _reduced(shape, axes, keepdims=False)


def _swapaxes(x: object, axis1: object, axis2: object) -> Shape:
    sizes = list(shape_of(x))
    one, two = args.one_axis(axis1, len(sizes), "axis1"), args.one_axis(axis2, len(sizes), "axis2")
    sizes[one], sizes[two] = sizes[two], sizes[one]
    return tuple(sizes)


def _moveaxis(x: object, source: object, destination: object) -> Shape:
    shape = shape_of(x)
    return tuple(shape[axis] for axis in args.source_axes(source, destination, len(shape)))


def _flip(x: object, axis: object) -> Shape:
    args.some_axes(axis, len(shape_of(x)))
    return shape_of(x)


def _roll(x: object, shift: object, axis: object) -> Shape:
    args.roll_plan(shift, axis, len(shape_of(x)))
    return shape_of(x)


def _repeat(x: object, repeats: object, axis: object) -> Shape:
    shape = shape_of(x) if axis is not None else (math.prod(shape_of(x)),)
    place, times = args.one_axis(axis or 0, len(shape)), args.whole(repeats, "repeats", least=0)
    return (*shape[:place], shape[place] * times, *shape[place + 1 :])


def _tile(x: object, reps: object) -> Shape:
    shape, times = shape_of(x), args.wholes(reps, "reps", least=0)
    ndim = max(len(shape), len(times))
    aligned = ((1,) * (ndim - len(sizes)) + sizes for sizes in (shape, times))
    return tuple(size * time for size, time in zip(*aligned, strict=True))


def _cumulated(x: object, axis: object) -> Shape:
    shape = shape_of(x)
    if axis is None:
        return (math.prod(shape),)
    args.one_axis(axis, len(shape))
    return shape


def _take(x: object, indices: object, axis: object) -> Shape:
    shape = shape_of(x) if axis is not None else (math.prod(shape_of(x)),)
    place = args.one_axis(axis or 0, len(shape))
    if isinstance(indices, Array):
        picked = indices.shape
    else:
        numbers = args.wholes(indices, "an index")
        if any(not -shape[place] <= number < shape[place] for number in numbers):
            raise FormulaError(f"an index is outside an axis of size {shape[place]}")
        picked = (len(numbers),) if isinstance(indices, tuple) else ()
    return (*shape[:place], *picked, *shape[place + 1 :])


def _take_along_axis(x: object, indices: object, axis: object) -> Shape:
    shape, picked = shape_of(x), shape_of(indices)
    place = args.one_axis(axis, len(shape))
    if len(picked) != len(shape):
        raise FormulaError("indices need as many axes as the array", "Add one by indices[:, None].")
    sizes = list(args.broadcast(*((*sizes[:place], 1, *sizes[place + 1 :]) for sizes in (shape, picked))))
    sizes[place] = picked[place]
    return tuple(sizes)


def _filled(shape: object, fill_value: object = 0) -> Shape:
    sizes = args.wholes(shape, "shape", least=0)
    if args.broadcast(shape_of(fill_value), sizes) != sizes:
        raise FormulaError(f"fill_value does not fit into {sizes}")
    return sizes


def _eye(N: object, M: object, k: object) -> Shape:
    args.whole(k, "k")
    return (args.whole(N, "N", least=0), args.whole(N if M is None else M, "M", least=0))


def _arange(start: object, stop: object, step: object) -> Shape:
    return (len(args.arange_of(start, stop, step)),)


RULES: Mapping[str, Callable[..., Shape]] = {
    **{name: _elementwise for name, function in FUNCTIONS.items() if function.kind == "elementwise"},
    "clip": _clip,
    "gelu": _gelu,
    "sum": _sum,
    "prod": _sum,
    "mean": _mean,
    "max": _extremum("max"),
    "min": _extremum("min"),
    "logsumexp": _mean,
    "var": _variance,
    "std": _variance,
    "norm": _norm,
    "argmax": _arg,
    "argmin": _arg,
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
    "softmax": _softmax,
    "log_softmax": _softmax,
    "one_hot": _one_hot,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "max_pool2d": _pool2d,
    "avg_pool2d": _pool2d,
    "pad": _pad,
    "reshape": _reshape,
    "ravel": _ravel,
    "stack": _stack,
    "concatenate": _concatenate,
    "concat": _concatenate,
    "broadcast_to": _broadcast_to,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "swapaxes": _swapaxes,
    "moveaxis": _moveaxis,
    "flip": _flip,
    "roll": _roll,
    "repeat": _repeat,
    "tile": _tile,
    "cumsum": _cumulated,
    "cumprod": _cumulated,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "zeros": _filled,
    "ones": _filled,
    "full": _filled,
    "zeros_like": _elementwise,
    "ones_like": _elementwise,
    "eye": _eye,
    "arange": _arange,
}
