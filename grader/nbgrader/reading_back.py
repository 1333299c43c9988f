"""
Read what people gave in nbgrader's gradebook into the results, so that reports and exports have the final scores.

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
    from grader.nbgrader.course import CourseAssignment
    from grader.nbgrader.results import AssignmentResults


@dataclass(frozen=True, slots=True, kw_only=True)
class _ManualScores:
    """A person's decisions on one submitted notebook: scores by grade cell, extra credit added, and the late penalty."""

    scores: Mapping[str, float]
    points: Mapping[str, float]
    penalty: float


def read_back(course: CourseAssignment, results: AssignmentResults, db_url: str) -> None:
    """Put manual scores, extra credit and late penalties of the gradebook into the results."""
    from nbgrader.api import Gradebook  # type: ignore[import-untyped]

    decided: dict[tuple[str, str], _ManualScores] = {}
    with Gradebook(db_url) as gradebook:
        for submission in gradebook.assignment_submissions(course.id):
            for notebook in submission.notebooks:
                decided[submission.student.id, notebook.name] = _manual_scores(notebook)
    plan = course.plan
    for (student, notebook), manual in decided.items():
        penalty = manual.penalty
        for exercise in course.exercises(notebook) if plan else ():
            result = results.results.get(student, exercise.id)
            if result is None:
                continue
            final = replace(result, graded=_final(result.graded, exercise, manual, penalty))
            penalty -= final.graded.late_penalty
            if not final.says_the_same(result):
                results.put(final)


def _manual_scores(notebook: Any) -> _ManualScores:
    scores = {}
    for grade in notebook.grades:
        found = grade.auto_score if grade.manual_score is None else grade.manual_score
        if found is not None and (grade.manual_score is not None or grade.extra_credit):
            scores[grade.name] = found + (grade.extra_credit or 0.0)
    points = {grade.name: grade.max_score for grade in notebook.grades}
    return _ManualScores(scores=scores, points=points, penalty=notebook.late_submission_penalty or 0.0)


def _final(graded: Graded, exercise: Exercise, manual: _ManualScores, penalty: float) -> Graded:
    """Put what people gave in the gradebook in place of what they gave before."""
    names = {(task.function, target.name): grade_id(exercise, task, target) for task, target in exercise.targets()}
    by_hand = {}
    for target in graded.report.targets:
        name = names.get((target.call, target.name), "")
        if name in manual.scores:
            scale = target.points / manual.points[name] if manual.points[name] else 1.0
            by_hand[target.call, target.name] = manual.scores[name] * scale
    final = replace(graded, by_hand=by_hand, late_penalty=0.0)
    return replace(final, late_penalty=min(penalty, final.score or 0.0))
