"""The shapes of softmax, convolutions, pooling and padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import shape_of
from grader.exercise.formula.rules_reductions import mean_rule


def _softmax(x: object, axis: object) -> Shape:
    mean_rule(x, axis, keepdims=False)
    return shape_of(x)


def _one_hot(labels: object, classes: object) -> Shape:
    return (*shape_of(labels), args.whole(classes, "classes", least=1))


def _convolved(shape: Shape, kernel: Shape, steps: tuple[tuple[int, int, int], ...], groups: object) -> Shape:
    """Infer the shape of a cross-correlation; `steps` has stride, padding and dilation of each axis."""
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


NETWORK: Mapping[str, Callable[..., Shape]] = {
    "softmax": _softmax,
    "log_softmax": _softmax,
    "one_hot": _one_hot,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "max_pool2d": _pool2d,
    "avg_pool2d": _pool2d,
    "pad": _pad,
}
