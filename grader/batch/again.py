"""
Results looked at again: one verdict replayed, a class regraded after an exercise was corrected, and all of it forgotten.

What was handed in lies in the database, so that none of this needs the submissions' folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.batch.out import Out, disk_errors, existing_out, renewed
from grader.batch.rescoring import up_to_date
from grader.batch.results import Result, Results, open_results
from grader.batch.rules import read_rules, without_reasons, write_rules
from grader.batch.run import Options, open_pool, reports_that_count
from grader.batch.settling import current_rules, settle
from grader.batch.work import Steps, Work, grade_work, judges, sandboxed, with_key
from grader.errors import Fault, GraderError
from grader.exercise import Assignment, Exercise
from grader.gradebook import Marks, rows, write_grades
from grader.outcome import Report, Status

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One score before and after; None is ungraded. The change of a total has no exercise."""

    student: str
    exercise: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a regrade changes in the marks: scores, and the totals that follow from these and from the rules."""

    changes: tuple[Change, ...]
    totals: tuple[Change, ...]
    results: int  # that get a new report, most of them with the same score
    students: frozenset[str]  # whose these are
    run_again: int  # submissions of an exercise that had to be run; the others were brought up to date as they are
    kept: int  # scores that would have fallen
    ungraded: int  # results that we could not grade
    is_written: bool = True
    notes: tuple[str, ...] = ()  # what the rules of the assignment could not be applied to


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
    now = _as_data(again)
    differences = tuple(part for part in now if part != "seconds" and now[part] != result.report.get(part))
    return Replay(
        recorded=Report.from_json(result.report),
        again=again,
        differences=tuple(part for part in differences if part not in _CIRCUMSTANCES),
        circumstances=tuple(part for part in differences if part in _CIRCUMSTANCES),
    )


def regrade(
    path: Path,
    assignment: Assignment,
    confirm: Callable[[Plan], bool],
    *,
    only_up: bool = False,
    options: Options | None = None,
    steps: Steps | None = None,
) -> Plan:
    """
    Brings everything in the folder up to date with the assignment as it is by now, and writes that if `confirm` says so.

    Only what was graded by another exercise is run again. With `only_up` scores that would fall stay as they are, now
    and in later runs; points given by hand and the late rule count in any case.
    """
    options = options or Options()
    steps = steps or sandboxed(options.isolation)
    with existing_out(path) as out, closing(open_results(out, options.database)) as results:
        _check_same_exercises(path, out, assignment)
        fresh, count = _up_to_date(out, results, assignment, options, steps)
        kept = {key for key, (old, new) in fresh.items() if only_up and _falls(old.report["score"], new.report["score"])}
        fresh = {key: (old, replace(old, key=new.key) if key in kept else new) for key, (old, new) in fresh.items() if old != new}
        plan = _plan(out, results, assignment, {key: new for key, (_, new) in fresh.items()}, count, len(kept))
        if not confirm(plan):
            return replace(plan, is_written=False)
        today = renewed(out, assignment)
        for (student, exercise), (_, new) in fresh.items():
            today.write_report(student, exercise, new.report)  # first: whoever is killed here finds the same to do again
        results.put_all(new for _, new in fresh.values())
        _, notes = settle(today, results, assignment)
        return replace(plan, notes=notes)


def _check_same_exercises(path: Path, out: Out, assignment: Assignment) -> None:
    if assignment.id != out.state.assignment:
        what = f"This folder holds the results of {out.state.assignment}, not of {assignment.id}."
        raise GraderError(Fault(str(path), what, "Name the assignment file that it was graded with."))
    if new := [one.id for one in assignment.exercises if one.id not in out.state.exercises]:
        what = f"{', '.join(new)} came to the assignment since it was graded."
        raise GraderError(Fault(assignment.path, what, "Run `grader grade` with the submissions."))


_Key = tuple[str, str]  # student, exercise


def _up_to_date(
    out: Out, results: Results, assignment: Assignment, options: Options, steps: Steps
) -> tuple[dict[_Key, tuple[Result, Result]], int]:
    """Each result with the one that takes its place, and how many of these had to be run."""
    exercises = {one.id: one for one in assignment.exercises}
    wordings = read_rules(out).wordings
    found: dict[_Key, tuple[Result, Result]] = {}
    again: dict[_Key, Result] = {}
    for result in results.all():
        if (exercise := exercises.get(result.exercise)) is None:
            continue
        new = None if result.is_ungraded else up_to_date(result, exercise, wordings.get(exercise.id), out.state.seed)
        if new is None:
            again[result.student, result.exercise] = result
        elif new != result:
            found[result.student, result.exercise] = (result, new)
    if again:
        found |= _run_again(out, results, exercises, again, options, steps)
    return dict(sorted(found.items())), len(again)


def _run_again(
    out: Out,
    results: Results,
    exercises: Mapping[str, Exercise],
    again: Mapping[_Key, Result],
    options: Options,
    steps: Steps,
) -> dict[_Key, tuple[Result, Result]]:
    asked = {id for _, id in again}
    prepared = {id: (exercises[id], steps.prepare(exercises[id], out.state.seed, out.records)) for id in sorted(asked)}

    def works() -> Iterator[Work]:
        for result in again.values():
            yield with_key(_work(results, result), judges(exercises[result.exercise], out.state.seed))

    pool = open_pool(options, steps, prepared, len(again))
    try:
        return {
            (work.student, work.exercise): _replaced(again[work.student, work.exercise], work, report)
            for work, report in reports_that_count(pool, works())
        }
    finally:
        pool.close()


def _replaced(old: Result, work: Work, report: Report) -> tuple[Result, Result]:
    return old, replace(old, key=work.key, report=_as_data(report))


def _plan(out: Out, results: Results, assignment: Assignment, fresh: Mapping[_Key, Result], run_again: int, kept: int) -> Plan:
    """What the marks are, and what they will be."""

    def report_of(student: str, exercise: str) -> Mapping[str, Any] | None:
        result = fresh.get((student, exercise)) or results.get(student, exercise)
        return result.report if result else None

    after = Marks(current_rules(assignment), assignment.due, report_of)
    scores: list[Change] = []
    totals: list[Change] = []
    judged: dict[str, dict[str, float | None]] = {}
    for student, exercise, score, _ in results.scores():
        new = fresh.get((student, exercise))
        judged.setdefault(student, {})[exercise] = new.report["score"] if new else score
    for old in rows(out, results):
        new_row = after.row(old.student, judged.get(old.student.id, {}))
        for exercise in out.state.exercises:
            before, now = old.scores.get(exercise), new_row.scores.get(exercise)
            if before != now:
                scores.append(Change(student=old.student.id, exercise=exercise, before=before, after=now))
        if old.total != new_row.total:
            totals.append(Change(student=old.student.id, exercise="", before=old.total, after=new_row.total))
    return Plan(
        changes=tuple(scores),
        totals=tuple(totals),
        results=len(fresh),
        students=frozenset(student for student, _ in fresh),
        run_again=run_again,
        kept=kept,
        ungraded=sum(result.is_ungraded for result in fresh.values()),
    )


def _as_data(report: Report) -> dict[str, Any]:
    """The report as it is read back from the database."""
    data: dict[str, Any] = json.loads(json.dumps(report.to_json()))
    return data


def _work(results: Results, result: Result) -> Work:
    told = result.work
    files = {}
    for name, sha in told.get("files", [("", "")]):
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


def _falls(before: float | None, after: float | None) -> bool:
    return before is not None and (after is None or after < before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a purge takes away."""

    students: int
    results: int
    files: int  # that were handed in
    pages: int  # reports and feedback


