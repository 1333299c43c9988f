"""The shapes of reshaped, joined, repeated and indexed arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import ShapedArray, reduced, shape_of


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
    return reduced(shape, axes, keepdims=False)


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
    if isinstance(indices, ShapedArray):
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


ARRANGEMENT: Mapping[str, Callable[..., Shape]] = {
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
}
