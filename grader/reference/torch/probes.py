"""Choose probes: which input to scale, and by how much, so that numerical differentiation of a target loses its digits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from grader.exercise.formula import CallNode, Formula, FormulaError, node_text
from grader.exercise.model import VJP, Exercise, Gradient, Jacobian, Target
from grader.reference.model import Case, Expected
from grader.reference.torch.compute import MIN_KINK_DISTANCE, array, expected_array, point_of, tensors
from grader.reference.torch.cross_checks import ill_conditioned
from grader.reference.torch.derivatives import Point, Tensors, derive, point_at
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.numerical import difference

FACTORS = (1e-12, 1e12)
MIN_DIFFERENCE_ERROR = 1e-4  # relative; a probe's tolerance is 1e-6
MAX_NUDGED_ENTRIES = 8192  # entries of an input: for a larger one a submission has no time for differences in each entry, either
MAX_EXPONENT = 300.0  # exp(2z) is finite there, in which 1/cosh² is written
_EXPONENTIAL = frozenset(
    {"exp", "expm1", "sigmoid", "logsigmoid", "softplus", "tanh", "sinh", "cosh", "silu", "gelu", "elu"}
    | {"softmax", "log_softmax", "logsumexp"}
)
_SCHEMES = ((1e-2, 4), (1e-3, 2), (1e-5, 2))  # step, order: the central differences that lose the fewest digits


def scalings(exercise: Exercise, target: Target, case: Case) -> Iterator[tuple[str, float]]:
    """
    Yield inputs and factors at which every finite difference of a target loses its digits.

    The expected array stays well conditioned there, so that a right answer keeps its digits in whatever form it is written.
    """
    kind = target.kind
    if not isinstance(kind, Jacobian | Gradient | VJP):
        return
    inputs = tensors(case.values)
    upstream = {item.name for item in exercise.upstream}
    for name, value in inputs.items():
        if name != kind.wrt and name not in upstream and value.is_floating_point():
            for factor in FACTORS:
                if _differences_fail(exercise, target, kind, case, {**inputs, name: value * factor}):
                    yield name, factor


def _differences_fail(exercise: Exercise, target: Target, kind: Jacobian | Gradient | VJP, case: Case, inputs: Tensors) -> bool:
    kinks: list[float] = []
    try:
        point = point_at(exercise, case.sizes, inputs, kinks)
        if point.values[kind.wrt].numel() > MAX_NUDGED_ENTRIES or _may_overflow(exercise, point):
            return False
        value = expected_array(point, target)
        key = next((task.function, other.name) for task, other in exercise.targets() if other is target)
        if not value.numel() or not bool(torch.isfinite(value).all()) or not bool(value.any()):
            return False
        if (kinks and min(kinks) < MIN_KINK_DISTANCE) or ill_conditioned(exercise, case.sizes, inputs, {key: value}):
            return False
        exact = derive(point, kind)
        errors = (_relative_error(difference(point, kind, step, order=order), exact) for step, order in _SCHEMES)
        return all(error > MIN_DIFFERENCE_ERROR for error in errors)
    except (FormulaError, RuntimeError):  # RuntimeError: what torch cannot compute there
        return False


def _may_overflow(exercise: Exercise, point: Point) -> bool:
    """Tell whether exponentials may overflow there: exp(z) / (1 + exp(z)) is right, and would be NaN."""
    for line in exercise.forward:
        for node in line.formula.nodes:
            if isinstance(node, CallNode) and node.function in _EXPONENTIAL:
                exponent = evaluate(Formula(text=node_text(node.arguments[0]), root=node.arguments[0]), point.values, point.sizes)
                if float(exponent.abs().max()) > MAX_EXPONENT:
                    return True
    return False


def _relative_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    error = float((found - exact).abs().max() / exact.abs().max())
    return float("inf") if math.isnan(error) else error  # NaN: no digits at all


def expected_at_probe(exercise: Exercise, case: Case) -> Expected:
    """Compute the expected arrays at a probe; nothing is predicted there."""
    point = point_of(exercise, case)
    targets = {(task.function, target.name): array(expected_array(point, target)) for task, target in exercise.targets()}
    return Expected(targets=targets, quantities={name: array(point.values[name]) for name in exercise.called_quantities})
