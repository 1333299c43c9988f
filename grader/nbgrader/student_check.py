"""Check an answer in the kernel: for students, under Validate, and under nbgrader without our configuration."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.nbgrader.cells import REBUILD, exercise_of, grade_id

if TYPE_CHECKING:
    from grader.exercise.model import Exercise
    from grader.outcome import Report


def public_check(cell: str, points: float, /, **functions: Callable[..., object]) -> float:
    """
    Check the functions with public numbers; return how many of the grade cell's `points` they earn, and show why.

    Under Validate, which shows errors only, it raises NotRightError with the reasons unless all points are earned.
    Raises GraderError when the cell's exercise is not there.
    """
    from grader.judging.in_process import check_functions

    exercise = _exercise(exercise_of(cell))
    report = only(check_functions(exercise, functions), exercise, cell)
    share = 0.0 if report.score is None else report.score / report.points
    earned = share_of_points(share, points)
    if earned < points and os.environ.get("NBGRADER_VALIDATING"):
        from grader.render import terminal

        raise NotRightError(terminal.render(report, exercise))
    _show(report, exercise)
    return earned


class NotRightError(Exception):
    """An answer that does not earn all its points; IPython shows the reasons without our traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def only(report: Report, exercise: Exercise, cell: str) -> Report:
    """Reduce a report to the target of one grade cell; flags and output stay. Raises GraderError when there is no such target."""
    for task, target in exercise.targets():
        if grade_id(exercise, task, target) == cell:
            key = (task.function, target.name)
            kept = tuple(one for one in report.targets if (one.call, one.name) == key)
            return replace(report, targets=kept)
    what = f"The exercise {exercise.id} has no target for the grade cell `{cell}`."
    raise GraderError(Fault(exercise.path or exercise.id, what, REBUILD))


def share_of_points(share: float, points: float) -> float:
    """Return a share of a cell's points: a finite number from 0 to all of them, whatever the share is."""
    return min(max(share, 0.0), 1.0) * points if math.isfinite(share) else 0.0


def _exercise(name: str) -> Exercise:
    """Load the exercise from the copy beside the notebook, else from the catalogue."""
    from grader.exercise.loading import load_exercise

    beside = Path(f"{name}.yaml")
    return load_exercise(beside if beside.is_file() else catalogue.find(name).path)


def _show(report: Report, exercise: Exercise) -> None:
    from grader.render.notebook import ShownReport

    shown = ShownReport.of(report, exercise)
    try:
        from IPython.display import display
    except ImportError:
        print(shown)
        return
    display(shown)  # type: ignore[no-untyped-call]
