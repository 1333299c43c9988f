"""
Cross-check references: whether the result of reverse mode is true, and has digits to be judged by.

Reverse mode at the point is compared with itself at points beside it, with forward mode, and with differences on either side.
At kinks and singular points these disagree, whatever function has them there, and also where torch is wrong.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch.autograd import forward_ad

from grader.exercise.formula import NotFiniteError
from grader.exercise.model import JVP, Exercise, Hessian, Kind, Target, Value
from grader.reference.torch.derivatives import Point, Tensors, derive, differentiated, in_target_layout, jvp, point_at, primal

if TYPE_CHECKING:
    from grader.reference.model import TargetKey

NUDGE = 1e-10  # relative change of every input when conditioning is judged
MAX_CONDITION = 1e6
_SMALLER = 1e-3  # a second nudge beside the first: the change of a smooth function shrinks with it, a jump stays
_SLIGHT = 100 * NUDGE  # share of the largest entry by which any entry may change
_TYPICAL = 1e-2  # share of the largest entry of an input: smaller entries are moved as if they were so large
_DISCRETE = frozenset(
    {"labels", "onehot", "mask", "choice", "integers"}
)  # draws whose numbers are not moved, unless derivatives are taken by them

MODES_RTOL = 1e-7  # forward against reverse mode, relative to the sum of terms; rounding alone is 1e-13
SIDES_RTOL = 1e-4  # differences against reverse mode: at a kink all of a row is off, and one entry of it `conditioning` sees
_ENTRIES_RTOL = 1e-2  # how much finer they compare than that, where one row is small beside the others
_STEPS = (1e-4, 1e-5, 1e-6)  # steps of differences, relative to each entry
_CANCELLED = 1e-5  # share of two differences that cancel, where forward is flat
_ROUNDING = 64 * 2.0**-52


# Conditioning and jumps: reverse mode at points nearby


def nudged(exercise: Exercise, inputs: Tensors, size: float) -> dict[str, torch.Tensor] | None:
    """
    Move each entry of the inputs by about `size` of itself, up or down; None if nothing can move.

    Entries that are 0, or nearly so, move too if derivatives are taken by them: by `size` of a typical entry. No two move by
    the same share, else what depends on quotients or ties would not change at all.
    """
    free = differentiated(exercise)
    fixed = {item.name for item in exercise.inputs if item.draw.law in _DISCRETE} - free
    moving = [name for name, value in inputs.items() if name not in fixed and value.is_floating_point() and value.numel()]
    if not moving:
        return None
    found = dict(inputs)
    for place, name in enumerate(sorted(moving)):
        value = inputs[name]
        found[name] = value + size * (_reach(value) if name in free else value.abs()) * _direction(value, place)
    return found


def _reach(value: torch.Tensor) -> torch.Tensor:
    """Return what steps of each entry are relative to: the entry itself, or a typical one for entries that are nearly 0."""
    largest = float(value.abs().max())
    return value.abs().clamp(min=_TYPICAL * largest if largest else 1.0)


def _direction(value: torch.Tensor, place: int) -> torch.Tensor:
    """Draw numbers from 0.5 to 1, of either sign, the same at every call."""
    numbers = torch.rand((2, value.numel()), dtype=torch.float64, generator=torch.Generator().manual_seed(place))
    return ((0.5 + numbers[0] / 2) * (numbers[1] - 0.5).sign()).reshape(value.shape)


def ill_conditioned(
    exercise: Exercise, sizes: Mapping[str, int], inputs: Tensors, arrays: Mapping[TargetKey, torch.Tensor]
) -> str:
    """
    Say why some of `arrays`, the references at `inputs`, have no digits to be judged by; "" if all have.

    Either last digits of the inputs change their leading ones, or they jump there.
    """
    keys = _keys(exercise, arrays)
    for size in (NUDGE, -NUDGE):  # a kink has another derivative on either side, and the reference is at most one of them
        near = _beside(exercise, sizes, inputs, size)
        if near is None:
            return ""
        for key, target in keys.items():
            change = (in_target_layout(exercise, target, derive(near, target.kind)) - arrays[key]).detach().abs()
            if bool((change <= _allowed(arrays[key])).all()):
                continue
            nearer = _beside(exercise, sizes, inputs, size * _SMALLER)
            assert nearer is not None
            moved = in_target_layout(exercise, target, derive(nearer, target.kind)).detach()
            still = (moved - arrays[key]).abs()
            if not bool((still <= change / 10 + _rounding(arrays[key])).all()):
                return f"{target.name} jumps there, {_pair(arrays[key], moved)} beside it: a kink, or a singular point"
            if float(change.max()) > NUDGE * MAX_CONDITION * float(arrays[key].abs().max()) and bool(arrays[key].any()):
                return f"{target.name} is ill-conditioned there: last digits of the inputs change its leading ones"
    return ""


def _keys(exercise: Exercise, arrays: Mapping[TargetKey, torch.Tensor]) -> dict[TargetKey, Target]:
    """Return the targets whose arrays have floating-point entries."""
    found = {
        (task.function, target.name): target for task, target in exercise.targets() if (task.function, target.name) in arrays
    }
    return {key: target for key, target in found.items() if arrays[key].numel() and arrays[key].is_floating_point()}


def _beside(exercise: Exercise, sizes: Mapping[str, int], inputs: Tensors, size: float) -> Point | None:
    moved = nudged(exercise, inputs, size)
    try:
        return None if moved is None else point_at(exercise, sizes, moved)
    except NotFiniteError as error:
        raise NotFiniteError(f"{error.what.removesuffix(' here')} just beside it", error.remedy) from None


def _allowed(value: torch.Tensor) -> torch.Tensor:
    largest = float(value.abs().max())
    return NUDGE * MAX_CONDITION * value.abs() + _SLIGHT * (largest or 1.0)


def _rounding(value: torch.Tensor) -> float:
    return NUDGE * (float(value.abs().max()) or 1.0)


def _pair(here: torch.Tensor, there: torch.Tensor) -> str:
    """Name the entry that changes most, before and after."""
    place = int((there - here).abs().nan_to_num(nan=torch.inf).argmax())
    return f"from {float(here.reshape(-1)[place]):.4g} to {float(there.reshape(-1)[place]):.4g}"


# Forward mode and differences


def disagreement(point: Point, arrays: Mapping[TargetKey, torch.Tensor]) -> str:
    """
    Say which of `arrays`, the references at a point, forward mode or differences contradict; "" if none.

    Each check compares one number or row of numbers: the derivative along one direction, in which all entries have a part.
    """
    for key, target in _keys(point.exercise, arrays).items():
        if isinstance(target.kind, Value):
            continue
        reference = _numerator_first(point.exercise, target, arrays[key])
        if found := _contradiction(point, target.kind, reference):
            return f"{target.name} is doubtful there: {found}"
    return ""


def _numerator_first(exercise: Exercise, target: Target, array: torch.Tensor) -> torch.Tensor:
    if target.layout == "numerator":
        return array
    wrt = exercise.blocks(target)[0]
    return array.permute(*range(wrt, array.ndim), *range(wrt))


def _contradiction(point: Point, kind: Kind, reference: torch.Tensor) -> str:
    assert not isinstance(kind, Value)
    start = point.values[kind.other if isinstance(kind, Hessian) else kind.wrt]
    if not start.numel() or not start.is_floating_point():
        return ""
    if isinstance(kind, JVP):
        direction = point.values[kind.tangent]
        by_reverse, terms = reference, reference.abs().amax().expand(reference.shape)
    else:
        direction = _direction(start, 0) * _reach(start)
        array = reference.reshape(()) if not reference.ndim else reference
        by_reverse, terms = jvp(array, direction), jvp(array.abs(), direction.abs())
    largest = float(terms.max()) or 1.0
    by_forward = _forward(point, kind, start, direction)
    if by_forward is not None:
        allowed = MODES_RTOL * (terms + _ENTRIES_RTOL * largest)
        if (where := _worst(by_forward - by_reverse, allowed)) is not None:
            return f"along one direction reverse mode has {_at(by_reverse, where)}, forward mode {_at(by_forward, where)}"
    return _one_sided(point, kind, start, direction, by_reverse, SIDES_RTOL * (terms + _ENTRIES_RTOL * largest))


def _forward(point: Point, kind: Kind, start: torch.Tensor, direction: torch.Tensor) -> torch.Tensor | None:
    """Differentiate along a direction by dual numbers; None if torch cannot."""
    _prepare_forward_mode()
    with forward_ad.dual_level():
        leaf = start.detach().clone()
        if isinstance(kind, Hessian):
            leaf.requires_grad_()
        try:
            found = primal(point, kind, forward_ad.make_dual(leaf, direction))  # type: ignore[no-untyped-call]
        except NotImplementedError:
            return None
        tangent = forward_ad.unpack_dual(found).tangent  # type: ignore[no-untyped-call]
        return torch.zeros_like(found).detach() if tangent is None else tangent.detach()


@functools.cache
def _prepare_forward_mode() -> None:
    # The first dual number of a process compiles rules with torch.jit.script, which torch then calls deprecated.
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore", DeprecationWarning)
        forward_ad.make_dual(torch.zeros(1), torch.zeros(1))  # type: ignore[no-untyped-call]


def _one_sided(
    point: Point, kind: Kind, start: torch.Tensor, direction: torch.Tensor, by_reverse: torch.Tensor, allowed: torch.Tensor
) -> str:
    """Say where differences on one side or the other contradict the reference at every step; "" if nowhere."""
    found = ""
    here = primal(point, kind, start).detach()
    for side in (1, -1):
        for step in _STEPS:
            length = side * step
            try:
                near, far = (primal(point, kind, start + k * length * direction).detach() for k in (1, 2))
            except NotFiniteError:
                continue  # beyond the edge of where forward has a value: a smaller step may not be
            slope = (4 * near - 3 * here - far) / (2 * length)  # a difference of second order
            # the error of forward itself, and the part of the two differences that cancels: nothing, at a kink
            rounding = _ROUNDING * torch.stack([here, near, far]).abs().max() + _CANCELLED * (far - here).abs()
            if (where := _worst(slope - by_reverse, allowed + rounding / step)) is None:
                found = ""
                break
            found = f"along one direction it has {_at(by_reverse, where)}, differences on one side {_at(slope, where)}"
        if found:
            return found
    return ""


def _worst(error: torch.Tensor, allowed: torch.Tensor) -> int | None:
    """Find the entry that is furthest beyond what is allowed; None if none is."""
    beyond = (error.abs() - allowed).nan_to_num(nan=torch.inf).reshape(-1)
    place = int(beyond.argmax())
    return place if float(beyond[place]) > 0 else None


def _at(value: torch.Tensor, place: int) -> str:
    return f"{float(value.reshape(-1)[place]):.6g}"
