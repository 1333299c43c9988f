"""The package as a Python program or a notebook uses it: load, check, grade (CONTRACT, section 6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.exercise import catalogue
from grader.exercise.model import Exercise

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.judging.submission import Submission
    from grader.render.notebook import ShownReport
    from grader.sandbox import Isolation
    from grader.sandbox.limits import Arrays


def load(name: str | Path) -> Exercise:
    """An exercise by id or path. Raises ExerciseError with every fault of its file."""
    from grader.exercise.loading import load_exercise

    return load_exercise(catalogue.find(str(name)).path)


def check(exercise: str | Path | Exercise, /, *, arrays: Arrays | None = None, **functions: Callable[..., object]) -> ShownReport:
    """
    A check of your own functions, in this process: `grader.check("tanh_layer", dY_dW=dY_dW)`.

    Only the functions that are given are judged. In a notebook the report shows itself as HTML.
    `arrays="torch"` gives them tensors where the exercise says arrays, as an assignment may.
    """
    from grader.judging.in_process import check_functions
    from grader.render.notebook import ShownReport

    asked = exercise if isinstance(exercise, Exercise) else load(exercise)
    asked = replace(asked, arrays=arrays) if arrays else asked
    return ShownReport.of(check_functions(asked, functions), asked)


def grade(
    exercise: str | Path | Exercise, submission: Submission, *, seed: int = 0, isolation: Isolation = "best"
) -> ShownReport:
    """A submission graded in the sandbox. Raises SandboxError when the isolation that is asked for cannot be had."""
    from grader.sandbox import Sandbox

    asked = exercise if isinstance(exercise, Exercise) else load(exercise)
    with Sandbox(asked.arrays, isolation) as sandbox:  # it starts while NumPy is imported here
        from grader.judging.judge import Judge
        from grader.reference.prepare import prepare
        from grader.render.notebook import ShownReport

        return ShownReport.of(Judge(asked, prepare(asked, seed)).grade(submission, sandbox), asked)
