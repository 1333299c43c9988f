"""Judge one submission again, from the files and the seed that its verdict was recorded with."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from grader.course.results.database import open_results
from grader.course.results.out import existing_out
from grader.course.workers.grading import Steps, grade_request, sandboxed
from grader.course.workers.request import request_from_results
from grader.errors import Fault, GraderError
from grader.exercise.model import Exercise
from grader.outcome import Outcome, Report, TargetReport

if TYPE_CHECKING:
    from grader.sandbox import Isolation

_AnyOutcome = TypeVar("_AnyOutcome", bound=Outcome)
_CIRCUMSTANCES = ("versions", "isolation", "layers")  # the same verdict may be found under others


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A report as it was recorded, and as it comes out now."""

    recorded: Report
    replayed: Report
    differences: tuple[str, ...]  # the fields of the report that are not the same; the time does not count
    circumstances: tuple[str, ...]  # versions and isolation, where these are not the same


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
    Judge one submission again, from the files and the seed that its verdict was recorded with.

    Raises GraderError when there is no such result, or when the exercise was changed since.
    """
    steps = steps or sandboxed(isolation)
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        result = results.get(student, exercise.id)
        if result is None:
            what = f"There is no result of {student} for {exercise.id}."
            raise GraderError(Fault(str(path), what, "Students and exercises stand in grades.csv."))
        recorded = result.graded.report
        if recorded.exercise_sha256 != exercise.sha256:
            what = f"{exercise.id} was changed since this was graded: the verdict would be another exercise's."
            raise GraderError(Fault(exercise.path or exercise.id, what, "Take the exercise as it was, or use `grader regrade`."))
        judge = steps.prepare(exercise, recorded.seed, out.records)
        worker = steps.open_worker()
        try:
            request = request_from_results(results, result, out.state.exercises)
            replayed = grade_request(request, judge, worker)
        finally:
            worker.close()
    before, now = recorded.to_json(), _told_as_then(recorded, replayed).to_json()
    differences = tuple(part for part in now if part != "seconds" and now[part] != before.get(part))
    return Replay(
        recorded=recorded,
        replayed=replayed,
        differences=tuple(part for part in differences if part not in _CIRCUMSTANCES),
        circumstances=tuple(part for part in differences if part in _CIRCUMSTANCES),
    )


def _told_as_then(recorded: Report, replayed: Report) -> Report:
    """Leave out of the new report the reasons that the old one was not told yet, by a version before there were reasons."""
    pairs = ((recorded.targets, replayed.targets), (recorded.load_errors, replayed.load_errors))
    if any(len(before) != len(now) for before, now in pairs):
        return replayed  # that is a difference, whatever was told
    errors = (
        now if before.reason is not None else replace(now, reason=None, phase=None)
        for before, now in zip(recorded.load_errors, replayed.load_errors, strict=True)
    )
    return replace(replayed, targets=tuple(map(_target_as_then, recorded.targets, replayed.targets)), load_errors=tuple(errors))


def _target_as_then(before: TargetReport, now: TargetReport) -> TargetReport:
    public = _outcome_as_then(before.public, now.public) if before.public and now.public else now.public
    return replace(_outcome_as_then(before, now), public=public)


def _outcome_as_then(before: _AnyOutcome, now: _AnyOutcome) -> _AnyOutcome:
    return now if before.reason is not None else replace(now, reason=None, phase=None, source="")
