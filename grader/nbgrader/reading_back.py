"""
What people gave in nbgrader's gradebook -> the assignment's results, so that reports and exports have the final marks.

The points that the sandbox gave stay beside them, in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from grader.nbgrader.cells import grade_id

if TYPE_CHECKING:
    from grader.course.results.stored import Graded
    from grader.exercise.model import Exercise
    from grader.nbgrader.course import Course
    from grader.nbgrader.reports import Marker


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """One submitted notebook in the gradebook: points of a person by grade cell, extra credit added, and the penalty."""

    scores: Mapping[str, float]
    points: Mapping[str, float]
    penalty: float


def read_back(course: Course, marker: Marker, db_url: str) -> None:
    """Put manual marks, extra credit and late penalties of the gradebook into the results."""
    from nbgrader.api import Gradebook  # type: ignore[import-untyped]

    given: dict[tuple[str, str], _Given] = {}
    with Gradebook(db_url) as gradebook:
        for submission in gradebook.assignment_submissions(course.id):
            for notebook in submission.notebooks:
                given[submission.student.id, notebook.name] = _given(notebook)
    plan = course.plan
    for (student, notebook), one in given.items():
        penalty = one.penalty
        for exercise in course.exercises(notebook) if plan else ():
            result = marker.results.get(student, exercise.id)
            if result is None:
                continue
            final = replace(result, graded=_final(result.graded, exercise, one, penalty))
            penalty -= final.graded.late_penalty
            if not final.says_the_same(result):
                marker.put(final)


def _given(notebook: Any) -> _Given:
    scores = {}
    for grade in notebook.grades:
        found = grade.auto_score if grade.manual_score is None else grade.manual_score
        if found is not None and (grade.manual_score is not None or grade.extra_credit):
            scores[grade.name] = found + (grade.extra_credit or 0.0)
    points = {grade.name: grade.max_score for grade in notebook.grades}
    return _Given(scores=scores, points=points, penalty=notebook.late_submission_penalty or 0.0)


def _final(graded: Graded, exercise: Exercise, given: _Given, penalty: float) -> Graded:
    """Return the result with what people gave in the gradebook, in place of what they gave before."""
    names = {(task.function, target.name): grade_id(exercise, task, target) for task, target in exercise.targets()}
    by_hand = {}
    for target in graded.report.targets:
        name = names.get((target.call, target.name), "")
        if name in given.scores:
            scale = target.points / given.points[name] if given.points[name] else 1.0
            by_hand[target.call, target.name] = given.scores[name] * scale
    final = replace(graded, by_hand=by_hand, late_penalty=0.0)
    return replace(final, late_penalty=min(penalty, final.score or 0.0))
