"""A course folder that works at once: configuration, an example assignment, a short README."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.nbgrader.building import Built, build
from grader.nbgrader.needs import needs_nbgrader

if TYPE_CHECKING:
    from grader.exercise.assignment import Assignment

EXAMPLE = "problem_set_1"

_ASSIGNMENT = """\
schema: 1
title: Problem set 1
exercises: [{exercises}]
# due: 2030-10-01T23:59:00+02:00
"""

_CONFIGURATION = """\
from grader.nbgrader import configure

c = get_config()

c.CourseDirectory.course_id = {course!r}

configure(c)  # grade cells of grader's notebooks in the sandbox; everything else as nbgrader does it

# How student code is isolated: strict, best (the default) or none.
# c.SandboxedExecute.isolation = "strict"
# What students see of a wrong answer: full (with numbers, the default), hints or score.
# c.SandboxedExecute.feedback = "hints"
"""

_README = """\
# {course}

`{example}.yaml` lists the exercises of an example assignment; its notebooks are in `source/{example}`.

1. `nbgrader generate_assignment {example}`, then `nbgrader release_assignment {example}`: students fetch and submit. They
   install the checker once, the wheel that `python -m grader.wheel` writes: `pip install autograd_grader-*.whl`.
2. `nbgrader collect {example}`
3. `grader nbgrader autograde {example} --jobs 4` (or `nbgrader autograde`, or the formgrader's button: the same scores)
4. `nbgrader generate_feedback {example}`, then `nbgrader release_feedback {example}`; `nbgrader export` for the scores.

After a change of `{example}.yaml` or of an exercise: `grader nbgrader build {example}.yaml`.
`grading/` holds the secret seed, reports and grades: keep it where only instructors can read it.
"""


def quickstart(course: Path) -> Built:
    """Make the course folder. Raises GraderError when there is something in it already, or nbgrader is not installed."""
    needs_nbgrader()
    if course.exists() and (not course.is_dir() or any(course.iterdir())):
        raise GraderError(Fault(str(course), "There is something here already.", "Name a new folder."))
    try:
        course.mkdir(parents=True, exist_ok=True)
        file = course / f"{EXAMPLE}.yaml"
        file.write_text(_ASSIGNMENT.format(exercises=", ".join(_examples())), encoding="utf-8")
        (course / "nbgrader_config.py").write_text(_CONFIGURATION.format(course=course.resolve().name), encoding="utf-8")
        (course / "README.md").write_text(_README.format(course=course.resolve().name, example=EXAMPLE), encoding="utf-8")
    except OSError as error:
        raise GraderError(Fault(str(course), f"It cannot be written: {error.strerror}.", "Name another folder.")) from None
    return build(_assignment(file), course)


def _examples() -> tuple[str, ...]:
    """Choose two exercises of the catalogue to begin with."""
    known = [file.stem for file in sorted(catalogue.shipped().glob("*.yaml"))]
    liked = [id for id in ("tanh_derivative", "tanh_layer") if id in known]
    return tuple(liked or known[:2])


def _assignment(file: Path) -> Assignment:
    from grader.exercise.loading import load_assignment

    return load_assignment(file, lambda id: catalogue.find_asked(id, file).path)
