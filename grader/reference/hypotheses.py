"""
Mistakes that need the forward graph to be predicted, each with a function that says what somebody making it returns.

A factor of the chain rule left out or taken at the wrong place, one of two paths dropped, the derivative of something else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from grader.reference.edits import AsIdentity, DerivativeAt, DerivativeByOutput, Detached, Edit, argument, elementwise_unary
from grader.reference.evaluate import evaluate

from grader.exercise import JVP, VJP, Exercise, Gradient, Hessian, Jacobian, Kind, Line, Local, Target, Value, symbol
from grader.formula import Call, Formula, Name, Node, node_text
from grader.outcome import Hypothesis
from grader.reference.derivatives import LineEdits, Point, dependents, derive, laid_out
from grader.reference.numerical import difference

MAX_HYPOTHESES = 48  # a target; forward functions of textbook size have far fewer
_FORWARD_STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_CENTRAL_STEPS = (1e-2, 1e-3)  # smaller ones pass: their error is below rtol
_REDUCTIONS = frozenset({"sum", "mean", "var", "std", "max", "min", "logsumexp", "norm", "prod"})

# How a derivative is written by its output y or its argument u.
_DERIVATIVE = {
    "tanh": "1 − {y}²",
    "sigmoid": "{y}(1 − {y})",
    "exp": "{y}",
    "sqrt": "1/(2{y})",
    "log": "1/{u}",
    "sin": "cos({u})",
    "cos": "−sin({u})",
    "square": "2{u}",
    "softplus": "sigmoid({u})",
    "relu": "1 where {u} > 0, else 0",
}

Predict = Callable[[Point], "torch.Tensor | None"]


@dataclass(frozen=True, slots=True)
class GraphHypothesis:
    """A hypothesis and what it predicts at a point, before `layout`; None where it has no answer there."""

    hypothesis: Hypothesis
    predict: Predict


def of_target(exercise: Exercise, target: Target) -> tuple[GraphHypothesis, ...]:
    """The hypotheses about one target, the most telling first."""
    found = (GraphHypothesis(Hypothesis(rule=rule, text=text), predict) for rule, text, predict in _all(exercise, target))
    return tuple(hypothesis for hypothesis, _ in zip(found, range(MAX_HYPOTHESES), strict=False))


def prediction(exercise: Exercise, target: Target, graph: GraphHypothesis, point: Point) -> torch.Tensor | None:
    """What the hypothesis predicts at a point, laid out as the target; None where it has no finite answer."""
    try:
        predicted = graph.predict(point)
    except (RuntimeError, ValueError, IndexError):  # such as shapes that do not fit: nobody can have returned that
        return None
    if predicted is None or not bool(torch.isfinite(predicted).all()):
        return None
    fits = target.layout == "denominator" and predicted.ndim == sum(exercise.blocks(target))
    return laid_out(exercise, target, predicted) if fits else predicted


_Named = tuple[str, str, Predict]


def _all(exercise: Exercise, target: Target) -> Iterator[_Named]:
    kind = target.kind
    if isinstance(kind, Value):
        yield from _other_values(exercise, kind)
        return
    path = _path(exercise, kind)
    yield from _factors(kind, path, exercise)
    yield from _paths(kind, path, exercise)
    yield from _upstream(exercise, kind)
    yield from _other_quantities(exercise, kind, path)
    yield "forward_value", f"You returned {kind.of} itself, not a derivative of it.", lambda point: point.values[kind.of]
    yield from _differences(kind)


def _path(exercise: Exercise, kind: Kind) -> tuple[Line, ...]:
    """The lines between `wrt` and `of`: those that depend on the one and that the other depends on."""
    if isinstance(kind, Value):
        return ()
    if isinstance(kind, Local):
        return tuple(line for line in exercise.forward if line.name == kind.of)
    needed = {kind.of}
    for line in reversed(exercise.forward):
        if line.name in needed and line.name != kind.wrt:
            needed |= line.formula.names
    moved = dependents(exercise, frozenset({kind.wrt}))
    return tuple(line for line in exercise.forward if line.name in needed & moved and line.name != kind.wrt)


def _edited(kind: Kind, line: Line, position: int, edit: Callable[[Point], Edit]) -> Predict:
    def predict(point: Point) -> torch.Tensor:
        edits: LineEdits = {line.name: {position: edit(point)}}
        return derive(point, kind, edits)

    return predict


def _factors(kind: Kind, path: tuple[Line, ...], exercise: Exercise) -> Iterator[_Named]:
    """A factor of the chain rule that is missing, or taken at another quantity."""
    for line in reversed(path):
        for position in elementwise_unary(line.formula):
            node = line.formula.nodes[position]
            text, inside = node_text(node), node_text(argument(node))
            function = node.function if isinstance(node, Call) else ""
            out = line.name if position == len(line.formula.nodes) - 1 else text
            factor = _DERIVATIVE.get(function, "").format(y=out, u=inside)
            names = f"{factor}, the derivative of {text}" if factor else f"the derivative of {text}"
            yield (
                "factor_missing",
                f"You left out {names}: one factor of the chain rule.",
                _edited(kind, line, position, lambda _: AsIdentity()),
            )
            if function in ("tanh", "sigmoid", "exp", "sqrt"):
                slip = "You squared" if function == "tanh" else "You used"
                taken = f"The derivative of {text} is {factor}, in terms of the output. {slip} {inside}, the input."
                at_input = lambda point, node=node: DerivativeByOutput(_value(argument(node), point))  # noqa: E731
                yield "factor_misplaced", taken, _edited(kind, line, position, at_input)
            at_output = lambda point, node=node: DerivativeAt(_value(node, point))  # noqa: E731
            yield (
                "factor_misplaced",
                f"You took the derivative of {text} at {out} instead of at {inside}.",
                _edited(kind, line, position, at_output),
            )
            for other in _same_axes(exercise, line.name):
                if other not in (inside, out):
                    at_other = lambda point, other=other: DerivativeAt(point.values[other])  # noqa: E731
                    said = f"You took the derivative of {text} at {other} instead of at {inside}."
                    yield "factor_misplaced", said, _edited(kind, line, position, at_other)


def _paths(kind: Kind, path: tuple[Line, ...], exercise: Exercise) -> Iterator[_Named]:
    """A quantity that reaches `of` in two ways, one of which is left out."""
    for line in path:
        root = len(line.formula.nodes) - 1
        if line.name != kind.of:
            text = f"You left out the path through {line.name}: it depends on {_wrt(kind)}, too."
            yield "one_path", text, _edited(kind, line, root, lambda _: Detached())
        moved = dependents(exercise, frozenset({_wrt(kind)}))
        for position, node in enumerate(line.formula.nodes):
            is_reduction = isinstance(node, Call) and node.function in _REDUCTIONS
            is_moved_name = isinstance(node, Name) and node.name in moved
            if (is_reduction or is_moved_name) and position != root:
                place = f"{node_text(node)} in {line.name}"
                text = f"You treated {place} as a constant: it depends on {_wrt(kind)}, too."
                yield "one_path", text, _edited(kind, line, position, lambda _: Detached())


def _upstream(exercise: Exercise, kind: Kind) -> Iterator[_Named]:
    if isinstance(kind, VJP):
        ones = lambda point: derive(_with(point, kind.upstream, torch.ones_like(point.values[kind.upstream])), kind)  # noqa: E731
        yield "upstream_ignored", f"You left out the upstream gradient {kind.upstream}.", ones
        forward_mode = Jacobian(of=kind.of, wrt=kind.wrt)
        if exercise.axes_of(kind.of) == exercise.axes_of(kind.wrt):
            jvp = lambda point: torch.tensordot(  # noqa: E731
                derive(point, forward_mode), point.values[kind.upstream], dims=point.values[kind.wrt].ndim
            )
            text = f"You multiplied the Jacobian by {kind.upstream} from the wrong side: the upstream gradient comes first."
            yield "jvp_for_vjp", text, jvp
        for place, axis in enumerate(exercise.axes_of(kind.of)):
            if axis not in exercise.axes_of(kind.wrt):
                text = f"Sum over {axis}: {kind.wrt} is shared by all of it, so that its gradient is a sum over that axis."
                yield "batch_not_summed", text, lambda point, place=place: _unsummed(point, kind, place)
        yield "wrong_variable", f"You returned {kind.upstream} itself.", lambda point: point.values[kind.upstream]
    if isinstance(kind, JVP):
        if exercise.axes_of(kind.of) == exercise.axes_of(kind.wrt):
            vjp = lambda point: torch.tensordot(  # noqa: E731
                point.values[kind.tangent], derive(point, Jacobian(of=kind.of, wrt=kind.wrt)), dims=point.values[kind.of].ndim
            )
            yield (
                "jvp_for_vjp",
                f"You multiplied the Jacobian by {kind.tangent} from the wrong side: the tangent comes last.",
                vjp,
            )
        ones = lambda point: derive(_with(point, kind.tangent, torch.ones_like(point.values[kind.tangent])), kind)  # noqa: E731
        yield "upstream_ignored", f"You left out the tangent {kind.tangent}.", ones


def _unsummed(point: Point, kind: VJP, place: int) -> torch.Tensor:
    """The terms of the sum over one axis of `of`, stacked along a new first axis."""
    upstream = point.values[kind.upstream]
    terms = []
    for i in range(upstream.shape[place]):
        masked = torch.zeros_like(upstream)
        masked.select(place, i).copy_(upstream.select(place, i))
        terms.append(derive(_with(point, kind.upstream, masked), kind))
    return torch.stack(terms)


def _other_quantities(exercise: Exercise, kind: Kind, path: tuple[Line, ...]) -> Iterator[_Named]:
    """The derivative of an earlier line, or with respect to something else."""
    wrt = _wrt(kind)
    if isinstance(kind, Jacobian | VJP | JVP):
        for line in reversed(path[:-1]):
            fits = isinstance(kind, Jacobian) or line.axes == exercise.axes_of(kind.of)
            if fits:
                other: Kind = dataclasses.replace(kind, of=line.name)
                text = f"That is the derivative of {line.name}, from which {kind.of} is computed: the chain rule goes on."
                yield "pre_activation", text, lambda point, other=other: derive(point, other)
    integer = {item.name for item in exercise.inputs if item.draw.law == "labels"}
    for name in [line.name for line in reversed(path[:-1])] + [item.name for item in exercise.inputs]:
        if name != wrt and name not in integer and kind.of in dependents(exercise, frozenset({name})):
            swapped: Kind
            match kind:
                case Jacobian() | Gradient() | VJP():
                    swapped = dataclasses.replace(kind, wrt=name)
                case Local():
                    swapped = Jacobian(of=kind.of, wrt=name)
                case _:
                    continue
            text = f"That is {symbol(swapped)}, the derivative with respect to {name}, not {wrt}."
            yield "wrong_variable", text, lambda point, swapped=swapped: derive(point, swapped)
    if isinstance(kind, Hessian):
        yield (
            "wrong_variable",
            f"That is the gradient ∂{kind.of}/∂{wrt}, not the second derivative.",
            (lambda point: derive(point, Gradient(of=kind.of, wrt=wrt))),
        )
    if isinstance(kind, Local):
        yield (
            "wrong_variable",
            f"That is the derivative through all lines; only the line of {kind.of} is asked for.",
            (lambda point: derive(point, Jacobian(of=kind.of, wrt=wrt))),
        )


def _other_values(exercise: Exercise, kind: Value) -> Iterator[_Named]:
    for line in exercise.forward:
        if line.name != kind.of:
            yield "pre_activation", f"That is {line.name}, not {kind.of}.", lambda point, line=line: point.values[line.name]


def _differences(kind: Kind) -> Iterator[_Named]:
    """Numerical differentiation with a step that is too large to pass."""
    if not isinstance(kind, Jacobian | Gradient | VJP):
        return
    text = "Those are finite differences with the step {step:g}: an approximation. Derive the formula."
    for step in _FORWARD_STEPS:
        yield "numerical_differentiation", text.format(step=step), lambda point, step=step: difference(point, kind, step, order=1)
    for step in _CENTRAL_STEPS:
        yield "numerical_differentiation", text.format(step=step), lambda point, step=step: difference(point, kind, step, order=2)


def _value(node: Node, point: Point) -> torch.Tensor:
    return evaluate(Formula(text=node_text(node), root=node), point.values, point.sizes)


def _wrt(kind: Kind) -> str:
    return "" if isinstance(kind, Value) else kind.wrt


def _same_axes(exercise: Exercise, name: str) -> tuple[str, ...]:
    """Inputs and lines with the axes of `name`, itself left out."""
    axes = exercise.axes_of(name)
    return tuple(item.name for item in (*exercise.inputs, *exercise.forward) if item.axes == axes and item.name != name)


def _with(point: Point, name: str, value: torch.Tensor) -> Point:
    return dataclasses.replace(point, values={**point.values, name: value})
