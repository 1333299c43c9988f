"""Write the pages of OUT: `report.html` for the class's staff, `feedback/STUDENT.html` for each student."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from grader.course.pages import class_report
from grader.course.pages.decisions import article, lead_lines
from grader.course.results import decisions, gradebook
from grader.course.results.analysis import analyse
from grader.course.results.database import open_results
from grader.course.results.out import existing_out, safe_name
from grader.render import html
from grader.render.public import from_results
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.course.results.database import Results
    from grader.course.results.gradebook import Row
    from grader.course.results.out import Out
    from grader.course.results.stored import Result
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.outcome import Report

MADE_BY = "pages.sha256"  # holds the fingerprint of what all pages depend on


def refresh(
    path: Path,
    exercises: Mapping[str, Exercise],
    *,
    feedback: Feedback | None = None,
    changed: Collection[str] | None = None,
    database: str | None = None,
) -> Path:
    """Write the pages of an earlier run's folder, as `write_pages` does; return the path of the class's page."""
    with existing_out(path) as out:
        results = open_results(out, database)
        try:
            return write_pages(out, results, exercises, feedback=feedback, changed=changed)
        finally:
            results.close()


def write_pages(
    out: Out,
    results: Results,
    exercises: Mapping[str, Exercise],
    *,
    feedback: Feedback | None = None,
    changed: Collection[str] | None = None,
) -> Path:
    """
    Write the class's page, and the pages of the students in `changed` (None: of all) and of those who have none yet.

    All pages are written after the instructor's rules changed. `exercises` by id lend the pages their notation; others are shown
    without. Students see as much as `feedback` says, or else the assignment.
    """
    decided = decisions.read_rules(out)
    made_by, before = _made_by(out, feedback or decided.feedback), out.path / MADE_BY
    if not before.exists() or before.read_text(encoding="ascii", errors="replace") != made_by:
        changed = None
    for row, found in _students(out, results):
        reports = [from_results(result.graded.final) for result in found]
        level = feedback or decisions.level_of(decided, (result.graded for result in found))
        cases = decisions.shown_cases_of(decided, (result.graded for result in found))
        path = out.feedback(row.student.id)
        if (row.scores or reports) and (changed is None or row.student.id in changed or not path.exists()):
            out.write(path, student_page(row, out.state.title, reports, exercises, level, cases))
    out.write(before, made_by)
    page = out.path / "report.html"
    everybody = gradebook.rows(out, results)
    out.write(page, class_report.class_page(analyse(out, results), everybody, exercises, address))
    return page


def student_page(
    row: Row,
    title: str,
    reports: list[Report],
    exercises: Mapping[str, Exercise],
    feedback: Feedback,
    cases: ShownCases = "public",
) -> str:
    """Write one student's page: the points in all and for each exercise, then every report."""
    ids = dict.fromkeys([*(report.exercise for report in reports), *row.scores])
    by_id = {report.exercise: report for report in reports}
    articles = [article(row, id, by_id.get(id), exercises.get(id)) for id in ids]
    return html.page(title or row.student.id, articles, feedback=feedback, cases=cases, lead=lead_lines(row, reports))


def address(student: str) -> str:
    """Return the link from the class's page to a student's page."""
    return f"feedback/{quote(safe_name(student))}.html"


def _students(out: Out, results: Results) -> Iterator[tuple[Row, list[Result]]]:
    """Yield every student's row, with the results in the order of the assignment."""
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    found_of = gradebook.merge_by_student(results.all(), lambda result: result.student)
    for row in gradebook.rows(out, results):
        found = [result for result in found_of(row.student.id) if result.exercise in order]
        yield row, sorted(found, key=lambda result: order[result.exercise])


def _made_by(out: Out, feedback: Feedback) -> str:
    """Return the fingerprint of what every student's page depends on beside the student's own reports."""
    decided = out.path / decisions.NAME
    data = decided.read_bytes() if decided.exists() else b""
    return hashlib.sha256(f"{VERSION} {feedback} {out.state.title}\n".encode() + data).hexdigest()
