"""The pages of OUT: `report.html` for the class's staff, `feedback/STUDENT.html` for each student."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from grader import gradebook
from grader.batch.out import existing_out
from grader.batch.results import open_results
from grader.outcome import Report
from grader.render import class_report, html
from grader.render.words import Feedback, points_of

if TYPE_CHECKING:
    from grader.batch.out import Out
    from grader.batch.results import Results
    from grader.exercise import Exercise


def refresh(
    path: Path,
    exercises: Mapping[str, Exercise],
    *,
    feedback: Feedback = "full",
    changed: Collection[str] | None = None,
    database: str | None = None,
) -> Path:
    """Writes the pages of the folder of an earlier run, as `write_pages`; the path of the class's page."""
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
    feedback: Feedback = "full",
    changed: Collection[str] | None = None,
) -> Path:
    """
    Writes the class's page, and the pages of the students in `changed` (None: of all) and of those who have none yet.

    `exercises` by id lend the pages their notation; those that are not in it are shown without.
    """
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    for student, group in itertools.groupby(results.all(), key=lambda result: result.student):
        path = out.feedback(student)
        if changed is not None and student not in changed and path.exists():
            continue
        reports = sorted((Report.from_json(result.report) for result in group), key=lambda report: order.get(report.exercise, 99))
        out.write(path, student_page(student, out.state.title, reports, exercises, feedback))
    analysis = gradebook.analyse(out, results)
    page = out.path / "report.html"
    out.write(page, class_report.class_page(analysis, _addressed(out, results)))
    return page


def student_page(student: str, title: str, reports: list[Report], exercises: Mapping[str, Exercise], feedback: Feedback) -> str:
    """One student's page: the total, then every report."""
    scores = [report.score for report in reports]
    total = None if None in scores else sum(score for score in scores if score is not None)
    lead = f"{student}: {points_of(total, sum(report.points for report in reports))} in all."
    return html.page(
        title or student, ((report, exercises.get(report.exercise)) for report in reports), feedback=feedback, lead=lead
    )


def _addressed(out: Out, results: Results) -> Iterator[tuple[gradebook.Row, str]]:
    for row in gradebook.rows(out, results):
        path = out.feedback(row.student.id)
        yield row, f"feedback/{quote(path.name)}" if row.scores else ""
