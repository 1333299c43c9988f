"""
Gradescope's results.json: a test an exercise, its page as the output.

As gradescope-autograders.readthedocs.io specifies it. A result that we could not grade is not written: Gradescope then
says itself that the autograder failed, and shows no score.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.batch.out import disk_errors, safe_name, write_whole
from grader.outcome import Report
from grader.render import html

if TYPE_CHECKING:
    from grader.batch.out import Out
    from grader.batch.results import Results
    from grader.exercise import Exercise
    from grader.render.words import Feedback


def results_json(
    reports: Sequence[Report], exercises: Mapping[str, Exercise], feedback: Feedback = "full"
) -> dict[str, Any] | None:
    """One student's results; None when something could not be graded."""
    scores = [report.score for report in reports]
    if None in scores:
        return None
    tests = [_test(number, report, exercises.get(report.exercise), feedback) for number, report in enumerate(reports, 1)]
    return {
        "score": round(sum(score for score in scores if score is not None), 10),
        "execution_time": round(sum(report.seconds for report in reports)),
        "visibility": "visible",
        "stdout_visibility": "hidden",  # what we print is for staff
        "tests": tests,
    }


def _test(number: int, report: Report, exercise: Exercise | None, feedback: Feedback) -> dict[str, Any]:
    score = report.score or 0.0
    return {
        "number": str(number),
        "name": report.title or report.exercise,
        "score": round(score, 10),
        "max_score": round(report.points, 10),
        "status": "passed" if score >= report.points else "failed",
        "output": html.fragment(report, exercise, feedback=feedback, level=3),
        "output_format": "html",
        "visibility": "visible",
    }


def write(out: Out, results: Results, target: Path, exercises: Mapping[str, Exercise], feedback: Feedback) -> tuple[str, ...]:
    """A file STUDENT.json for each student in the folder `target`; says who has none."""
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    left_out = []
    for student, group in itertools.groupby(results.all(), key=lambda result: result.student):
        reports = sorted(
            (Report.from_json(one.report) for one in group), key=lambda report: order.get(report.exercise, len(order))
        )
        data = results_json(reports, exercises, feedback)
        if data is None:
            left_out.append(student)
            continue
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
        with disk_errors(target):
            write_whole(target / f"{safe_name(student)}.json", text.encode("utf-8", "replace"))
    return (f"Left out, since something of theirs could not be graded: {', '.join(left_out)}.",) if left_out else ()
