"""
Draw candidate cases from an exercise and a seed: names, sizes, and the numbers of every input and upstream gradient.

A candidate may turn out ill-conditioned; then the caller asks for the next `attempt`. Every number comes from a stream of its
own, keyed by seed, exercise, case, input and attempt, so that adding a case or an input changes no other at the same sizes.
Sizes are planned for all cases together (`sizes`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from grader.errors import ExerciseError, Fault
from grader.exercise.model import Draw, Exercise, NamedCase
from grader.reference.model import Case, Role
from grader.reference.sizes import named_sizes, plan_sizes, smallest_sizes

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

MAX_SMALL_CASES = 3

# Readable numbers, the most readable first; later ones are tried when a case is refused, e.g. because tanh saturates at 9.
_READABLE: tuple[tuple[float, ...], ...] = (
    (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0),
    (-2.0, -1.0, 0.0, 1.0, 2.0),
    (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5),
    (-0.9, -0.7, -0.4, -0.2, 0.1, 0.3, 0.5, 0.8),
)
ATTEMPTS_PER_LEVEL = 6
STRETCHES = (1.0, 2.0, 4.0, 8.0)  # factors for inputs that may be any numbers, to reach branches far from usual values
_ANY_SIZE = frozenset({"normal", "nonzero", "positive", "symmetric"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """A case before its numbers are drawn."""

    name: str
    role: Role
    sizes: Mapping[str, int]
    edge: NamedCase = field(default_factory=lambda: NamedCase(name=""))


def plan_cases(exercise: Exercise, seed: int) -> tuple[CasePlan, ...]:
    """
    Plan the cases of an exercise in reading order: small ones with readable numbers, random ones, named ones.

    Raises ExerciseError when no sizes fit.
    """
    count = min(MAX_SMALL_CASES, (exercise.random_cases + 2) // 3)
    small = [
        CasePlan(name=name, role="small", sizes=_fitting(exercise, name, smallest_sizes(exercise.axes, rank)))
        for rank, name in enumerate(f"small {rank + 1}" for rank in range(count))
    ]
    named = [plan_named(exercise, edge, seed) for edge in exercise.named_cases]
    names = [f"random {number + 1}" for number in range(exercise.random_cases - count)]
    others = [plan.sizes for plan in (*small, *named)]
    sizes = plan_sizes(exercise, f"{seed}\0{exercise.id}", len(names), others)
    if sizes is None:
        raise _no_sizes(exercise, names[0])
    random = [CasePlan(name=name, role="random", sizes=own) for name, own in zip(names, sizes, strict=True)]
    return (*small, *random, *named)


def plan_named(exercise: Exercise, edge: NamedCase, seed: int) -> CasePlan:
    """Plan a case that an author names. Raises ExerciseError when no sizes fit."""
    sizes = named_sizes(exercise.axes, edge.sizes, f"{seed}\0{exercise.id}\0{edge.name}")
    return CasePlan(name=edge.name, role="named", edge=edge, sizes=_fitting(exercise, edge.name, sizes))


def draw_case(exercise: Exercise, plan: CasePlan, seed: int, attempt: int = 0, *, stretch: float = 1.0) -> Case:
    """
    Draw a candidate for one case; `stretch` multiplies the inputs that may be any numbers.

    Raises ExerciseError when a value of a named case does not fit its input.
    """
    values: dict[str, Array] = {}
    level = attempt // ATTEMPTS_PER_LEVEL if plan.role == "small" else len(_READABLE)
    drawn = [(item.name, item.axes, item.draw, stretch if item.draw.law in _ANY_SIZE else 1.0) for item in exercise.inputs]
    drawn += [(item.name, item.axes, Draw(), 1.0) for item in exercise.upstream]
    for name, axes, draw, factor in drawn:
        rng = _stream(seed, exercise.id, plan.name, name, str(attempt))
        value = _draw_values(draw, shape_of(axes, plan.sizes), plan.sizes, rng, level)
        values[name] = _with_named_values(exercise, plan.edge, name, value if factor == 1 else value * factor)
    return Case(name=plan.name, role=plan.role, sizes=plan.sizes, values=values)


def _fitting(exercise: Exercise, name: str, sizes: Mapping[str, int] | None) -> Mapping[str, int]:
    if sizes is None:
        raise _no_sizes(exercise, name)
    return sizes


def _no_sizes(exercise: Exercise, name: str) -> ExerciseError:
    what = f"No sizes fit the case {name!r}: a computed axis comes to less than 1."
    return ExerciseError(Fault(exercise.path or exercise.id, what, "Narrow the ranges of dims."))


def scaled_case(case: Case, name: str, factor: float, *, case_name: str) -> Case:
    """Make a probe of a case: multiply one input by `factor`."""
    values = {**case.values, name: read_only(case.values[name] * factor)}
    return Case(name=case_name, role="probe", sizes=case.sizes, values=values)


def shape_of(axes: Sequence[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Turn axes into sizes. Inputs and upstream gradients are written in axis names or plain numbers only."""
    return tuple(sizes[axis] if axis in sizes else int(axis) for axis in axes)


