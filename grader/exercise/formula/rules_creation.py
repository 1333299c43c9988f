"""The shapes of arrays that are made from a shape or a range."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import shape_of


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


CREATION: Mapping[str, Callable[..., Shape]] = {
    "zeros": _filled,
    "ones": _filled,
    "full": _filled,
    "eye": _eye,
    "arange": _arange,
}
