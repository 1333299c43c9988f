"""
Predict mistakes that need the forward graph: for each, compute what somebody making it returns.

A factor of the chain rule left out or taken at the wrong place, one of two paths dropped, the derivative of something else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from grader.exercise.formula import CallNode, Formula, FormulaError, NameNode, Node, node_text, parse
from grader.exercise.model import (
    JVP,
    VJP,
    Exercise,
    Gradient,
    Hessian,
    Jacobian,
    Kind,
    Line,
    Local,
    Target,
    Value,
    quantities,
    symbol,
)
from grader.reference.model import Hypothesis
from grader.reference.torch.derivatives import Point, dependents, derive, in_target_layout, jvp, line_of, point_at
from grader.reference.torch.edits import (
    AsIdentity,
    AsSlope,
    DerivativeAt,
    DerivativeByOutput,
    Detached,
    Edit,
    argument,
    elementwise_unary,
)
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.numerical import difference
from grader.text import and_list

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
}

# Wrong derivatives, in {y} as people write them and as a formula, each with what is wrong.
_CONFUSED = {
    "tanh": (
        ("{y}(1 − {y})", "{y} * (1 - {y})", "that is the derivative of sigmoid"),
        ("1 − {y}", "1 - {y}", "the square is missing"),
    ),
    "sigmoid": (("1 − {y}²", "1 - {y} ** 2", "that is the derivative of tanh"),),
}

Predict = Callable[[Point], torch.Tensor]
_Derivative = Local | Gradient | Jacobian | VJP | JVP | Hessian


@dataclass(frozen=True, slots=True)
class GraphHypothesis:
    """A hypothesis and its prediction at a point, before `layout`."""

    hypothesis: Hypothesis
    predict: Predict


def of_target(exercise: Exercise, target: Target) -> tuple[GraphHypothesis, ...]:
    """List the hypotheses about one target, the most likely first."""
    found = (GraphHypothesis(Hypothesis(rule=rule, text=text), predict) for rule, text, predict in _all(exercise, target))
    return tuple(hypothesis for hypothesis, _ in zip(found, range(MAX_HYPOTHESES), strict=False))


def prediction(exercise: Exercise, target: Target, graph: GraphHypothesis, point: Point) -> torch.Tensor | None:
    """Compute what a hypothesis predicts at a point, in the target's layout; None if it has no finite answer."""
    try:
        predicted = graph.predict(point)
    except (
        FormulaError,
        RuntimeError,
        ValueError,
        IndexError,
    ):  # for example shapes that do not fit: nobody can have returned that
        return None
    if not bool(torch.isfinite(predicted).all()):
        return None
    fits = target.layout == "denominator" and predicted.ndim == sum(exercise.blocks(target))
    return in_target_layout(exercise, target, predicted) if fits else predicted


_Named = tuple[str, str, Predict]  # rule, text, prediction


def _all(exercise: Exercise, target: Target) -> Iterator[_Named]:
    kind = target.kind
    if isinstance(kind, Value):
        for line in exercise.forward:
            if line.name != kind.of:
                yield "pre_activation", f"That is {line.name}, not {kind.of}.", _quantity(line.name)
        return
    path = _path(exercise, kind)
    if isinstance(kind, VJP) and kind.also:
        yield from _several(kind)
    yield from _factors(kind, path, exercise)
    yield from _paths(kind, path, exercise)
    yield from _directions(exercise, kind)
    yield from _left_out(exercise, kind)
    yield from _earlier(exercise, kind, path)
    yield from _other_variables(exercise, kind, path)
    for of in quantities(kind):
        yield "forward_value", f"You returned {of} itself, not a derivative of it.", _quantity(of)
    yield from _differences(kind)


def _path(exercise: Exercise, kind: _Derivative) -> tuple[Line, ...]:
    """Return the lines between `wrt` and `of`: those that depend on the one and that the other depends on."""
    if isinstance(kind, Local):
        return (line_of(exercise, kind.of),)
    needed = set(quantities(kind))
    for line in reversed(exercise.forward):
        if line.name in needed and line.name != kind.wrt:
            needed |= line.formula.names
    moved = dependents(exercise, frozenset({kind.wrt}))
    return tuple(line for line in exercise.forward if line.name in needed & moved and line.name != kind.wrt)


