"""
Results looked at again: one verdict replayed, a class regraded after an exercise was corrected, and all of it forgotten.

What was handed in lies in the database, so that none of this needs the submissions' folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.grade import Options, open_pool
from grader.course.rescore import up_to_date
from grader.course.results.database import Result, Results, open_results
from grader.course.results.decisions import read_rules, without_reasons, write_rules
from grader.course.results.gradebook import Marks, in_turn, rows, write_grades
from grader.course.results.out import Out, disk_errors, existing_out, refuse_nbgraders, renewed
from grader.course.results.settling import current_rules, named, settle
from grader.course.workers.second_try import Alone, not_tried_again
from grader.course.workers.work import Steps, Work, grade_work, judges, kept_work, key_of, sandboxed, with_key
from grader.errors import Fault, GraderError
from grader.exercise.assignment import Assignment
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
    notes: tuple[str, ...] = ()  # what stays as it is, and what the rules of the assignment could not be applied to


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
        judge = steps.prepare(exercise, result.report["seed"], out.records)
        worker = steps.open_worker()
        try:
            again = grade_work(kept_work(results, result, out.state.exercises), judge, worker)
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
    refuse_nbgraders(path)
    options = options or Options()
    steps = steps or sandboxed(options.isolation)
    with existing_out(path) as out, closing(open_results(out, options.database)) as results:
        _check_same_exercises(path, out, assignment)
        found = _Regraded(out, results, assignment, only_up)
        found.run(options, steps)
        plan = found.plan()
        if not confirm(plan):
            return replace(plan, is_written=False)
        today = renewed(out, assignment)
        for result in found.results_of_today():
            today.write_report(
                result.student, result.exercise, result.report
            )  # first: whoever is killed here finds the same to do
        results.put_all(found.results_of_today())
        results.drop_pending()
        _, notes = settle(today, results, assignment)
        return replace(plan, notes=(*plan.notes, *notes))


def _check_same_exercises(path: Path, out: Out, assignment: Assignment) -> None:
    if assignment.id != out.state.assignment:
        what = f"This folder holds the results of {out.state.assignment}, not of {assignment.id}."
        raise GraderError(Fault(str(path), what, "Name the assignment file that it was graded with."))
    if new := [one.id for one in assignment.exercises if one.id not in out.state.exercises]:
        what = f"{', '.join(new)} came to the assignment since it was graded."
        raise GraderError(Fault(assignment.path, what, "Run `grader grade` with the submissions."))


_Key = tuple[str, str]  # student, exercise


class _Regraded:
    """
    What takes the place of results: their scores.

    The reports of what was run lie in the database, where a killed run leaves them for the next; others are made when they
    are written. A class may have more of them than fit into memory.
    """

    def __init__(self, out: Out, results: Results, assignment: Assignment, only_up: bool) -> None:
        self._out = out
        self._results = results
        self._assignment = assignment
        self._only_up = only_up
        self._exercises = {one.id: one for one in assignment.exercises}
        self._wordings = read_rules(out).wordings
        self._scores: dict[_Key, float | None] = {}
        self._kept: set[_Key] = set()  # of these the report stays, with the new key
        self._again: dict[_Key, tuple[str, float | None]] = {}  # what is run again: its new key, its old score
        self._failed: list[str] = []  # students of what could not be graded again, and stays with its old key
        self._left: list[str] = []  # ... of what is purged
        self._alone = Alone()
        for result in results.all():
            self._look_at(result)

    def _look_at(self, result: Result) -> None:
        if (exercise := self._exercises.get(result.exercise)) is None:
            return
        if not result.work:
            if result.report["exercise_sha256"] != exercise.sha256:
                self._left.append(result.student)
            return
        where = result.student, result.exercise
        new = None if result.is_ungraded else self._up_to_date(result)
        if new is None:
            self._again[where] = self._key(result), result.report["score"]
        elif new != result:
            self._replace(where, result.report["score"], new.report["score"])

    def run(self, options: Options, steps: Steps) -> None:
        """Judges again what has to be, but for what an earlier run came to that was not agreed to."""
        scores: dict[str, float | None] = dict(self._results.pending_scores())
        tried = self._results.tried_alone(pending=True)
        for where, (key, _) in self._again.items():
            if key in scores and key in tried:
                self._alone.meet(*where, tried[key])
        todo = [where for where, (key, _) in self._again.items() if key not in scores]
        if todo or self._alone.is_waiting:
            for work, data in self._reports(todo, options, steps):
                self._results.put_pending(work.key, data)
                scores[work.key] = data["score"]
        for where, (key, before) in self._again.items():
            if self._only_up and before is not None and scores[key] is None:
                self._failed.append(where[0])
            else:
                self._replace(where, before, scores[key])

    def _reports(self, todo: Sequence[_Key], options: Options, steps: Steps) -> Iterator[tuple[Work, Mapping[str, Any]]]:
        """Each work with its report; one that the wall clock ended comes twice, the second time with the report that counts."""
        exercises = [self._exercises[id] for id in sorted({id for _, id in self._again})]
        seed = self._out.state.seed
        prepared = {one.id: steps.prepare(one, seed, self._out.records) for one in exercises}

        def work_of(student: str, exercise: str) -> Work | None:
            if (result := self._results.get(student, exercise)) is None:
                return None
            work = kept_work(self._results, result, tuple(self._exercises))
            return with_key(work, judges(self._exercises[exercise], seed))

        pool = open_pool(options, steps, prepared, len(todo))
        try:
            for work, report in pool.reports(work for where in todo if (work := work_of(*where)) is not None):
                yield work, self._alone.first(work, report)
            for work, _, data in self._alone.again(pool, work_of):
                yield work, data
        finally:
            pool.close()

    def _replace(self, where: _Key, before: float | None, after: float | None) -> None:
        if self._only_up and before is not None and after is not None and after < before:
            self._kept.add(where)
            after = before
        self._scores[where] = after

    def results_of_today(self) -> Iterator[Result]:
        """The results that take the place of others."""
        return (self._today(result) for result in self._results.all() if (result.student, result.exercise) in self._scores)

    def _today(self, result: Result) -> Result:
        where = result.student, result.exercise
        if where in self._kept:
            return replace(result, key=self._key(result))
        if where in self._again:
            key, _ = self._again[where]
            return replace(result, key=key, report=self._results.pending(key))
        return self._up_to_date(result) or result

    def _up_to_date(self, result: Result) -> Result | None:
        exercise = self._exercises[result.exercise]
        return up_to_date(result, exercise, self._wordings.get(exercise.id), self._out.state.seed)

    def _key(self, result: Result) -> str:
        judges_today = judges(self._exercises[result.exercise], self._out.state.seed)
        return key_of(judges_today, result.student, result.exercise, result.work)

    def plan(self) -> Plan:
        """What the marks are, and what they will be."""
        after = Marks(current_rules(self._assignment), self._assignment.due, self._report_of)
        found_of = in_turn(self._results.scores(), lambda one: one[0])
        scores: list[Change] = []
        totals: list[Change] = []
        for old in rows(self._out, self._results):
            found = {
                exercise: self._scores.get((student, exercise), score)
                for student, exercise, score, _ in found_of(old.student.id)
                if exercise in self._exercises
            }
            new = after.row(old.student, found)
            for exercise in self._out.state.exercises:
                before, now = old.scores.get(exercise), new.scores.get(exercise)
                if before != now:
                    scores.append(Change(student=old.student.id, exercise=exercise, before=before, after=now))
            if old.total != new.total:
                totals.append(Change(student=old.student.id, exercise="", before=old.total, after=new.total))
        return Plan(
            changes=tuple(scores),
            totals=tuple(totals),
            results=len(self._scores),
            students=frozenset(student for student, _ in self._scores),
            run_again=len(self._again),
            kept=len(self._kept),
            ungraded=len(self._failed) + sum(score is None for score in self._scores.values()),
            notes=tuple(self._notes()),
        )

    def _report_of(self, student: str, exercise: str) -> Mapping[str, Any] | None:
        if (result := self._results.get(student, exercise)) is None:
            return None
        return self._today(result).report if (student, exercise) in self._scores else result.report

    def _notes(self) -> Iterator[str]:
        if self._left:
            yield f"Left as they are, since what was handed in is no longer kept: the marks of {_each(self._left)}."
        if self._failed:
            yield f"We could not grade again, and left as it was, something of {_each(self._failed)}: the next regrade tries."
        yield from not_tried_again(self._alone.not_tried)


def _each(students: Iterable[str]) -> str:
    return named(list(dict.fromkeys(students)))


def _as_data(report: Report) -> dict[str, Any]:
    """The report as it is read back from the database."""
    data: dict[str, Any] = json.loads(json.dumps(report.to_json()))
    return data


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
