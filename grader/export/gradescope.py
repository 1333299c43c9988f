"""
Write Gradescope's results.json: a test an exercise, its page as the output.

As gradescope-autograders.readthedocs.io specifies it. A result that we could not grade is not written: Gradescope then
says itself that the autograder failed, and shows no score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.intake.names import some_students
from grader.course.pages import decisions
from grader.course.results import gradebook
from grader.course.results.decisions import level_of, read_rules, shown_cases_of
from grader.course.results.out import disk_errors, safe_name
from grader.files import write_whole
from grader.render import html
from grader.render.markup import prose
from grader.render.public import from_results

if TYPE_CHECKING:
    from grader.course.results.database import Results
    from grader.course.results.gradebook import Row
    from grader.course.results.out import Out
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.outcome import Report
    from grader.render.html import Article


def results_json(
    row: Row,
    reports: Sequence[Report],
    exercises: Mapping[str, Exercise],
    feedback: Feedback = "full",
    cases: ShownCases = "public",
) -> dict[str, Any] | None:
    """Return one student's results; None when something could not be graded, or nothing was handed in."""
    if row.total is None:
        return None
    by_id = {report.exercise: report for report in reports}
    articles = [decisions.article(row, id, by_id.get(id), exercises.get(id)) for id in dict.fromkeys((*by_id, *row.scores))]
    decided = "".join(f"<p>{prose(line)}</p>" for line in decisions.lead_lines(row, reports)[1:])
    return {
        "score": round(row.total, 10),
        **({"output": decided, "output_format": "html"} if decided else {}),
        "visibility": "visible",
        "stdout_visibility": "hidden",  # our output is for staff
        "tests": [_test(number, one, feedback, cases) for number, one in enumerate(articles, 1)],
    }


def _test(number: int, article: Article, feedback: Feedback, cases: ShownCases) -> dict[str, Any]:
    score = article.score or 0.0
    notes = "".join(f"<p>{prose(note)}</p>" for note in article.notes)
    shown = ""
    if article.report:
        shown = html.fragment(article.report, article.exercise, feedback=feedback, cases=cases, level=3)
    return {
        "number": str(number),
        "name": article.title,
        "score": round(score, 10),
        "max_score": round(article.points, 10),
        "status": "passed" if score >= article.points else "failed",
        "output": notes + shown,
        "output_format": "html",
        "visibility": "visible",
    }


def write(
    out: Out, results: Results, target: Path, exercises: Mapping[str, Exercise], feedback: Feedback | None = None
) -> tuple[str, ...]:
    """
    Write a file STUDENT.json for each student into the folder `target`; return a note on students who get none.

    It shows as much as `feedback` says, or else as was decided for the assignment. A file of an earlier export is removed where
    there is nothing to write.
    """
    rules = read_rules(out)
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    left_out = []
    for row in gradebook.rows(out, results):
        student = row.student.id
        path = target / f"{safe_name(student)}.json"
        asked = sorted(row.scores, key=lambda id: order.get(id, len(order)))
        found = [one.graded for one in (results.get(student, exercise) for exercise in asked) if one]
        level, cases = feedback or level_of(rules, found), shown_cases_of(rules, found)
        reports = [from_results(graded.final) for graded in found]
        data = results_json(row, reports, exercises, level, cases)
        if data is None:
            with disk_errors(target):
                path.unlink(missing_ok=True)
            left_out += [student] if row.scores else []
            continue
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
        with disk_errors(target):
            write_whole(path, text.encode("utf-8", "replace"))
    return (f"Left out, since something of theirs could not be graded: {some_students(left_out)}.",) if left_out else ()
