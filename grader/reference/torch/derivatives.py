"""
Compute each kind of derivative from one forward graph, by torch.autograd in float64.

"With respect to an intermediate" cuts the graph at that name: it is held as an input, and the lines after it are run again.
torch.func is not used: its first call imports for seconds, while reverse mode over the rows of a small Jacobian takes
milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import torch

from grader.exercise.model import JVP, VJP, Exercise, Gradient, Hessian, Jacobian, Kind, Line, Local, Target, Value
from grader.reference.torch.edits import Edit
from grader.reference.torch.evaluate import NoiseSource, evaluate, with_zero_tangent

Tensors = Mapping[str, torch.Tensor]
LineEdits = Mapping[str, Mapping[int, Edit]]  # name of a line -> position of a node in its formula -> edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The values of all inputs, upstream gradients and quantities of an exercise at one case, detached from any graph."""

    exercise: Exercise
    sizes: Mapping[str, int]
    values: Tensors
    noise: NoiseSource | None = None  # changes every result a little, to see how far derivatives move


def point_at(
    exercise: Exercise,
    sizes: Mapping[str, int],
    inputs: Tensors,
    kinks: list[float] | None = None,
    *,
    noise: NoiseSource | None = None,
) -> Point:
    """
    Run the forward function at `inputs`.

    `kinks` collects how near the point is to where a line is not differentiable; `noise` changes every result a little, here and
    where derivatives are taken.
    Raises FormulaError when a line has no finite value there.
    """
    free = differentiated(exercise)
    values = {name: _leaf(value) if name in free else value for name, value in inputs.items()}
    by = _variables(exercise)
    for line in exercise.forward:
        wrt = [value for name, value in values.items() if name in by and value.requires_grad]
        values[line.name] = evaluate(line.formula, values, sizes, kinks=kinks if wrt else None, wrt=wrt, noise=noise)
    return Point(exercise=exercise, sizes=sizes, values={name: value.detach() for name, value in values.items()}, noise=noise)


def derive(point: Point, kind: Kind, edits: LineEdits | None = None) -> torch.Tensor:
    """
    Compute what `kind` asks for at a point, in numerator layout; `edits` change what is differentiated, never a value.

    Shapes are those that the classes of `model` state. Source: reverse mode; audited against central differences.
    """
    match kind:
        case Value():
            return point.values[kind.of]
        case Local():
            leaf = _leaf(point.values[kind.wrt])
            line = line_of(point.exercise, kind.of)
            values, changed = {**point.values, kind.wrt: leaf}, (edits or {}).get(line.name, {})
            out = evaluate(line.formula, values, point.sizes, edits=changed, noise=point.noise)
            return jacobian_rows(out, leaf)
        case Jacobian():
            out, leaf = _along(point, kind.of, kind.wrt, edits)
            return jacobian_rows(out, leaf)
        case Gradient():
            out, leaf = _along(point, kind.of, kind.wrt, edits)
            return vjp(out.reshape(()), leaf)
        case VJP():
            leaf = _leaf(point.values[kind.wrt])
            values = rerun(point, {kind.wrt: leaf}, edits)
            return vjp_sum([(values[of], point.values[upstream]) for of, upstream in kind.pairs], leaf)
        case JVP():
            out, leaf = _along(point, kind.of, kind.wrt, edits)
            return jvp(jacobian_rows(out, leaf), point.values[kind.tangent])
        case Hessian():
            first, second = _leaf(point.values[kind.wrt]), _leaf(point.values[kind.other])
            leaves = {kind.wrt: first, kind.other: second if kind.other != kind.wrt else first}
            out = rerun(point, leaves, edits)[kind.of]
            gradient = vjp(out.reshape(()), first, create_graph=True)
            return jacobian_rows(gradient, leaves[kind.other])
        case _:
            assert_never(kind)


def primal(point: Point, kind: Kind, moved: torch.Tensor) -> torch.Tensor:
    """
    Compute the function that `kind` differentiates, with the value `moved` for the variable that it differentiates by last.

    For a VJP that is a loss whose derivatives are the upstream gradients. For a Hessian it is the gradient, by reverse mode,
    which can be differentiated again if `moved` requires it.
    """
    match kind:
        case Value():
            return point.values[kind.of]
        case Local():
            return evaluate(line_of(point.exercise, kind.of).formula, {**point.values, kind.wrt: moved}, point.sizes)
        case Jacobian() | Gradient() | JVP():
            return rerun(point, {kind.wrt: moved})[kind.of]
        case VJP():
            values = rerun(point, {kind.wrt: moved})
            return torch.stack(
                [torch.mul(*with_zero_tangent(values[of], point.values[upstream])).sum() for of, upstream in kind.pairs]
            ).sum()
        case Hessian():
            is_variable = kind.other == kind.wrt
            leaf = moved if is_variable and moved.requires_grad else _leaf(moved if is_variable else point.values[kind.wrt])
            out = rerun(point, {kind.other: moved, kind.wrt: leaf})[kind.of]
            return vjp(out.reshape(()), leaf, create_graph=moved.requires_grad)
        case _:
            assert_never(kind)


