"""Write a report as the output of a grade cell: reasons in HTML and in text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nbformat

from grader.nbgrader.student_check import only, share_of_points
from grader.render import html, terminal
from grader.render.words import total_line

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.outcome import Report

_v4: Any = nbformat.v4  # its functions have no types


def graded_output(
    report: Report, exercise: Exercise, cell: str, points: float, feedback: Feedback, cases: ShownCases, *, is_first: bool
) -> tuple[float | None, Any]:
    """
    Return the points of one grade cell, None where it could not be graded, and the reasons as its output.

    Output of the student's code and flags are shown in the exercise's first cell only.
    """
    part = only(report, exercise, cell)
    if not is_first:
        part = replace(part, output="", public_output=None if part.public_output is None else "", flags=(), load_errors=())
    text = terminal.render(part, exercise, cases=cases) if feedback == "full" else total_line(part)
    page = html.fragment(part, exercise, feedback=feedback, cases=cases)
    shown = _v4.new_output("display_data", {"text/html": page, "text/plain": text})
    return None if part.score is None else share_of_points(part.score / part.points, points), shown


def not_graded_output() -> Any:
    """Return the output of a grade cell that could not be graded."""
    text = "We could not grade this (our fault, no points lost). A person will; the log of `nbgrader autograde` says why."
    return _v4.new_output("display_data", {"text/html": f"<p><strong>{text}</strong></p>", "text/plain": text})