def _factors(kind: _Derivative, path: tuple[Line, ...], exercise: Exercise) -> Iterator[_Named]:
    """Predict a factor of the chain rule that is missing, or taken at another quantity."""
    for line in reversed(path):
        for position in elementwise_unary(line.formula):
            node = line.formula.nodes[position]
            text, inside = node_text(node), node_text(argument(node))
            function = node.function if isinstance(node, CallNode) else ""
            out = line.name if position == len(line.formula.nodes) - 1 else text
            factor = _DERIVATIVE.get(function, "").format(y=out, u=inside)
            missing = f"{factor}, the derivative of {text}" if factor else f"the derivative of {text}"

            def edited(edit: _MakeEdit, line: Line = line, position: int = position) -> Predict:
                return _edited(kind, line, position, edit)

            yield "factor_missing", f"You left out {missing}: one factor of the chain rule.", edited(lambda _: AsIdentity())
            if factor and "{y}" in _DERIVATIVE[function]:
                slip = "squared" if function == "tanh" else "used"
                taken = f"The derivative of {text} is {factor}, in terms of the output. You {slip} {inside}, the input."
                yield "factor_misplaced", taken, edited(_by_output_at(argument(node)))
            taken = f"You took the derivative of {text} at {{}} instead of at {inside}."
            yield "factor_misplaced", taken.format(out), edited(_derivative_at(node))
            for other in _same_axes(exercise, line.name):
                if other not in (inside, out):
                    yield "factor_misplaced", taken.format(other), edited(_derivative_at(NameNode(other)))
            reminder = f"The derivative of {text} is {factor}. " if factor else ""
            itself = f"{reminder}You took {out} itself for {'it' if reminder else f'the derivative of {text}'}."
            yield "factor_misplaced", itself, edited(_as_slope(node))
            for written, formula, why in _CONFUSED.get(function, ()):
                confused = _as_slope(parse(formula.format(y=f"({text})")).root)
                yield "factor_misplaced", f"{reminder}You took {written.format(y=out)}: {why}.", edited(confused)


def _paths(kind: _Derivative, path: tuple[Line, ...], exercise: Exercise) -> Iterator[_Named]:
    """Predict the answer without one of the paths from `wrt` to `of`."""
    moved = dependents(exercise, frozenset({kind.wrt}))
    for line in path:
        root = len(line.formula.nodes) - 1
        if line.name not in quantities(kind):
            text = f"You left out the path through {line.name}: it depends on {kind.wrt}, too."
            yield "one_path", text, _edited(kind, line, root, lambda _: Detached())
        for position, node in enumerate(line.formula.nodes):
            is_reduction = isinstance(node, CallNode) and node.function in _REDUCTIONS
            is_moved_name = isinstance(node, NameNode) and node.name in moved
            if (is_reduction or is_moved_name) and position != root:
                text = f"You treated {node_text(node)} in {line.name} as a constant: it depends on {kind.wrt}, too."
                if (places := line.formula.nodes.count(NameNode(kind.wrt))) and node == NameNode(kind.wrt):
                    which = "the place" if places == 1 else "one of the places"
                    text = f"You left out {which} where {kind.wrt} stands in {line.name}."
                yield "one_path", text, _edited(kind, line, position, lambda _: Detached())


def _directions(exercise: Exercise, kind: _Derivative) -> Iterator[_Named]:
    """Predict slips with an upstream gradient or a tangent."""
    if not isinstance(kind, VJP | JVP) or (isinstance(kind, VJP) and kind.also):
        return
    vector = kind.upstream if isinstance(kind, VJP) else kind.tangent
    called = "upstream gradient" if isinstance(kind, VJP) else "tangent"
    yield "upstream_ignored", f"You left out the {called} {vector}.", lambda point: derive(_with_ones(point, vector), kind)
    if exercise.axes_of(kind.of) == exercise.axes_of(kind.wrt):
        place = "first" if isinstance(kind, VJP) else "last"
        text = f"You multiplied the Jacobian by {vector} from the wrong side: the {called} comes {place}."
        yield "jvp_for_vjp", text, lambda point: _from_wrong_side(point, kind, vector)
    if isinstance(kind, VJP):
        for place_of_axis, axis in enumerate(exercise.axes_of(kind.of)):
            if axis not in exercise.axes_of(kind.wrt):
                text = f"Sum over {axis}: every entry along it uses {kind.wrt}, so the gradient is a sum over them."
                yield "batch_not_summed", text, _unsummed(kind, place_of_axis)
        yield from _overwritten(exercise, kind)
    yield "upstream_only", f"You returned {vector} itself, without the derivative of {kind.of}.", _quantity(vector)


