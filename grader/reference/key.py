"""Compute the key of an exercise at given inputs: every line of `forward`, every expected array."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from grader.errors import Fault, GraderError
from grader.exercise.model import Exercise, NamedCase, Target
from grader.installed import install_command
from grader.reference.cases import draw_case, plan_named
from grader.reference.prepare import PUBLIC_SEED
from grader.text import shape_text

if TYPE_CHECKING:
    from grader.reference.model import Case
    from grader.sandbox.wire.answer import Array

# A number, or rectangular lists of numbers. One number stands for an array of any size.
Given = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The values of an exercise at one case; inputs that are not `given` were drawn."""

    case: Case
    given: frozenset[str]
    lines: tuple[tuple[str, Array], ...]
    targets: tuple[tuple[Target, Array], ...]
    doubts: tuple[str, ...]  # why a value may be a convention of torch, or rounding


def key_at(exercise: Exercise, given: Given) -> Key:
    """
    Compute the key at the given inputs; others are drawn, at sizes that fit.

    Raises GraderError for inputs that do not fit, and where torch is not installed.
    """
    edge = NamedCase(name="given", sizes=_sizes(exercise, given), set=dict(given))
    case = draw_case(exercise, plan_named(exercise, edge, PUBLIC_SEED), PUBLIC_SEED)
    _check_labels(exercise, given, case.sizes)
    if find_spec("torch") is None:
        what = "PyTorch, which computes the key, is not installed."
        raise GraderError(Fault(exercise.id, what, f"Install it: {install_command('torch')}"))
    from grader.reference.torch import compute, derivatives
    from grader.reference.torch.threads import one_thread

    with one_thread():
        point = derivatives.point_at(exercise, case.sizes, compute.tensors(case.values))
        return Key(
            case=case,
            given=frozenset(given),
            lines=tuple((line.name, compute.array(point.values[line.name])) for line in exercise.forward),
            targets=tuple((target, compute.array(compute.expected_array(point, target))) for _, target in exercise.targets()),
            doubts=tuple(compute.objections(exercise, case)),
        )


def shape_of(value: object) -> tuple[int, ...]:
    """Return the shape of nested lists. Raises ValueError where they are ragged, empty, or hold anything but finite numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return ()
    if not isinstance(value, list) or not value:
        raise ValueError(value)
    first, *rest = map(shape_of, value)
    if any(shape != first for shape in rest):
        raise ValueError(value)
    return (len(value), *first)


def _sizes(exercise: Exercise, given: Given) -> dict[str, int]:
    """Read the sizes of axes off the given arrays."""
    sizes: dict[str, int] = {}
    for name, value in given.items():
        axes, shape = exercise.axes_of(name), shape_of(value)
        if not shape:
            continue
        if len(shape) != len(axes):
            what = f"{name} has shape {shape_text(axes)}, you gave {shape_text(shape)}."
            raise GraderError(Fault(name, what, "Give one number, or lists in that shape."))
        for axis, size in zip(axes, shape, strict=True):
            if (int(axis) if axis.isdigit() else sizes.setdefault(axis, size)) != size:
                what = f"The axis {axis} is {size} long in {name}, elsewhere {sizes.get(axis, axis)}."
                raise GraderError(Fault(name, what, "Give inputs whose sizes agree."))
    return sizes


def _check_labels(exercise: Exercise, given: Given, sizes: Mapping[str, int]) -> None:
    """Raise GraderError for an entry of class labels that is no index of a class."""
    for item in exercise.inputs:
        if item.draw.law == "labels" and item.name in given:
            axis = str(item.draw.parameters[0])
            for number in _numbers(given[item.name]):
                if not isinstance(number, int) or not 0 <= number < sizes[axis]:
                    what = f"{item.name} has the entry {number}, which is no class index."
                    remedy = f"Indices are whole numbers from 0 to {axis} - 1, and {axis} is {sizes[axis]} here."
                    raise GraderError(Fault(item.name, what, remedy))


def _numbers(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _numbers(one)
    else:
        yield value
