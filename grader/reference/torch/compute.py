"""Compute the expected arrays of a case, or say why the case has to be drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from grader.errors import ExerciseError, Fault
from grader.exercise.formula import FormulaError, NotFiniteError
from grader.exercise.model import DEFAULT_RTOL, Exercise, Mistake, Target
from grader.reference.model import Case, Expected, Hypothesis
from grader.reference.tolerance import near, tolerance_of
from grader.reference.torch import cross_checks, hypotheses
from grader.reference.torch.derivatives import Point, derive, in_target_layout, point_at
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.rounding import rounding

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox.wire.answer import Array

MIN_LARGEST_ENTRY = 1e-6  # smaller arrays say nothing beside the absolute floor of the tolerance
MIN_KINK_DISTANCE = 1e-3
SAME_RTOL = 1e-9  # two predictions that are as near as this are the same
MAX_PREDICTED_ENTRIES = 20_000  # entries of a target: for a larger one only declared mistakes are predicted


@dataclass(frozen=True, slots=True)
class Redraw:
    """The reason to draw a case again. `is_zero`: an expected array is zero throughout, which some exercises mean."""

    reason: str
    is_zero: bool = False


def expected(exercise: Exercise, case: Case, *, accept_zero: bool = False, spread: float = 0.0) -> Expected | Redraw:
    """
    Compute what is expected at a case, or say why the case should be drawn again.

    `spread` is how small the smallest entry may be beside the largest one, zeros apart: smaller entries are hardly judged.
    Raises ExerciseError for a formula that cannot be evaluated at all.
    """
    kinks: list[float] = []
    inputs = tensors(case.values)
    try:
        point = point_at(exercise, case.sizes, inputs, kinks)
        if kinks and min(kinks) < MIN_KINK_DISTANCE:
            return Redraw(_near_kink(kinks))
        arrays = {(task.function, target.name): expected_array(point, target) for task, target in exercise.targets()}
        if (redraw := _unfit(arrays, accept_zero=accept_zero, spread=spread)) is not None:
            return redraw
        if reason := cross_checks.ill_conditioned(exercise, case.sizes, inputs, arrays) or cross_checks.disagreement(
            point, arrays
        ):
            return Redraw(reason)
    except NotFiniteError as error:
        return Redraw(error.what.rstrip("."))
    except FormulaError as error:  # for example a float as an index: other numbers would not help
        raise ExerciseError(Fault(exercise.path or exercise.id, f"forward: {error.what}", error.remedy)) from None
    except RuntimeError as error:  # torch's own, such as a backward pass that it does not have
        what = f"torch cannot differentiate forward in the case {case.name!r}: {str(error).partition(chr(10))[0]}."
        raise ExerciseError(Fault(exercise.path or exercise.id, what, "Write the formula in another way.")) from None
    predictions = {
        (task.function, target.name): _predictions(point, task.function, target, arrays) for task, target in exercise.targets()
    }
    quantities = {name: array(point.values[name]) for name in exercise.called_quantities}
    return Expected(
        targets={key: array(value) for key, value in arrays.items()},
        rounding=rounding(exercise, case.sizes, inputs, arrays),
        quantities=quantities,
        predictions=predictions,
    )


def objections(exercise: Exercise, case: Case) -> tuple[str, ...]:
    """
    Say what speaks against the references at a case: at most one sentence a target, without its full stop.

    Raises FormulaError where forward has no finite value at all.
    """
    kinks: list[float] = []
    inputs = tensors(case.values)
    point = point_at(exercise, case.sizes, inputs, kinks)
    found = [_near_kink(kinks)] if kinks and min(kinks) < MIN_KINK_DISTANCE else []
    arrays = {(task.function, target.name): expected_array(point, target) for task, target in exercise.targets()}
    for key, value in arrays.items():
        if not bool(torch.isfinite(value).all()):
            found.append(f"{key[1]} is not finite there")
            continue
        try:
            one = {key: value}
            found.append(cross_checks.ill_conditioned(exercise, case.sizes, inputs, one) or cross_checks.disagreement(point, one))
        except NotFiniteError as error:
            found.append(error.what.rstrip("."))
    return tuple(dict.fromkeys(filter(None, found)))


def _near_kink(kinks: Sequence[float]) -> str:
    return f"the forward function has a kink within {min(kinks):.2g} of this point"


def keep_informative(
    exercise: Exercise, drawn: Sequence[tuple[Case, Expected]]
) -> tuple[tuple[tuple[Case, Expected], ...], dict[TargetKey, tuple[Hypothesis, ...]]]:
    """
    Keep only predictions that tell something, with the hypotheses that they belong to, declared ones first.

    Predictions are dropped if they are right, zero throughout, or the same as an earlier one in every case.
    """
    kept: dict[TargetKey, list[int]] = {}
    named: dict[TargetKey, tuple[Hypothesis, ...]] = {}
    for task, target in exercise.targets():
        key = (task.function, target.name)
        declared = len(target.mistakes)
        graphs = hypotheses.of_target(exercise, target)
        seen: list[list[Array]] = []
        kept[key] = list(range(declared))
        for place in range(declared, declared + len(graphs)):
            predicted = [prediction for _, expected in drawn if (prediction := expected.predictions[key][place]) is not None]
            is_whole = len(predicted) == len(drawn) and any(prediction.any() for prediction in predicted)
            # not by the exercise's rtol, which may change while its record stays
            is_right = is_whole and all(
                tolerance_of(expected, key, DEFAULT_RTOL).agrees(one) for one, (_, expected) in zip(predicted, drawn, strict=True)
            )
            if is_whole and not is_right and not any(all(map(_same, predicted, other)) for other in seen):
                seen.append(predicted)
                kept[key].append(place)
        declared_ones = tuple(Hypothesis(rule="declared") for _ in target.mistakes)
        named[key] = declared_ones + tuple(graphs[place - declared].hypothesis for place in kept[key][declared:])
    return tuple((case, _with_kept(expected, kept)) for case, expected in drawn), named


def _with_kept(expected: Expected, kept: Mapping[TargetKey, Sequence[int]]) -> Expected:
    predictions = {key: tuple(expected.predictions[key][place] for place in places) for key, places in kept.items()}
    return replace(expected, predictions=predictions)


def _same(first: Array, second: Array) -> bool:
    return near(first, second, SAME_RTOL)


def point_of(exercise: Exercise, case: Case) -> Point:
    """Run the forward function at a case."""
    return point_at(exercise, case.sizes, tensors(case.values))


def expected_array(point: Point, target: Target) -> torch.Tensor:
    """Compute the expected array of a target at a point."""
    return in_target_layout(point.exercise, target, derive(point, target.kind).detach())


def tensors(values: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Copy arrays to tensors."""
    return {name: torch.tensor(value) for name, value in values.items()}