def in_target_layout(exercise: Exercise, target: Target, derivative: torch.Tensor) -> torch.Tensor:
    """Permute the axes of a derivative in numerator layout to those of the target."""
    if target.layout == "numerator":
        return derivative
    wrt = exercise.blocks(target)[0]
    of = derivative.ndim - wrt
    return derivative.permute(*range(of, derivative.ndim), *range(of))


def differentiated(exercise: Exercise) -> frozenset[str]:
    """Return the inputs and lines that targets differentiate by, and all that those are computed from."""
    found = set(_variables(exercise))
    for line in reversed(exercise.forward):
        if line.name in found:
            found |= line.formula.names
    integer = {item.name for item in exercise.inputs if item.draw.law == "labels"}
    return frozenset(found - integer)


def _variables(exercise: Exercise) -> frozenset[str]:
    """Return the names that the targets differentiate by."""
    kinds = [target.kind for _, target in exercise.targets()]
    found = {kind.wrt for kind in kinds if not isinstance(kind, Value)}
    return frozenset(found | {kind.other for kind in kinds if isinstance(kind, Hessian)})


def dependents(exercise: Exercise, names: frozenset[str]) -> frozenset[str]:
    """Return the names, and every line that is computed from one of them."""
    found = set(names)
    for line in exercise.forward:
        if line.formula.names & found:
            found.add(line.name)
    return frozenset(found)


def rerun(point: Point, leaves: Tensors, edits: LineEdits | None = None) -> dict[str, torch.Tensor]:
    """Run the lines that depend on `leaves` again with these held as inputs; everything else stays constant."""
    values = {**point.values, **leaves}
    touched = dependents(point.exercise, frozenset(leaves))
    for line in point.exercise.forward:
        if line.name in touched and line.name not in leaves:
            changed = (edits or {}).get(line.name, {})
            values[line.name] = evaluate(line.formula, values, point.sizes, edits=changed, noise=point.noise)
    return values


def jacobian_rows(out: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
    """Compute the Jacobian of `out`, one backward pass an entry. Shape: (*out, *leaf)."""
    flat = out.reshape(-1)
    if not flat.requires_grad:
        return leaf.new_zeros((*out.shape, *leaf.shape))
    jacobian = leaf.new_empty((flat.numel(), *leaf.shape))
    for i in range(flat.numel()):
        row = torch.autograd.grad(flat[i], leaf, retain_graph=True, allow_unused=True)[0]
        jacobian[i] = 0.0 if row is None else row
    return jacobian.reshape((*out.shape, *leaf.shape))


def vjp(
    out: torch.Tensor, leaf: torch.Tensor, upstream: torch.Tensor | None = None, *, create_graph: bool = False
) -> torch.Tensor:
    """Compute Σ upstream · ∂out/∂leaf. Shape: leaf."""
    if not out.requires_grad:
        return torch.zeros_like(leaf)
    found = torch.autograd.grad(out, leaf, grad_outputs=upstream, allow_unused=True, create_graph=create_graph)[0]
    return torch.zeros_like(leaf) if found is None else found


def vjp_sum(pairs: Sequence[tuple[torch.Tensor, torch.Tensor]], leaf: torch.Tensor) -> torch.Tensor:
    """Compute Σ upstream · ∂out/∂leaf, added over pairs of an output and its upstream gradient. Shape: leaf."""
    moving = [(out, upstream) for out, upstream in pairs if out.requires_grad]
    if not moving:
        return torch.zeros_like(leaf)
    outs, arriving = zip(*moving, strict=True)
    found = torch.autograd.grad(outs, leaf, grad_outputs=arriving, allow_unused=True)[0]
    return torch.zeros_like(leaf) if found is None else found


def jvp(jacobian: torch.Tensor, tangent: torch.Tensor) -> torch.Tensor:
    """Multiply a Jacobian by a tangent, summed over all axes of the tangent."""
    product: torch.Tensor = torch.tensordot(jacobian, tangent, dims=tangent.ndim)
    return product


def _along(point: Point, of: str, wrt: str, edits: LineEdits | None) -> tuple[torch.Tensor, torch.Tensor]:
    leaf = _leaf(point.values[wrt])
    return rerun(point, {wrt: leaf}, edits)[of], leaf


def _leaf(value: torch.Tensor) -> torch.Tensor:
    return value.detach().clone().requires_grad_(value.is_floating_point())


def line_of(exercise: Exercise, name: str) -> Line:
    """Return the line of `forward` with that name."""
    return next(line for line in exercise.forward if line.name == name)