def read_only(array: Array) -> Array:
    """Make an array contiguous and read-only."""
    array = np.ascontiguousarray(array).reshape(array.shape)  # ascontiguousarray makes a scalar 1-D
    array.flags.writeable = False
    return array


def _stream(seed: int, *key: str) -> np.random.Generator:
    digest = hashlib.sha256("\0".join((str(seed), *key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


# Numbers


def _draw_values(draw: Draw, shape: tuple[int, ...], sizes: Mapping[str, int], rng: np.random.Generator, level: int) -> Array:
    readable = _READABLE[level] if level < len(_READABLE) else None
    numbers = [float(p) for p in draw.parameters if not isinstance(p, str)]
    match draw.law:
        case "normal":
            return rng.choice(readable, shape) if readable else rng.standard_normal(shape)
        case "nonzero":
            kept = [number for number in readable or () if number]
            return rng.choice(kept, shape) if kept else rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2.0, shape)
        case "positive":
            kept = [number for number in readable or () if number > 0]
            return rng.choice(kept, shape) if kept else np.exp(0.5 * rng.standard_normal(shape))
        case "uniform":
            low, high = numbers
            return low + (high - low) * (rng.integers(1, 10, shape) / 10 if readable else rng.uniform(0, 1, shape))
        case "integers":
            return rng.integers(int(numbers[0]), int(numbers[1]) + 1, shape).astype(np.float64)
        case "choice":
            return rng.choice(numbers, shape)
        case "mask":
            return (rng.uniform(0, 1, shape) < numbers[0]).astype(np.float64)
        case "distinct":
            return _distinct(shape, rng, whole=readable is not None)
        case "labels":
            return rng.integers(0, sizes[str(draw.parameters[0])], shape)
        case "onehot":
            return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
        case "simplex":
            weights = rng.integers(1, 5, shape).astype(np.float64) if readable else 0.1 + rng.exponential(1.0, shape)
            simplex: Array = weights / weights.sum(axis=-1, keepdims=True)
            return simplex
        case "symmetric":
            half = rng.choice(readable, shape) if readable else rng.standard_normal(shape)
            symmetric: Array = np.tril(half) + np.swapaxes(np.tril(half, -1), -1, -2)
            return symmetric
        case "spd":
            half = rng.choice(readable, shape) if readable else rng.standard_normal(shape)
            square: Array = half @ np.swapaxes(half, -1, -2)
            return square / (1 if readable else shape[-1]) + np.eye(shape[-1])
        case "orthogonal":
            q, r = np.linalg.qr(rng.standard_normal(shape))
            # The signs make Q uniform over the group.
            orthogonal: Array = q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
            return orthogonal
    raise AssertionError(f"loading let the draw {draw.law!r} through")


def _distinct(shape: tuple[int, ...], rng: np.random.Generator, *, whole: bool) -> Array:
    """Draw values of which no two are near each other: shuffled steps, with a jitter of less than half a step."""
    count = int(np.prod(shape))
    steps = rng.permutation(count) - (count - 1) / 2
    values = np.ceil(steps) if whole else (steps + rng.uniform(-0.25, 0.25, count)) * (4 / max(count, 4))
    found: Array = values.reshape(shape)
    return found


def _with_named_values(exercise: Exercise, edge: NamedCase, name: str, value: Array) -> Array:
    """Apply `set` and `scale` of a named case to a value."""
    if name in edge.set:
        wanted = np.asarray(edge.set[name], dtype=value.dtype)
        if wanted.ndim and wanted.shape != value.shape:
            what = f"The case {edge.name!r} sets {name} to shape {wanted.shape}; its shape there is {value.shape}."
            raise ExerciseError(Fault(exercise.path or exercise.id, what, "Give one number, or lists in the shape of the input."))
        value = np.broadcast_to(wanted, value.shape)
    if name in edge.scale:
        value = value * edge.scale[name]
    return read_only(value)