def _several(kind: VJP) -> Iterator[_Named]:
    """Predict slips where gradients arrive at several quantities: one gradient, or the part through one, is left out."""
    vectors = [upstream for _, upstream in kind.pairs]
    text = f"You left out the upstream gradients {and_list(vectors)}."
    yield "upstream_ignored", text, lambda point: derive(_with_ones(point, *vectors), kind)
    for left_out, (of, upstream) in enumerate(kind.pairs):
        rest = [pair for place, pair in enumerate(kind.pairs) if place != left_out]
        (first, its), *more = rest
        fewer = VJP(of=first, wrt=kind.wrt, upstream=its, also=tuple(more))
        text = f"You left out {upstream}: the gradient that arrives at {of} is added to what comes through the others."
        yield "one_path", text, _derived(fewer)
        text = f"You took ones for {upstream}: the upstream gradient of {of} is missing."
        yield "upstream_ignored", text, lambda point, upstream=upstream: derive(_with_ones(point, upstream), kind)  # type: ignore[misc]
    for _, upstream in kind.pairs:
        yield "upstream_only", f"You returned {upstream} itself, without any derivative.", _quantity(upstream)


def _overwritten(exercise: Exercise, kind: VJP) -> Iterator[_Named]:
    """Predict a sum in loops with `=` for `+=`, which leaves the last term, or a loop that is one round short."""
    summed = [place for place, axis in enumerate(exercise.axes_of(kind.of)) if axis not in exercise.axes_of(kind.wrt)]
    for places in dict.fromkeys((*((place,) for place in summed), tuple(summed))):
        if places:
            along = and_list(exercise.axes_of(kind.of)[place] for place in places)
            text = f"Only the last term of the sum over {along} is left: each one replaced the one before. Add them up, with +=."
            yield "batch_not_summed", text, _some_terms(kind, places, slice(-1, None))
    for place in summed:
        for which, kept in (("last", slice(None, -1)), ("first", slice(1, None))):
            text = f"The {which} term of the sum over {exercise.axes_of(kind.of)[place]} is missing: the others are all there."
            yield "batch_not_summed", text, _some_terms(kind, (place,), kept)


def _left_out(exercise: Exercise, kind: _Derivative) -> Iterator[_Named]:
    """Predict that an input was forgotten: the answer with 0 in its place."""
    inputs = {item.name for item in exercise.inputs if item.draw.law not in ("labels", "onehot")}
    if kind.wrt not in inputs:
        return
    for name in sorted(inputs - {kind.tangent if isinstance(kind, JVP) else ""}):
        text = f"That is the answer for {name} = 0: you left {name} out."
        yield "input_left_out", text, _derived_without(name, kind)


def _earlier(exercise: Exercise, kind: _Derivative, path: tuple[Line, ...]) -> Iterator[_Named]:
    """Predict the derivative of an earlier line."""
    if not isinstance(kind, Jacobian | VJP | JVP):
        return
    for line in reversed(path[:-1]):
        if line.name in quantities(kind) or (isinstance(kind, VJP) and kind.also):
            continue
        if isinstance(kind, Jacobian) or line.axes == exercise.axes_of(kind.of):
            text = f"That is the derivative of {line.name}, from which {kind.of} is computed: the chain rule goes on."
            yield "pre_activation", text, _derived(dataclasses.replace(kind, of=line.name))


def _other_variables(exercise: Exercise, kind: _Derivative, path: tuple[Line, ...]) -> Iterator[_Named]:
    """Predict the derivative by something else, or of the wrong order, or through too many lines."""
    integer = {item.name for item in exercise.inputs if item.draw.law == "labels"}
    for name in [line.name for line in reversed(path[:-1])] + [item.name for item in exercise.inputs]:
        if name == kind.wrt or name in integer or not dependents(exercise, frozenset({name})) & set(quantities(kind)):
            continue
        if isinstance(kind, Jacobian | Gradient | VJP | Local):
            other = dataclasses.replace(kind, wrt=name) if not isinstance(kind, Local) else Jacobian(of=kind.of, wrt=name)
            text = f"That is {symbol(other)}, the derivative with respect to {name}, not {kind.wrt}."
            yield "wrong_variable", text, _derived(other)
    if isinstance(kind, Hessian):
        text = f"That is the gradient ∂{kind.of}/∂{kind.wrt}, not the second derivative."
        yield "wrong_variable", text, _derived(Gradient(of=kind.of, wrt=kind.wrt))
    if isinstance(kind, Local):
        text = f"That is the derivative through all lines; only the line of {kind.of} is asked for."
        yield "wrong_variable", text, _derived(Jacobian(of=kind.of, wrt=kind.wrt))


