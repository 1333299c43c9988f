"""
Bring a class's results up to date after an exercise was corrected, or the rules of the assignment changed.

The files that were handed in lie in the database, so that this does not need the submissions' folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course.grade import Options
from grader.course.intake.names import some_students
from grader.course.rescore import up_to_date
from grader.course.results.database import Results, open_results
from grader.course.results.decisions import read_rules
from grader.course.results.finish import current_rules, finish
from grader.course.results.gradebook import RowBuilder, merge_by_student, rows
from grader.course.results.keeping import keep_all
from grader.course.results.out import Out, existing_out, refuse_nbgraders, renewed
from grader.course.results.stored import Graded, Result
from grader.course.workers.fingerprints import basis_of, key_of
from grader.course.workers.grading import Steps, sandboxed
from grader.course.workers.pools import open_pool
from grader.course.workers.request import GradingRequest, request_from_results, with_key
from grader.course.workers.retries import Retries
from grader.errors import Fault, GraderError
from grader.exercise.assignment import Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One score before and after; None is ungraded. The change of a total has no exercise."""

    student: str
    exercise: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradePlan:
    """The scores that a regrade changes, and the totals that follow from these and from the rules."""

    changes: tuple[Change, ...]
    totals: tuple[Change, ...]
    results: int  # results with a new report, most of them with the same score
    students: frozenset[str]  # students with a new report
    run_again: int  # submissions that had to be run; the others were brought up to date without that
    kept: int  # scores that would have fallen
    ungraded: int  # results that we could not grade
    is_written: bool = True
    notes: tuple[str, ...] = ()  # what staff should know


def regrade(
    path: Path,
    assignment: Assignment,
    confirm: Callable[[RegradePlan], bool],
    *,
    only_up: bool = False,
    options: Options | None = None,
    steps: Steps | None = None,
) -> RegradePlan:
    """
    Bring the results in the folder up to date with the assignment, and write them if `confirm` agrees to the plan.

    Only what was graded by another exercise is run again. With `only_up` scores that would fall stay as they are, now
    and in later runs; points given by hand and the late rule count in any case.
    """
    refuse_nbgraders(path)
    options = options or Options()
    steps = steps or sandboxed(options.isolation)
    with existing_out(path) as out, closing(open_results(out, options.database)) as results:
        _check_same_exercises(path, out, assignment)
        regrading = _Regrading(out, results, assignment, only_up)
        regrading.run(options, steps)
        plan = regrading.plan()
        if not confirm(plan):
            return replace(plan, is_written=False)
        today = renewed(out, assignment)
        keep_all(today, results, regrading.new_results)
        results.drop_pending()
        finished = finish(today, results, assignment)
        return replace(plan, notes=(*plan.notes, *finished.notes))


def _check_same_exercises(path: Path, out: Out, assignment: Assignment) -> None:
    if assignment.id != out.state.assignment:
        what = f"This folder holds the results of {out.state.assignment}, not of {assignment.id}."
        raise GraderError(Fault(str(path), what, "Name the assignment file that it was graded with."))
    if new := [one.id for one in assignment.exercises if one.id not in out.state.exercises]:
        what = f"{', '.join(new)} came to the assignment since it was graded."
        raise GraderError(Fault(assignment.path, what, "Run `grader grade` with the submissions."))


_Place = tuple[str, str]  # student, exercise


