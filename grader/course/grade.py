"""
Grade a class: from a folder of submissions to results, reports and grades in OUT.

A run goes on where an earlier one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.intake.collect import Collection, collect, with_roster
from grader.course.intake.contents import Contents
from grader.course.intake.entries import SubmissionEntry
from grader.course.intake.files import Unplaced
from grader.course.intake.matching import match
from grader.course.intake.names import shown, some_students
from grader.course.intake.roster import read_roster
from grader.course.intake.students import Student
from grader.course.other_files import notes_on_ids, refuse_other_files, with_earlier
from grader.course.rescore import catch_up
from grader.course.results.database import Results, open_results
from grader.course.results.decisions import NAME as RULES
from grader.course.results.decisions import write_rules
from grader.course.results.finish import Finished, current_rules, finish
from grader.course.results.keeping import keep
from grader.course.results.out import Out, open_out, refuse_nbgraders
from grader.course.results.stored import Graded, Result
from grader.course.workers.fingerprints import basis_of
from grader.course.workers.grading import Steps, sandboxed
from grader.course.workers.pools import open_pool
from grader.course.workers.request import GradingRequest, request_from_results, request_of
from grader.course.workers.retries import Retries
from grader.errors import Fault, GraderError
from grader.exercise.assignment import Assignment
from grader.outcome import Report

if TYPE_CHECKING:
    from distributed import Client

    from grader.course.results.gradebook import Row
    from grader.course.workers.threads import Pool
    from grader.judging.judge import Judge
    from grader.sandbox import Isolation

_AT_ONCE = 500  # entries that are looked up in the database with one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The choices of whoever grades a class."""

    jobs: int = 0  # workers; 0: as many as there are processors
    seed: int | None = None
    fresh_seed: bool = False
    fresh: bool = False  # grade everything again
    roster: Path | None = None
    isolation: Isolation = "best"
    database: str | None = None  # an SQLAlchemy address, of PostgreSQL or another file of SQLite, instead of SQLite in OUT
    scheduler: str | Client | None = None  # a Dask cluster: its address, its client, or "local" for worker processes here
    insecure: bool = False  # the cluster may be on other machines without TLS
    layout: str = ""  # the layout of the submissions, where it is not to be guessed from the names
    accept_other_files: bool = False  # grade students from other files than before, perhaps somebody else's


@dataclass(slots=True)
class Progress:
    """How far a run is; the callback gets the same object each time."""

    total: int
    done: int = 0
    reused: int = 0  # part of `done`: unchanged since an earlier run
    ungraded: int = 0
    slowest: tuple[str, float] = ("", 0.0)  # exercise, seconds of one submission
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self.started


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An answer that waits for somebody to say which of several functions counts; `detail` names them and what to do."""

    student: str
    exercise: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The outcome of a run."""

    students: int
    entries: int
    reused: int
    ungraded: int
    unplaced: tuple[Unplaced, ...]
    layout: str
    within: str  # the folder in the submissions that all of them lie in
    undecided: tuple[Undecided, ...]
    seconds: float
    grades: Path  # grades.csv
    rows: tuple[Row, ...]  # what grades.csv says, by student
    changed: frozenset[str]  # students with a new result, whose pages are to be written anew
    notes: tuple[str, ...]  # what staff should know


def grade_folder(
    submissions: Path,
    assignment: Assignment,
    out: Path,
    *,
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
    steps: Steps | None = None,
) -> Summary:
    """
    Grade the submissions in a folder or zip, and write OUT.

    Results are kept as they come; an interrupted run (KeyboardInterrupt passes through) has written the grades of what
    it graded. Raises GraderError when the submissions, OUT, the database or the sandbox cannot be used.
    """
    options = options or Options()
    refuse_nbgraders(out)
    collection = collect(submissions, assignment, exclude=out, layout=options.layout)
    if options.roster is not None:
        collection = with_roster(collection, read_roster(options.roster))
    steps = steps or sandboxed(options.isolation)
    with open_out(out, assignment, seed=options.seed, fresh_seed=options.fresh_seed) as place:
        results = open_results(place, options.database)
        try:
            return _ClassRun(collection, assignment, place, results, options, steps, progress or (lambda _: None)).grade()
        finally:
            results.close()


