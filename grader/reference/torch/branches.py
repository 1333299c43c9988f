"""
Find the branches of piecewise functions: relu passes or not, the first or a later entry of max is the largest.

An answer that forgets a gate is right on one branch, so the cases of every seed have to show each branch that inputs can
reach. Inputs have branches, too: both signs, the values of a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from grader.exercise.formula import CONSTANTS, FUNCTIONS, CallNode, CompareNode, FormulaError, NameNode, Node, children, node_text
from grader.exercise.formula import arguments as args
from grader.exercise.model import Draw, Exercise, Line, quantities
from grader.reference.model import Case
from grader.reference.torch.compute import tensors
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.tensors import axes_together, real, windows

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

MAX_VALUES = 4  # values of a draw that all have to occur; of more not every one has to

Tensor: TypeAlias = torch.Tensor


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a piecewise function, or one sign or value of an input."""

    place: str  # the line of forward, or the input
    position: int  # the node's position in its formula; -1 for an input
    condition: str  # `Z > 0`
    function: str = ""  # `relu(Z)`; nothing for an input

    def __str__(self) -> str:
        return f"{self.condition} in {self.function}, the line of {self.place}" if self.function else self.condition


def all_branches(exercise: Exercise) -> tuple[Branch, ...]:
    """List every branch of the inputs, and of every piecewise function that a target depends on."""
    found = [Branch(item.name, -1, text) for item in exercise.inputs for text, _ in _of_draw(item.name, item.draw)]
    fixed = _fixed(exercise)
    for line in needed_lines(exercise):
        for position, node in enumerate(line.formula.nodes):
            if _moves(node, fixed):
                found += [Branch(line.name, position, text, node_text(node)) for text in _texts(node)]
    return tuple(found)


def branches_shown(exercise: Exercise, case: Case) -> frozenset[Branch]:
    """List the branches that a case shows; none if forward has no finite value."""
    found = {
        Branch(item.name, -1, text)
        for item in exercise.inputs
        for text, holds in _of_draw(item.name, item.draw)
        if holds(case.values[item.name])
    }
    values = tensors(case.values)
    fixed = _fixed(exercise)
    try:
        for line in needed_lines(exercise):
            values[line.name] = evaluate(line.formula, values, case.sizes, watch=_watching(line, fixed, found))
    except FormulaError:
        return frozenset()
    return frozenset(found)


def needed_lines(exercise: Exercise) -> tuple[Line, ...]:
    """Return the lines of forward that targets differentiate, and those that they are computed from."""
    names = {name for _, target in exercise.targets() for name in quantities(target.kind)}
    for line in reversed(exercise.forward):
        if line.name in names:
            names |= line.formula.names
    return tuple(line for line in exercise.forward if line.name in names)


def _watching(line: Line, fixed: frozenset[str], found: set[Branch]) -> Callable[[int, Node, Mapping[str, object]], None]:
    def watch(position: int, node: Node, given: Mapping[str, Any]) -> None:
        if _moves(node, fixed):
            for text, where in zip(_texts(node), _masks(node, given), strict=True):
                if bool(where.any()):
                    found.add(Branch(line.name, position, text, node_text(node)))

    return watch


def _fixed(exercise: Exercise) -> frozenset[str]:
    return frozenset(CONSTANTS) | {axis.name for axis in exercise.axes}


def _moves(node: Node, fixed: frozenset[str]) -> bool:
    """Tell whether a node has branches, and inputs decide between them: `arange(n) < 2` always has the same."""
    return isinstance(node, CallNode | CompareNode) and bool(_texts(node)) and any(name not in fixed for name in _names(node))


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, NameNode):
        yield node.name
    for child in children(node):
        yield from _names(child)


# The condition of each branch, in words and as a mask; both in the same order

_AT_ZERO = frozenset({"relu", "leaky_relu", "elu", "abs", "sign"})
_SMALLEST = frozenset({"min", "argmin"})
_BEST = frozenset({"max", "argmax", "max_pool2d"}) | _SMALLEST


