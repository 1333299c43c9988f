"""Diagnose a wrong answer, given as a function of the case."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from builders import one_target
from numpy.typing import ArrayLike

from grader.exercise.model import Exercise, Gradient
from grader.judging import compare
from grader.judging.diagnosis.diagnose import diagnose
from grader.outcome import Diagnosis
from grader.reference import prepare
from grader.reference.model import Case, Record
from grader.reference.tolerance import Standard
from grader.sandbox.wire.answer import Answer

Function = Callable[..., np.ndarray]


@cache
def record_of(make: Callable[[], Exercise]) -> tuple[Exercise, Record]:
    """Make an exercise and its record at the public seed."""
    exercise = make()
    return exercise, prepare.make(exercise, 0)


def diagnosed(
    make: Callable[[], Exercise], name: str, wrong: Callable[[Case], ArrayLike], *, single: bool = False
) -> Diagnosis | None:
    """Diagnose a wrong answer, a function of the case, for the target `name`."""
    exercise, record = record_of(make)
    task, target = next((task, target) for task, target in exercise.targets() if target.name == name)
    key, standard = (task.function, name), Standard(record, exercise.rtol)
    verdicts = [
        compare.judge(
            Answer(items=(np.asarray(wrong(case), dtype=float),)),
            case,
            tolerance,
            place=0,
            count=1,
        )
        for (case, _), tolerance in zip(record.cases, standard.tolerances(key), strict=True)
    ]
    return diagnose(exercise, target, key, standard, verdicts, single_precision=single)


def on(function: Callable[..., ArrayLike]) -> Callable[[Case], ArrayLike]:
    """Make a function of the case from one of the case's values by name."""
    import inspect

    wanted = list(inspect.signature(function).parameters)
    return lambda case: function(*(case.values[name] for name in wanted if name in case.values))


def tanh_jacobian(W: np.ndarray, X: np.ndarray, B: np.ndarray, slope: Function = lambda z: 1 - np.tanh(z) ** 2) -> np.ndarray:
    """dY/dW, with the derivative of tanh as a student may have it."""
    jacobian: np.ndarray = np.einsum("ki,k,j->kij", np.eye(len(B)), slope(W @ X + B), X)
    return jacobian


def absolute() -> Exercise:
    """E = sum(|x|): right for positive x only, if one forgets the sign."""
    return one_target("E = sum(abs(x))", Gradient(of="E", wrt="x"), "n")


def linear_part(case: Case) -> np.ndarray:
    """Return Z = W @ X + B of the tanh layer."""
    return case.values["W"] @ case.values["X"] + case.values["B"]
