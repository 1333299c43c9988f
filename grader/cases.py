"""
Exercise, seed -> candidate cases: names, sizes, and the numbers of every input and upstream gradient.

A candidate may turn out ill-conditioned; then the story asks for the next `attempt`. Every number comes from a stream of its own,
keyed by seed, exercise, case, input and attempt, so that adding a case or an input changes no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grader.errors import ExerciseError, Fault
from grader.exercise import Axis, DerivedAxis, Draw, DrawnAxis, Exercise, NamedCase
from grader.formula import FormulaError, evaluate_integer
from grader.outcome import Case, Role

if TYPE_CHECKING:
    from grader.outcome import Array

MAX_SMALL_CASES = 3
SIZE_TRIES = 200

# Readable numbers, the most readable first; later ones are tried when a case is refused, e.g. because tanh saturates at 9.
_READABLE: tuple[tuple[float, ...], ...] = (
    (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0),
    (-2.0, -1.0, 0.0, 1.0, 2.0),
    (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5),
    (-0.9, -0.7, -0.4, -0.2, 0.1, 0.3, 0.5, 0.8),
)
ATTEMPTS_PER_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """A case before its numbers are drawn."""

    name: str
    role: Role
    rank: int = 0  # among the small cases: which axis gets the smallest size
    edge: NamedCase = NamedCase(name="")


def plan_cases(exercise: Exercise) -> tuple[CasePlan, ...]:
    """The cases of an exercise in reading order: small ones with readable numbers, random ones, named ones."""
    small = min(MAX_SMALL_CASES, (exercise.random_cases + 2) // 3)
    return (
        *(CasePlan(name=f"small {rank + 1}", role="small", rank=rank) for rank in range(small)),
        *(CasePlan(name=f"random {number + 1}", role="random") for number in range(exercise.random_cases - small)),
        *(CasePlan(name=edge.name, role="named", edge=edge) for edge in exercise.named_cases),
    )


def draw_case(exercise: Exercise, plan: CasePlan, seed: int, attempt: int = 0) -> Case:
    """
    A candidate for one case.

    Raises ExerciseError when no sizes fit, or a value of a named case does not fit its input.
    """
    sizes = _draw_sizes(exercise, plan, seed)
    values: dict[str, Array] = {}
    level = attempt // ATTEMPTS_PER_LEVEL if plan.role == "small" else len(_READABLE)
    drawn = [(item.name, item.axes, item.draw) for item in exercise.inputs]
    drawn += [(item.name, item.axes, Draw()) for item in exercise.upstream]
    for name, axes, draw in drawn:
        rng = _stream(seed, exercise.id, plan.name, name, str(attempt))
        value = _draw_values(draw, shape_of(axes, sizes), sizes, rng, level)
        values[name] = _edged(exercise, plan.edge, name, value)
    return Case(name=plan.name, role=plan.role, sizes=sizes, values=values)


def scaled(case: Case, name: str, factor: float, *, case_name: str) -> Case:
    """The case as a probe: one input times `factor`."""
    values = {**case.values, name: read_only(case.values[name] * factor)}
    return Case(name=case_name, role="probe", sizes=case.sizes, values=values)


def shape_of(axes: Sequence[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Axes as sizes. Inputs and upstream gradients are written in axis names or plain numbers only."""
    return tuple(sizes[axis] if axis in sizes else int(axis) for axis in axes)


def read_only(array: Array) -> Array:
    """The array, contiguous and not to be written to."""
    array = np.ascontiguousarray(array).reshape(array.shape)  # ascontiguousarray makes a scalar 1-D
    array.flags.writeable = False
    return array


def _stream(seed: int, *key: str) -> np.random.Generator:
    digest = hashlib.sha256("\0".join((str(seed), *key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


# Sizes


def _draw_sizes(exercise: Exercise, plan: CasePlan, seed: int) -> dict[str, int]:
    if plan.role == "small":
        candidates: Iterator[dict[str, int]] = _smallest_sizes(exercise.axes, plan.rank)
    else:
        candidates = _random_sizes(exercise.axes, plan.edge.sizes, _stream(seed, exercise.id, plan.name, "sizes of the axes"))
    for drawn in candidates:
        sizes = _with_derived(exercise.axes, drawn, plan.edge.sizes)
        if all(size >= 1 for size in sizes.values()):
            return sizes
    fault = Fault(
        exercise.path or exercise.id,
        f"No sizes fit the case {plan.name!r}: a computed axis comes to less than 1.",
        "Narrow the ranges of dims.",
    )
    raise ExerciseError(fault)


def _with_derived(axes: Sequence[Axis], drawn: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for axis in axes:
        if isinstance(axis, DerivedAxis) and axis.name not in fixed:
            try:
                sizes[axis.name] = evaluate_integer(axis.size, sizes)
            except FormulaError:
                sizes[axis.name] = 0  # such as a division by zero at these sizes: the caller draws others
        else:
            sizes[axis.name] = drawn.get(axis.name, fixed.get(axis.name, 0))
    return sizes


def _smallest_sizes(axes: Sequence[Axis], rank: int) -> Iterator[dict[str, int]]:
    """Each axis at the smallest size that no other has yet; `rank` rotates which axis is served first."""
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    turn = drawn[rank % len(drawn) :] + drawn[: rank % len(drawn)] if drawn else []
    for slack in range(SIZE_TRIES):  # slack grows all sizes together until computed axes fit
        taken: set[int] = set()
        sizes = {}
        for axis in turn:
            low = min(axis.low + slack, axis.high)
            sizes[axis.name] = next((size for size in range(low, axis.high + 1) if size not in taken), low)
            taken.add(sizes[axis.name])
        yield sizes


def _random_sizes(axes: Sequence[Axis], fixed: Mapping[str, int], rng: np.random.Generator) -> Iterator[dict[str, int]]:
    """Sizes that all differ where the ranges allow it."""
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    for attempt in range(SIZE_TRIES):
        taken: set[int] = set()
        sizes = {}
        # The narrowest range chooses first, or a wide one could take its only free size.
        for axis in sorted(drawn, key=lambda axis: axis.high - axis.low):
            if axis.name in fixed:
                sizes[axis.name] = fixed[axis.name]
            else:
                free = [size for size in range(axis.low, min(axis.high, axis.low + 4096) + 1) if size not in taken]
                sizes[axis.name] = int(rng.choice(free)) if free else int(rng.integers(axis.low, axis.high + 1))
            taken.add(sizes[axis.name])
        if len(taken) == len(drawn) or attempt >= SIZE_TRIES // 2:
            yield sizes


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
    """Values of which no two are near one another: shuffled steps, with a jitter of less than half a step."""
    count = int(np.prod(shape))
    steps = rng.permutation(count) - (count - 1) / 2
    values = np.ceil(steps) if whole else (steps + rng.uniform(-0.25, 0.25, count)) * (4 / max(count, 4))
    found: Array = values.reshape(shape)
    return found


def _edged(exercise: Exercise, edge: NamedCase, name: str, value: Array) -> Array:
    """The value after `set` and `scale` of a named case."""
    if name in edge.set:
        wanted = np.asarray(edge.set[name], dtype=value.dtype)
        if wanted.ndim and wanted.shape != value.shape:
            what = f"The case {edge.name!r} sets {name} to shape {wanted.shape}; its shape there is {value.shape}."
            raise ExerciseError(Fault(exercise.path or exercise.id, what, "Give one number, or lists in the shape of the input."))
        value = np.broadcast_to(wanted, value.shape)
    if name in edge.scale:
        value = value * edge.scale[name]
    return read_only(value)