def _texts(node: Node) -> tuple[str, ...]:
    if isinstance(node, CompareNode):
        return f"{node_text(node)} holds", f"{node_text(node)} does not hold"
    if not isinstance(node, CallNode):
        return ()
    function = node.function
    given = FUNCTIONS[function].bind(node.arguments, dict(node.keywords))
    if function in _AT_ZERO or (function == "norm" and _written(given["ord"]) == "1"):
        return f"{_written(given['x'])} > 0", f"{_written(given['x'])} < 0"
    if function in ("maximum", "minimum"):
        x, y = _written(given["x"]), _written(given["y"])
        return f"{x} > {y}", f"{x} < {y}"
    if function == "where" and not isinstance(given["condition"], CompareNode):  # a comparison has branches of its own
        return f"{_written(given['condition'])} is not 0", f"{_written(given['condition'])} is 0"
    if function == "clip":
        x, low, high = (_written(given[name]) for name in ("x", "a_min", "a_max"))
        branches = [*([f"{x} < {low}"] if low != "None" else []), *([f"{x} > {high}"] if high != "None" else [])]
        return (f"{x} within its bounds", *branches)
    if function in _BEST:
        best = "smallest" if function in _SMALLEST else "largest"
        return f"the first entry is the {best}", f"a later entry is the {best}"
    return ()


def _written(value: object) -> str:
    """Write an argument, or the default that stands in its place."""
    return str(value) if value is None or isinstance(value, bool | int | float | str) else node_text(value)  # type: ignore[arg-type]


def _masks(node: Node, given: Mapping[str, Any]) -> tuple[Tensor, ...]:
    if not isinstance(node, CallNode):
        return real(given["result"]) != 0, real(given["result"]) == 0
    match node.function:
        case "maximum" | "minimum":
            return real(given["x"]) > real(given["y"]), real(given["x"]) < real(given["y"])
        case "where":
            return real(given["condition"]) != 0, real(given["condition"]) == 0
        case "clip":
            value, low, high = real(given["x"]), given["a_min"], given["a_max"]
            held = [*([value < real(low)] if low is not None else []), *([value > real(high)] if high is not None else [])]
            inside = torch.ones_like(value, dtype=torch.bool)
            for side in held:
                inside = inside & ~side
            return (inside, *held)
        case function if function in _BEST:
            return _best(function, given)
        case _:
            return real(given["x"]) > 0, real(given["x"]) < 0


def _best(function: str, given: Mapping[str, Any]) -> tuple[Tensor, ...]:
    value = real(given["x"])
    if function == "max_pool2d":
        entries = windows(value, given["kernel_size"], given["stride"])
    else:
        entries = axes_together(value, args.some_axes(given["axis"], value.ndim))
    place = (-entries if function in _SMALLEST else entries).argmax(-1)
    return place == 0, place > 0


# Inputs


def _of_draw(name: str, draw: Draw) -> tuple[tuple[str, Callable[[Array], bool]], ...]:
    numbers = [number for number in draw.parameters if not isinstance(number, str)]
    values: list[float] = []
    match draw.law:
        case "normal" | "nonzero" | "symmetric":
            has_signs = True
        case "uniform":
            has_signs = numbers[0] < 0 < numbers[1]
        case "mask":
            has_signs, values = False, [1.0, 0.0] if 0 < numbers[0] < 1 else []
        case "choice":
            has_signs, values = False, list(dict.fromkeys(numbers))
        case "integers":
            low, high = int(numbers[0]), int(numbers[1])
            has_signs, values = False, [float(number) for number in range(low, min(high, low + MAX_VALUES) + 1)]
        case _:
            return ()
    if has_signs:
        return (f"{name} > 0", lambda value: bool((value > 0).any())), (f"{name} < 0", lambda value: bool((value < 0).any()))
    if not 1 < len(values) <= MAX_VALUES:
        return ()
    return tuple((f"{name} = {number:g}", _has(number)) for number in values)


def _has(number: float) -> Callable[[Array], bool]:
    return lambda value: bool((value == number).any())
