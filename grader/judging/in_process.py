"""Check functions of this process, with no sandbox: a student's own, in a notebook or a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from grader.errors import Fault, GraderError
from grader.exercise.model import Exercise
from grader.judging.calls import plan_counted
from grader.judging.judge import Judge
from grader.outcome import Report
from grader.reference.model import Record
from grader.reference.prepare import PUBLIC_SEED, prepare


def check_functions(
    exercise: Exercise, functions: Mapping[str, Callable[..., object]], *, seed: int = PUBLIC_SEED, record: Record | None = None
) -> Report:
    """
    Call functions in this process and report on them; tasks whose functions are not given are left out.

    `record` takes the place of the one for `seed`. Raises GraderError for a name that the exercise does not ask for.
    """
    from grader.sandbox.child.calling import call_task

    started = time.perf_counter()
    if unknown := [name for name in functions if name not in exercise.functions]:
        what = f"{exercise.id} does not ask for {', '.join(unknown)}."
        raise GraderError(Fault("", what, f"It asks for {', '.join(task.function for task in exercise.tasks)}."))
    asked = replace(exercise, tasks=tuple(task for task in exercise.tasks if task.function in functions))
    record = record or prepare(exercise, seed, trust_beside=True)  # it helps a student, and earns no points
    answers = [call_task(plan_counted(task, record), functions, exercise.arrays) for task in asked.tasks]
    report = Judge(asked, record).report_counted(answers)
    return replace(report, exercise_sha256=exercise.sha256, seconds=time.perf_counter() - started)