def _differences(kind: _Derivative) -> Iterator[_Named]:
    """Predict numerical differentiation with a step that is too large to pass."""
    for order, steps in ((1, _FORWARD_STEPS), (2, _CENTRAL_STEPS)):
        for step in steps:
            text = f"Those are finite differences with the step {step:g}: an approximation. Derive the formula."
            yield "numerical_differentiation", text, _differenced(kind, step, order)


# Predictions

_MakeEdit = Callable[[Point], Edit]


def _edited(kind: Kind, line: Line, position: int, edit: _MakeEdit) -> Predict:
    return lambda point: derive(point, kind, {line.name: {position: edit(point)}})


def _by_output_at(node: Node) -> _MakeEdit:
    return lambda point: DerivativeByOutput(_value(node, point))


def _derivative_at(node: Node) -> _MakeEdit:
    return lambda point: DerivativeAt(_value(node, point))


def _as_slope(node: Node) -> _MakeEdit:
    return lambda point: AsSlope(_value(node, point))


def _derived(kind: Kind) -> Predict:
    return lambda point: derive(point, kind)


def _differenced(kind: Kind, step: float, order: int) -> Predict:
    return lambda point: difference(point, kind, step, order=order)


def _quantity(name: str) -> Predict:
    return lambda point: point.values[name]


def _unsummed(kind: VJP, place: int) -> Predict:
    """Stack the terms of the sum over one axis of `of` along a new first axis."""

    def predict(point: Point) -> torch.Tensor:
        upstream = point.values[kind.upstream]
        terms = []
        for i in range(upstream.shape[place]):
            masked = torch.zeros_like(upstream)
            masked.select(place, i).copy_(upstream.select(place, i))
            terms.append(derive(_with(point, kind.upstream, masked), kind))
        return torch.stack(terms)

    return predict


def _some_terms(kind: VJP, places: tuple[int, ...], kept: slice) -> Predict:
    """Keep the terms whose index along some axes of `of` is among those kept."""

    def predict(point: Point) -> torch.Tensor:
        upstream = point.values[kind.upstream]
        those = tuple(kept if place in places else slice(None) for place in range(upstream.ndim))
        masked = torch.zeros_like(upstream)
        masked[those] = upstream[those]
        return derive(_with(point, kind.upstream, masked), kind)

    return predict


def _derived_without(name: str, kind: Kind) -> Predict:
    def predict(point: Point) -> torch.Tensor:
        lines = {line.name for line in point.exercise.forward}
        given = {other: value for other, value in point.values.items() if other not in lines}
        return derive(point_at(point.exercise, point.sizes, {**given, name: torch.zeros_like(given[name])}), kind)

    return predict


def _from_wrong_side(point: Point, kind: VJP | JVP, vector: str) -> torch.Tensor:
    jacobian, value = derive(point, Jacobian(of=kind.of, wrt=kind.wrt)), point.values[vector]
    if isinstance(kind, JVP):  # `of` and `wrt` have the same axes here: swapping their blocks turns the Jacobian around
        half = value.ndim
        jacobian = jacobian.permute(*range(half, 2 * half), *range(half))
    return jvp(jacobian, value)


def _with_ones(point: Point, *names: str) -> Point:
    return dataclasses.replace(point, values={**point.values, **{name: torch.ones_like(point.values[name]) for name in names}})


def _with(point: Point, name: str, value: torch.Tensor) -> Point:
    return dataclasses.replace(point, values={**point.values, name: value})


def _value(node: Node, point: Point) -> torch.Tensor:
    return evaluate(Formula(text=node_text(node), root=node), point.values, point.sizes)


def _same_axes(exercise: Exercise, name: str) -> tuple[str, ...]:
    """Return the other inputs and lines that have the axes of `name`."""
    axes = exercise.axes_of(name)
    every = [(item.name, item.axes) for item in exercise.inputs] + [(line.name, line.axes) for line in exercise.forward]
    return tuple(other for other, its in every if its == axes and other != name)
