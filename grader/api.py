"""The package as a Python program or a notebook uses it: load, check, grade one submission, grade a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import ExerciseError, Fault
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.model import Exercise

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

    from grader.course.grade import Progress, Summary
    from grader.judging.submission import Submission
    from grader.render.notebook import ShownReport
    from grader.sandbox import Isolation
    from grader.sandbox.limits import Arrays


def load(name: str | Path) -> Exercise | Assignment:
    """
    Load an exercise or an assignment, by path or by its id in the catalogue.

    Raises ExerciseError with every fault of the file.
    """
    from grader.exercise.loading import load_assignment

    file = catalogue.assignment_file(str(name))
    if file is None:
        return _load_exercise(name)
    return load_assignment(file, lambda id: catalogue.find_asked(id, file).path)


def check(exercise: str | Path | Exercise, /, *, arrays: Arrays | None = None, **functions: Callable[..., object]) -> ShownReport:
    """
    Check your own functions in this process: `grader.check("tanh_layer", dY_dW=dY_dW)`.

    Only the functions that are given are judged. In a notebook the report shows itself as HTML.
    `arrays="torch"` gives them tensors where the exercise says arrays, as an assignment may.
    """
    from grader.judging.in_process import check_functions
    from grader.render.notebook import ShownReport

    asked = _load_exercise(exercise)
    asked = replace(asked, arrays=arrays) if arrays else asked
    return ShownReport.of(check_functions(asked, functions), asked)


def grade(
    exercise: str | Path | Exercise, submission: Submission, *, seed: int = 0, isolation: Isolation = "best"
) -> ShownReport:
    """Grade one submission in the sandbox. Raises SandboxError when the isolation that is asked for cannot be had."""
    from grader.sandbox import Sandbox

    asked = _load_exercise(exercise)
    with Sandbox(asked.arrays, isolation) as sandbox:  # it starts while NumPy is imported here
        from grader.judging.judge import Judge
        from grader.reference.prepare import prepare
        from grader.render.notebook import ShownReport

        return ShownReport.of(Judge(asked, prepare(asked, seed)).grade(submission, sandbox), asked)


def grade_class(  # noqa: PLR0913 - the options of `grader grade`
    assignment: str | Path | Assignment | Exercise,
    submissions: str | Path,
    out: str | Path,
    *,
    roster: str | Path | None = None,
    layout: str = "",
    seed: int | None = None,
    jobs: int = 0,
    isolation: Isolation = "best",
    scheduler: str | Client | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """
    Grade the submissions of a class, a folder or a zip, and write grades, reports and pages into the folder `out`.

    The same as `grader grade`: a second call grades only what changed. The summary has a row of scores for each student.
    Without a `seed` a secret one is drawn and kept in `out`; 0 `jobs` are as many as there are processors; without a `layout`
    it is recognised by names. `scheduler` is a Dask cluster: its address or a client. `progress` is called after each submission.

    Raises GraderError, or ExerciseError, SubmissionError or SandboxError among its kinds, with what is wrong and what to do.
    """
    from grader.course.grade import Options, grade_folder
    from grader.course.pages.pages import refresh

    asked = _as_assignment(assignment)
    options = Options(
        roster=None if roster is None else Path(roster),
        layout=layout,
        seed=seed,
        jobs=jobs,
        isolation=isolation,
        scheduler=scheduler,
    )
    summary = grade_folder(Path(submissions), asked, Path(out), options=options, progress=progress)
    refresh(Path(out), {exercise.id: exercise for exercise in asked.exercises}, changed=summary.changed)
    return summary


def _load_exercise(exercise: str | Path | Exercise) -> Exercise:
    from grader.exercise.loading import load_exercise

    if isinstance(exercise, Exercise):
        return exercise
    path = catalogue.find(str(exercise)).path
    if catalogue.lists_exercises(path):
        what = "This is an assignment: it lists exercises, and here one of them is asked for."
        raise ExerciseError(Fault(str(path), what, "Name the exercise by its id, as the list has it."))
    return load_exercise(path)


def _as_assignment(assignment: str | Path | Assignment | Exercise) -> Assignment:
    found = load(assignment) if isinstance(assignment, str | Path) else assignment
    return Assignment.of(found) if isinstance(found, Exercise) else found