def purge(
    path: Path,
    confirm: Callable[[Removal], bool],
    student: str | None = None,
    *,
    keep_marks: bool = True,
    database: str | None = None,
) -> bool:
    """
    Removes what one student handed in and what was said of it, or everybody's, if `confirm` says so; whether it did.

    Marks stay under the students' ids unless `keep_marks` is False. The assignment's name and its seed stay in any case,
    `report.html` goes, since it names everybody.
    """
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        pages = _pages(out, student)
        if not confirm(_removal(results, student, pages)):
            return False
        results.forget(student, keep_marks=keep_marks)
        with disk_errors(path):
            for page in pages:
                page.unlink(missing_ok=True)
                if page.parent not in (path, path / "feedback") and not any(page.parent.iterdir()):
                    page.parent.rmdir()
        write_rules(out, without_reasons(read_rules(out), student, keep_marks=keep_marks))
        write_grades(out, results)
    return True


def _pages(out: Out, student: str | None) -> tuple[Path, ...]:
    """The files in OUT that show what a student did, or what anybody did."""
    everybody = tuple(out.path / name for name in ("report.html",) if (out.path / name).exists())
    if student is not None:
        return (*everybody, *out.pages(student))
    return (*everybody, *(out.path / "reports").glob("*/*"), *(out.path / "feedback").glob("*"))


def _removal(results: Results, student: str | None, pages: Sequence[Path]) -> Removal:
    files: set[str] = set()
    count = 0
    for result in results.all():
        if student in (None, result.student):
            count += 1
            files.update(sha for _, sha in result.work.get("files", ()))
    students = [one for one in results.students() if student in (None, one.id)]
    return Removal(students=len(students), results=count, files=len(files), pages=len(pages))
