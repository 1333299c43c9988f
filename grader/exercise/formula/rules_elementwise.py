"""The shapes of what elementwise functions return."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.functions import FUNCTIONS
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.rule_values import shape_of


def elementwise_rule(**values: object) -> Shape:
    """Infer the shape of arrays that are combined entry by entry."""
    return args.broadcast(*(shape_of(value) for value in values.values()))


def _clip(x: object, a_min: object, a_max: object) -> Shape:
    return elementwise_rule(x=x, **{name: bound for name, bound in (("a_min", a_min), ("a_max", a_max)) if bound is not None})


def _gelu(x: object, approximate: object) -> Shape:
    if approximate not in {"none", "tanh"}:
        raise FormulaError("approximate is 'none' or 'tanh'")
    return shape_of(x)


ELEMENTWISE: Mapping[str, Callable[..., Shape]] = {
    **{name: elementwise_rule for name, function in FUNCTIONS.items() if function.kind == "elementwise"},
    "clip": _clip,
    "gelu": _gelu,
    "zeros_like": elementwise_rule,
    "ones_like": elementwise_rule,
}
