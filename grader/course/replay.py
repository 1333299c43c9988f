"""Judge one submission again, from the files and the seed that its verdict was recorded with."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.results.database import open_results
from grader.course.results.out import existing_out
from grader.course.workers.grading import Steps, grade_work, sandboxed
from grader.course.workers.work import kept_work
from grader.errors import Fault, GraderError
from grader.exercise.model import Exercise
from grader.outcome import Report

if TYPE_CHECKING:
    from grader.sandbox import Isolation

_CIRCUMSTANCES = ("versions", "isolation", "layers")  # of a grading: the same verdict may be found under others


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A verdict as it was recorded, and as it comes out now."""

    recorded: Report
    again: Report
    differences: tuple[str, ...]  # the parts of the report that are not the same, the time apart
    circumstances: tuple[str, ...]  # versions and protections, where these are not the same


def replay(
    path: Path,
    student: str,
    exercise: Exercise,
    *,
    isolation: Isolation = "best",
    database: str | None = None,
    steps: Steps | None = None,
) -> Replay:
    """
    The verdict on one submission again, from the files and the seed that it was recorded with.

    Raises GraderError when there is no such result, or when the exercise is another one by now.
    """
    steps = steps or sandboxed(isolation)
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        result = results.get(student, exercise.id)
        if result is None:
            what = f"There is no result of {student} for {exercise.id}."
            raise GraderError(Fault(str(path), what, "Students and exercises stand in grades.csv."))
        if result.report["exercise_sha256"] != exercise.sha256:
            what = f"{exercise.id} was changed since this was graded: the verdict would be another exercise's."
            raise GraderError(Fault(exercise.path or exercise.id, what, "Take the exercise as it was, or use `grader regrade`."))
        record = steps.prepare(exercise, result.report["seed"], out.records)
        worker = steps.open_worker()
        try:
            again = grade_work(kept_work(results, result, out.state.exercises), exercise, record, worker, steps)
        finally:
            worker.close()
    now = _as_data(again)
    differences = tuple(part for part in now if part != "seconds" and now[part] != result.report.get(part))
    return Replay(
        recorded=Report.from_json(result.report),
        again=again,
        differences=tuple(part for part in differences if part not in _CIRCUMSTANCES),
        circumstances=tuple(part for part in differences if part in _CIRCUMSTANCES),
    )


def _as_data(report: Report) -> dict[str, Any]:
    """The report as it is read back from the database."""
    data: dict[str, Any] = json.loads(json.dumps(report.to_json()))
    return data