class _Regrading:
    """
    The new scores, by student and exercise.

    Reports of what was run lie in the database, where a killed run leaves them for the next; other reports are made when they
    are written. A class may have more of them than fit into memory.
    """

    def __init__(self, out: Out, results: Results, assignment: Assignment, only_up: bool) -> None:
        self._out = out
        self._results = results
        self._assignment = assignment
        self._only_up = only_up
        self._exercises = {one.id: one for one in assignment.exercises}
        self._wordings = read_rules(out).wordings
        self._scores: dict[_Place, float | None] = {}
        self._kept: set[_Place] = set()  # scores that would have fallen: the report stays, with the new key
        self._to_run: dict[_Place, tuple[str, float | None]] = {}  # the new key, the old score
        self._failed: list[str] = []  # students of submissions that could not be graded again; these keep their old keys
        self._purged: list[str] = []  # students of results whose files are no longer kept
        self._retries = Retries()
        for result in results.all():
            self._sort_in(result)

    def _sort_in(self, result: Result) -> None:
        """Decide whether a result stays, is brought up to date as it is, or has to be run."""
        if (exercise := self._exercises.get(result.exercise)) is None:
            return
        if result.manifest is None:
            if result.graded.report.exercise_sha256 != exercise.sha256:
                self._purged.append(result.student)
            return
        place = result.student, result.exercise
        new = None if result.is_ungraded else self._up_to_date(result)
        if new is None:
            self._to_run[place] = self._key(result), result.graded.score
        elif not new.says_the_same(result):
            self._set_score(place, result.graded.score, new.graded.score)

    def run(self, options: Options, steps: Steps) -> None:
        """Run what has to be run, unless an earlier regrade did so and its plan was not agreed to."""
        scores: dict[str, float | None] = dict(self._results.pending_scores())
        earlier = self._results.with_retry(pending=True)
        for place, (key, _) in self._to_run.items():
            if key in scores and key in earlier:
                self._retries.resume(*place, earlier[key])
        todo = [place for place, (key, _) in self._to_run.items() if key not in scores]
        if todo or self._retries.is_waiting:
            for request, graded in self._graded(todo, options, steps):
                self._results.put_pending(request.key, graded)
                scores[request.key] = graded.score
        for place, (key, before) in self._to_run.items():
            if self._only_up and before is not None and scores[key] is None:
                self._failed.append(place[0])
            else:
                self._set_score(place, before, scores[key])

    def _graded(self, todo: Sequence[_Place], options: Options, steps: Steps) -> Iterator[tuple[GradingRequest, Graded]]:
        """Yield each request with its result. One that the wall clock ended comes twice; the second result counts."""
        exercises = [self._exercises[id] for id in sorted({id for _, id in self._to_run})]
        judges = {one.id: steps.prepare(one, self._out.state.seed, self._out.records) for one in exercises}
        pool = open_pool(
            steps, judges, entries=len(todo), jobs=options.jobs, scheduler=options.scheduler, insecure=options.insecure
        )
        try:
            requests = (request for place in todo if (request := self._request(*place)) is not None)
            for request, report in pool.reports(requests):
                yield request, self._retries.first(request, report)
            yield from self._retries.run(pool, self._request)
        finally:
            pool.close()

    def _request(self, student: str, exercise: str) -> GradingRequest | None:
        if (result := self._results.get(student, exercise)) is None:
            return None
        request = request_from_results(self._results, result, tuple(self._exercises))
        return with_key(request, basis_of(self._exercises[exercise].sha256, self._out.state.seed))

    def _set_score(self, place: _Place, before: float | None, after: float | None) -> None:
        if self._only_up and before is not None and after is not None and after < before:
            self._kept.add(place)
            after = before
        self._scores[place] = after

    def new_results(self) -> Iterator[Result]:
        """Yield the results that take the place of others."""
        return (self._new(result) for result in self._results.all() if (result.student, result.exercise) in self._scores)

    def _new(self, result: Result) -> Result:
        place = result.student, result.exercise
        if place in self._kept:
            return replace(result, key=self._key(result))
        if place in self._to_run:
            key, _ = self._to_run[place]
            return replace(result, key=key, graded=self._results.pending(key))
        return self._up_to_date(result) or result

    def _up_to_date(self, result: Result) -> Result | None:
        exercise = self._exercises[result.exercise]
        return up_to_date(result, exercise, self._wordings.get(exercise.id), self._out.state.seed)

    def _key(self, result: Result) -> str:
        assert result.manifest is not None  # purged results are never looked at
        basis = basis_of(self._exercises[result.exercise].sha256, self._out.state.seed)
        return key_of(basis, result.student, result.exercise, result.manifest)

    def plan(self) -> RegradePlan:
        """Compare the scores and totals of now with those that will be."""
        builder = RowBuilder(current_rules(self._assignment), self._assignment.due, self._new_graded)
        scores_of = merge_by_student(self._results.scores(), lambda one: one[0])
        scores: list[Change] = []
        totals: list[Change] = []
        for old in rows(self._out, self._results):
            found = {
                exercise: self._scores.get((student, exercise), score)
                for student, exercise, score, _ in scores_of(old.student.id)
                if exercise in self._exercises
            }
            new = builder.row(old.student, found)
            for exercise in self._out.state.exercises:
                before, after = old.scores.get(exercise), new.scores.get(exercise)
                if before != after:
                    scores.append(Change(student=old.student.id, exercise=exercise, before=before, after=after))
            if old.total != new.total:
                totals.append(Change(student=old.student.id, exercise="", before=old.total, after=new.total))
        return RegradePlan(
            changes=tuple(scores),
            totals=tuple(totals),
            results=len(self._scores),
            students=frozenset(student for student, _ in self._scores),
            run_again=len(self._to_run),
            kept=len(self._kept),
            ungraded=len(self._failed) + sum(score is None for score in self._scores.values()),
            notes=tuple(self._notes()),
        )

    def _new_graded(self, student: str, exercise: str) -> Graded | None:
        if (result := self._results.get(student, exercise)) is None:
            return None
        return self._new(result).graded if (student, exercise) in self._scores else result.graded

    def _notes(self) -> Iterator[str]:
        if self._purged:
            yield f"Not regraded, since their files are no longer kept: {some_students(self._purged)}. Their scores stay."
        if self._failed:
            who = some_students(self._failed)
            yield f"We could not grade something of {who} again: it stays as it was, and the next regrade tries."
        yield from self._retries.notes()