@dataclass(slots=True)
class _ClassRun:
    collection: Collection
    assignment: Assignment
    out: Out
    results: Results
    options: Options
    steps: Steps
    tell: Callable[[Progress], None]
    at: Progress = field(default_factory=lambda: Progress(total=0))
    judges: Mapping[str, Judge] = field(default_factory=dict)  # by the id of their exercise
    changed: set[str] = field(default_factory=set)
    undecided: list[Undecided] = field(default_factory=list)
    retries: Retries = field(default_factory=Retries)

    def grade(self) -> Summary:
        """Check the submissions against earlier runs, grade them, and write the table of grades."""
        known_by_other_ids = self._compare_with_earlier_runs()
        self._prepare()
        pool = open_pool(
            self.steps,
            self.judges,
            entries=len(self.collection.entries),
            jobs=self.options.jobs,
            scheduler=self.options.scheduler,
            insecure=self.options.insecure,
        )
        try:
            self._grade_all(pool)
        finally:
            pool.close()
            finished = finish(self.out, self.results, self.assignment)
        return self._summary(finished, notes_on_ids(known_by_other_ids))

    def _compare_with_earlier_runs(self) -> Mapping[str, str]:
        """Use the ids of earlier runs; return whose these are. Raises GraderError where files seem to be somebody else's."""
        known: Mapping[str, str] = {}
        if self.options.roster is None:
            self.collection, known = with_earlier(self.collection, self.results.students())
        if not self.options.accept_other_files:
            refuse_other_files(self.collection, self.results, self.out.path, layout_was_given=bool(self.options.layout))
        if not self.options.layout:
            self._refuse_class_of_a_student()
        return known

    def _prepare(self) -> None:
        """Keep who is in the class, and bring records, rules and earlier results up to date."""
        self.at = Progress(total=len(self.collection.entries), started=self.at.started)
        self.results.put_students(self.collection.students)
        self.results.put_unplaced(self.collection.unplaced)
        self._forget_old_names()
        self.judges = {
            one.id: self.steps.prepare(one, self.out.state.seed, self.out.records) for one in self.assignment.exercises
        }
        rules = current_rules(self.assignment)  # a faulty ledger is reported before anything is run
        if not (self.out.path / RULES).exists():  # a run that is killed must not leave pages that show more than they may
            write_rules(self.out, rules)
        self.changed |= catch_up(self.out, self.results, self.assignment)

    def _grade_all(self, pool: Pool) -> None:
        self.tell(self.at)
        for request, report in pool.reports(self._requests()):
            graded = self.retries.first(request, report)
            self._keep(request, graded)  # also where a second try follows: a run that is stopped goes on from here
            if graded.retry is None:
                self._count(request, report)
        for request, graded in self.retries.run(pool, self._kept_request):
            self._keep(request, graded)
            self._count(request, graded.report)
        self.at.done += len(self.retries.not_retried)
        self.tell(self.at)

    def _summary(self, finished: Finished, notes: Iterator[str]) -> Summary:
        return Summary(
            students=len(self.collection.students),
            entries=len(self.collection.entries),
            reused=self.at.reused,
            ungraded=self.at.ungraded,
            unplaced=self.collection.unplaced,
            layout=self.collection.layout,
            within=self.collection.within,
            undecided=tuple(sorted(self.undecided, key=lambda one: (one.student, one.exercise))),
            seconds=self.at.seconds,
            grades=finished.grades,
            rows=finished.rows,
            changed=frozenset(self.changed),
            notes=(
                *notes,
                *self._notes_on_students_without_answer(),
                *self._notes_on_students_who_are_not_here(),
                *self.retries.notes(),
                *finished.notes,
            ),
        )

    def _refuse_class_of_a_student(self) -> None:
        """
        Raise GraderError where the folder itself is named like a student of the class.

        Its names were a student's choice: taken for a layout, they would hand out other people's scores.
        """
        layout, name = self.collection.layout, self.collection.name
        students = {student.id: student for student in (*self.results.students(), *self.collection.students)}
        who = match((Student(id=name),), tuple(students.values())).get(name)
        if who is None or layout == "one-student" or {entry.student for entry in self.collection.entries} <= {who.id}:
            return
        what = f"`{shown(name)}` is a student of this class, {shown(who.id)}, but was read as {layout}: as the work of others."
        remedy = f"Say which it is: --layout one-student, or --layout {layout}."
        raise GraderError(Fault(str(self.out.path), what, remedy))

    def _count(self, request: GradingRequest, report: Report) -> None:
        self.at.done += 1
        self.at.ungraded += report.score is None
        self.at.slowest = max(self.at.slowest, (report.exercise, report.seconds), key=lambda one: one[1])
        waits = dict.fromkeys(one.detail for one in report.targets if one.is_undecided)
        self.undecided.extend(Undecided(student=request.student, exercise=request.exercise, detail=detail) for detail in waits)
        self.tell(self.at)

    def _forget_old_names(self) -> None:
        """Drop what an earlier run without the roster graded under the files' own names: nobody is in the class twice."""
        known = {student.id for student in self.results.students()}
        old = tuple(name for name in self.collection.renamed if name in known)
        if old:
            self.results.drop(old)
            self.out.remove_pages(old)

    def _notes_on_students_without_answer(self) -> Iterator[str]:
        """Name who handed in something that cannot be graded: an archive of another kind, perhaps, or a text."""
        with_files = {entry.student for entry in self.collection.entries if entry.files}
        if without := [entry.student for entry in self.collection.entries if entry.student not in with_files]:
            yield f"Handed in something, but nothing that can be graded: {some_students(without)}."

    def _notes_on_students_who_are_not_here(self) -> Iterator[str]:
        """Name who has scores from an earlier run but no files in this one: that may be meant, or a file was lost."""
        here = {entry.student for entry in self.collection.entries}
        if absent := [student for student, *_ in self.results.scores() if student not in here]:
            yield f"Not among these submissions, graded in an earlier run: {some_students(absent)}. Their scores stay."

    def _requests(self) -> Iterator[GradingRequest]:
        """Yield what changed since it was graded, or never was; count the rest as done."""
        bases = {one.id: basis_of(one.sha256, self.out.state.seed) for one in self.assignment.exercises}
        earlier = {} if self.options.fresh else self.results.with_retry()
        student, contents = "", Contents()
        for entry, key in self._with_keys():  # student by student
            if entry.student != student:
                student, contents = entry.student, Contents()
            request = request_of(entry, bases[entry.exercise], contents)
            if self.options.fresh or key != request.key:
                yield request
                continue
            self._restore(entry)
            self.at.reused += 1
            if (before := earlier.get(key)) and self.retries.resume(entry.student, entry.exercise, before):
                continue
            self.at.done += 1
            self.tell(self.at)

    def _with_keys(self) -> Iterator[tuple[SubmissionEntry, str | None]]:
        """Yield each entry with the key of its result."""
        entries = self.collection.entries
        for some in (entries[start : start + _AT_ONCE] for start in range(0, len(entries), _AT_ONCE)):
            keys = self.results.keys({entry.student for entry in some})
            yield from ((entry, keys.get((entry.student, entry.exercise))) for entry in some)

    def _kept_request(self, student: str, exercise: str) -> GradingRequest | None:
        result = self.results.get(student, exercise)
        return None if result is None else request_from_results(self.results, result, tuple(self.judges))

    def _keep(self, request: GradingRequest, graded: Graded) -> None:
        self.changed.add(request.student)
        result = Result(
            student=request.student, exercise=request.exercise, key=request.key, graded=graded, manifest=request.manifest
        )
        keep(self.out, self.results, result, request.sources)

    def _restore(self, entry: SubmissionEntry) -> None:
        """Write the report's file again where somebody removed it."""
        if not self.out.report(entry.student, entry.exercise).exists():
            result = self.results.get(entry.student, entry.exercise)
            if result is not None:
                self.out.write_report(entry.student, entry.exercise, result.graded)
