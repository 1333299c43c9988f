"""
Results looked at again: one verdict replayed, a class regraded after an exercise was corrected, and all of it forgotten.

What was handed in lies in the database, so that none of this needs the submissions' folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.batch.out import Out, disk_errors, existing_out
from grader.batch.results import Result, Results, open_results
from grader.batch.run import Options, processors, write_report
from grader.batch.work import Steps, Threads, Work, grade_work, judges, sandboxed, with_key
from grader.errors import Fault, GraderError
from grader.exercise import Assignment, Exercise
from grader.gradebook import write_grades
from grader.outcome import Report, Status

if TYPE_CHECKING:
    from grader.sandbox import Isolation

# What may differ between two gradings of the same thing: the clock, the machine.
_CIRCUMSTANCES = ("seconds", "versions", "isolation", "layers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A verdict as it was recorded, and as it comes out now."""

    recorded: Report
    again: Report
    differences: tuple[str, ...]  # the parts of the report that are not the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One score before and after; None is ungraded."""

    student: str
    exercise: str
    before: float | None
    after: float | None


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
            again = grade_work(_work(results, result), exercise, record, worker, steps)
        finally:
            worker.close()
    now = json.loads(json.dumps(again.to_json()))
    differences = tuple(part for part in now if part not in _CIRCUMSTANCES and now[part] != result.report.get(part))
    return Replay(recorded=Report.from_json(result.report), again=again, differences=differences)


def regrade(
    path: Path,
    assignment: Assignment,
    confirm: Callable[[Sequence[Change]], bool],
    *,
    only_up: bool = False,
    options: Options | None = None,
    steps: Steps | None = None,
) -> tuple[Change, ...]:
    """
    Grades everything in the folder again whose exercise is not what it was, and writes that if `confirm` says so.

    `confirm` is given the scores that change; with `only_up` those that would fall stay as they are, now and in later
    runs. Returns what was written.
    """
    options = options or Options()
    steps = steps or sandboxed(options.isolation)
    with existing_out(path) as out, closing(open_results(out, options.database)) as results:
        if assignment.id != out.state.assignment:
            what = f"This folder holds the results of {out.state.assignment}, not of {assignment.id}."
            raise GraderError(Fault(str(path), what, "Name the assignment file that it was graded with."))
        graded = _graded_again(out, results, assignment, options, steps)
        changes = [_change(old, new) for old, new in graded if old.report["score"] != new["score"]]
        kept = {(one.student, one.exercise) for one in changes if only_up and _falls(one)}
        changes = [one for one in changes if (one.student, one.exercise) not in kept]
        if not confirm(changes):
            return ()
        for old, new in graded:
            report = old.report if (old.student, old.exercise) in kept else new
            key = with_key(_work(results, old), judges(_of(assignment, old.exercise), out.state.seed)).key
            results.put(replace(old, key=key, report=report))
            write_report(out, old.student, old.exercise, report)
        write_grades(out, results)
        return tuple(changes)


def _graded_again(
    out: Out, results: Results, assignment: Assignment, options: Options, steps: Steps
) -> list[tuple[Result, Mapping[str, Any]]]:
    """The results whose key is not what it would be now, each with its new report."""
    exercises = {one.id: (one, steps.prepare(one, out.state.seed, out.records)) for one in assignment.exercises}
    judged_by = {id: judges(one, out.state.seed) for id, (one, _) in exercises.items()}
    changed: dict[tuple[str, str], Result] = {}

    def to_do() -> Iterator[Work]:
        for result in results.all():
            if result.exercise not in judged_by:
                continue
            work = with_key(_work(results, result), judged_by[result.exercise])
            if work.key != result.key or result.is_ungraded:
                changed[result.student, result.exercise] = result
                yield work

    pool = Threads(options.jobs or processors(), steps, exercises)
    try:
        reports = [(work, json.loads(json.dumps(report.to_json()))) for work, report in pool.reports(to_do())]
    finally:
        pool.close()
    found = [(changed[work.student, work.exercise], report) for work, report in reports]
    return sorted(found, key=lambda pair: (pair[0].student, pair[0].exercise))


def _work(results: Results, result: Result) -> Work:
    told = result.work
    files = {}
    for name, sha in told["files"]:
        data = results.source(sha)
        if data is None:
            what = f"The files of {result.student} for {result.exercise} are no longer kept."
            raise GraderError(Fault("", what, "Run `grader grade` with the submissions again."))
        files[name] = data
    return Work(
        student=result.student,
        exercise=result.exercise,
        files=files,
        key=result.key,
        clashes=tuple(told["clashes"]),
        status=told["status"] and Status(told["status"]),
        detail=told["detail"],
    )


def _change(old: Result, new: Mapping[str, Any]) -> Change:
    return Change(student=old.student, exercise=old.exercise, before=old.report["score"], after=new["score"])


def _falls(change: Change) -> bool:
    return change.before is not None and (change.after is None or change.after < change.before)


def _of(assignment: Assignment, id: str) -> Exercise:
    return next(one for one in assignment.exercises if one.id == id)


def purge(path: Path, student: str | None = None, *, database: str | None = None) -> int:
    """
    Removes one student's results, files and pages from the folder, or everybody's; the number of results that went.

    The assignment's name and its seed stay. `report.html` goes in either case, since it names everybody.
    """
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        count = results.forget(student)
        with disk_errors(path):
            (path / "report.html").unlink(missing_ok=True)
            if student is None:
                for name in ("reports", "feedback"):
                    shutil.rmtree(path / name, ignore_errors=True)
            else:
                shutil.rmtree(out.report(student, "any").parent, ignore_errors=True)
                out.feedback(student).unlink(missing_ok=True)
        write_grades(out, results)
    return count