def array(value: torch.Tensor) -> Array:
    """Return a tensor as a read-only array."""
    found: Array = np.ascontiguousarray(value.detach().numpy()).reshape(tuple(value.shape))
    found.flags.writeable = False
    return found


def _unfit(arrays: Mapping[TargetKey, torch.Tensor], *, accept_zero: bool, spread: float) -> Redraw | None:
    for (_, name), value in arrays.items():
        if not bool(torch.isfinite(value).all()):
            return Redraw(f"{name} is not finite there")
        largest = float(value.abs().max()) if value.numel() else 1.0
        if largest == 0 and not accept_zero:
            return Redraw(f"{name} is zero throughout there", is_zero=True)
        if 0 < largest < MIN_LARGEST_ENTRY:
            return Redraw(f"no entry of {name} is larger than {largest:.2g} there, too little to judge by")
        if spread and value.is_floating_point() and largest and float(value[value != 0].abs().min()) < spread * largest:
            return Redraw(f"entries of {name} differ in size by more than 1 to {1 / spread:g} there, as where tanh saturates")
    return None


def _predictions(
    point: Point, function: str, target: Target, arrays: Mapping[TargetKey, torch.Tensor]
) -> tuple[Array | None, ...]:
    found = [_mistaken(point, function, target, mistake, arrays) for mistake in target.mistakes]
    is_small = arrays[function, target.name].numel() <= MAX_PREDICTED_ENTRIES
    for graph in hypotheses.of_target(point.exercise, target):
        found.append(hypotheses.prediction(point.exercise, target, graph, point) if is_small else None)
    return tuple(None if value is None else array(value) for value in found)


def _mistaken(
    point: Point, function: str, target: Target, mistake: Mistake, arrays: Mapping[TargetKey, torch.Tensor]
) -> torch.Tensor | None:
    """
    Evaluate a declared mistake; None if it has no finite value.

    Its formula may use targets by name; those of its own task come first.
    """
    names = {name: value for (_, name), value in arrays.items()}
    names |= {name: value for (task, name), value in arrays.items() if task == function}
    try:
        return evaluate(mistake.returned, {**names, **point.values}, point.sizes)
    except NotFiniteError:  # for example a division by an entry that happens to be 0
        return None
    except FormulaError as error:
        what = f"The mistake `{mistake.returned.text}` of {target.name} cannot be evaluated: {error.what}"
        raise ExerciseError(
            Fault(point.exercise.path or point.exercise.id, what, error.remedy or "Correct its formula.")
        ) from None
