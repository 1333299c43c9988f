"""
Bring a class's results up to date after an exercise was corrected, or the rules of the assignment changed.

What was handed in lies in the database, so that this does not need the submissions' folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.course.grade import Options
from grader.course.rescore import up_to_date
from grader.course.results.database import Result, Results, open_results
from grader.course.results.decisions import read_rules
from grader.course.results.gradebook import Marks, in_turn, rows
from grader.course.results.out import Out, existing_out, refuse_nbgraders, renewed
from grader.course.results.settling import current_rules, named, settle
from grader.course.workers.grading import Steps, sandboxed
from grader.course.workers.keys import judges, key_of
from grader.course.workers.pools import open_pool
from grader.course.workers.second_try import Alone, not_tried_again
from grader.course.workers.work import Work, kept_work, with_key
from grader.errors import Fault, GraderError
from grader.exercise.model import Assignment


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
        prepared = {one.id: (one, steps.prepare(one, seed, self._out.records)) for one in exercises}

        def work_of(student: str, exercise: str) -> Work | None:
            if (result := self._results.get(student, exercise)) is None:
                return None
            work = kept_work(self._results, result, tuple(self._exercises))
            return with_key(work, judges(self._exercises[exercise], seed))

        pool = open_pool(
            steps, prepared, entries=len(todo), jobs=options.jobs, scheduler=options.scheduler, insecure=options.insecure
        )
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
