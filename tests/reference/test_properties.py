"""What holds at any seed, for every exercise of the seed course: right is right, and what is nearly right is not."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import SOLUTIONS

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.exercise.model import Exercise
from grader.judging import compare
from grader.judging.in_process import check_functions
from grader.outcome import Status
from grader.reference import prepare
from grader.reference.model import Record
from grader.reference.tolerance import tolerance_of
from grader.sandbox.wire.answer import Answer

COURSE = ("tanh_derivative", "chain_rule", "scalar_linear", "linear_layer", "tanh_layer")
few = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def model_answer(name: str) -> ModuleType:
    """Our own model answer, which is trusted code."""
    spec = importlib.util.spec_from_file_location(f"solution_{name}", SOLUTIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def exercise_of(name: str) -> Exercise:
    """Load an exercise of the course."""
    return load_exercise(catalogue.find(name).path)


@pytest.mark.parametrize("name", COURSE)
@given(seed=st.integers(0, 2**128))
@few
def test_a_right_answer_has_full_marks_at_any_seed(name: str, seed: int) -> None:
    """The hand-derived answer, at whatever numbers."""
    exercise = exercise_of(name)
    functions = {task.function: getattr(model_answer(name), task.function) for task in exercise.tasks}
    report = check_functions(exercise, functions, seed=seed)
    assert report.score == report.points, [target for target in report.targets if target.status is not Status.CORRECT]


WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "negated": lambda right: -right,
    "twice": lambda right: 2 * right,
    "transposed": lambda right: right.T,
    "one entry off": lambda right: right + np.eye(1, right.size).reshape(right.shape) * 1e-3 * np.abs(right).max(initial=1e-3),
    "an axis more": lambda right: right[None],
    "its mean": lambda right: np.asarray(right.mean()),
}


@pytest.mark.parametrize("name", COURSE)
@given(seed=st.integers(0, 2**128))
@few
def test_a_wrong_answer_is_right_only_where_it_equals_the_right_one(name: str, seed: int) -> None:
    """∂Y/∂B is diagonal, so that its transpose is right; its negative is not."""
    exercise = exercise_of(name)
    for case, expected in prepare.make(exercise, seed).cases:
        for key, right in expected.targets.items():
            for what, change in WRONG.items():
                wrong = change(np.array(right))
                tolerance = tolerance_of(expected, key, exercise.rtol)
                same = wrong.shape == right.shape and bool(np.all(np.abs(wrong - right) <= tolerance.allowed))
                verdict = compare.judge(Answer(items=(wrong,)), case, tolerance, place=0, count=1)
                assert (verdict.status is Status.CORRECT) == same, (what, case.name)


@given(seed=st.integers(0, 2**128), order=st.permutations(range(15)))
@few
def test_verdicts_do_not_depend_on_the_order_of_cases(seed: int, order: list[int]) -> None:
    """The same cases in another order: the same statuses, counts and diagnosis."""
    exercise = exercise_of("chain_rule")
    record = prepare.make(exercise, seed)

    def wrong(x: float) -> float:
        return 1 - float(x) ** 2

    def judged(record: Record) -> list[object]:
        report = check_functions(exercise, {task.function: wrong for task in exercise.tasks}, record=record)
        # Of cases of one size the first is shown, the fingerprint is of all in turn: the order decides that, and nothing else.
        return [replace(target, counterexample=None, answers_sha256="") for target in report.targets]

    shuffled = replace(record, cases=tuple(record.cases[i] for i in order))
    assert judged(record) == judged(shuffled)
