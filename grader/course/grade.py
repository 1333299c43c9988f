"""`grader grade`: a folder of submissions -> results, reports and grades in OUT, resumed where an earlier run stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.earlier import notes_on_ids, refuse_other_files, with_earlier
from grader.course.intake.collect import Collection, collect, with_roster
from grader.course.intake.contents import Contents
from grader.course.intake.entries import Entry
from grader.course.intake.files import Unplaced
from grader.course.intake.matching import match
from grader.course.intake.names import shown
from grader.course.intake.roster import read_roster
from grader.course.intake.students import Student
from grader.course.rescore import catch_up
from grader.course.results.database import TRIED, Result, Results, open_results
from grader.course.results.decisions import NAME as RULES
from grader.course.results.decisions import write_rules
from grader.course.results.out import Out, open_out, refuse_nbgraders
from grader.course.results.settling import current_rules, named, settle
from grader.course.workers.grading import Steps, sandboxed
from grader.course.workers.keys import judges
from grader.course.workers.pools import open_pool
from grader.course.workers.second_try import Alone, not_tried_again
from grader.course.workers.work import Work, kept_work, work_of
from grader.errors import Fault, GraderError
from grader.exercise.model import Assignment, Exercise
from grader.outcome import Record, Report

if TYPE_CHECKING:
    from distributed import Client

    from grader.sandbox import Isolation

_AT_ONCE = 500  # entries that are looked up in the database with one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a class is graded."""

    jobs: int = 0  # workers; 0: as many as there are processors
    seed: int | None = None
    fresh_seed: bool = False
    fresh: bool = False  # grade everything again
    roster: Path | None = None
    isolation: Isolation = "best"
    database: str | None = None  # an SQLAlchemy address, of PostgreSQL or another file of SQLite, instead of SQLite in OUT
    scheduler: str | Client | None = None  # of a Dask cluster: its address, "local" for one of worker processes here
    insecure: bool = False  # the cluster may be on other machines without TLS
    layout: str = ""  # of the submissions, if it is not to be seen
    accept_other_files: bool = False  # of students who have a mark: it may be a mark for somebody else's work


@dataclass(slots=True)
class Progress:
    """How far a run is; the callback gets the same object each time."""

    total: int
    done: int = 0
    reused: int = 0  # of those done: unchanged since an earlier run
    ungraded: int = 0
    slowest: tuple[str, float] = ("", 0.0)  # exercise, seconds of one submission
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An answer that waits for somebody to say which of several functions counts; `detail` names them and what to do."""

    student: str
    exercise: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run did."""

    students: int
    entries: int
    reused: int
    ungraded: int
    unplaced: tuple[Unplaced, ...]
    layout: str
    within: str  # the folder in the submissions that all of them lie in
    undecided: tuple[Undecided, ...]
    seconds: float
    grades: Path
    changed: frozenset[str]  # students with a new result, whose pages are to be written anew
    notes: tuple[str, ...]  # what the rules of the assignment could not be applied to


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
    Grades what is in a folder or zip, and writes OUT.

    Results are kept as they come; an interrupted run (KeyboardInterrupt passes through) has written the grades of what
    it graded. Raises GraderError when the submissions, OUT, the database or the sandbox cannot be used.
    """
    options = options or Options()
    refuse_nbgraders(out)
    collection = collect(submissions, assignment, but=out, layout=options.layout)
    if options.roster is not None:
        collection = with_roster(collection, read_roster(options.roster))
    steps = steps or sandboxed(options.isolation)
    with open_out(out, assignment, seed=options.seed, fresh_seed=options.fresh_seed) as place:
        results = open_results(place, options.database)
        try:
            return _Run(collection, assignment, place, results, options, steps, progress or (lambda _: None)).go()
        finally:
            results.close()


@dataclass(slots=True)
class _Run:
    collection: Collection
    assignment: Assignment
    out: Out
    results: Results
    options: Options
    steps: Steps
    tell: Callable[[Progress], None]
    exercises: Mapping[str, tuple[Exercise, Record]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    undecided: list[Undecided] = field(default_factory=list)
    alone: Alone = field(default_factory=Alone)

    def go(self) -> Summary:
        """Grade, write, sum up."""
        known: Mapping[str, str] = {}
        if self.options.roster is None:
            self.collection, known = with_earlier(self.collection, self.results.students())
        if not self.options.accept_other_files:
            refuse_other_files(self.collection, self.results, self.out.path, is_said=bool(self.options.layout))
        if not self.options.layout:
            self._refuse_class_of_a_student()
        at = Progress(total=len(self.collection.entries))
        self.results.put_students(self.collection.students)
        self.results.put_unplaced(self.collection.unplaced)
        self._forget_old_names()
        self.exercises = {
            one.id: (one, self.steps.prepare(one, self.out.state.seed, self.out.records)) for one in self.assignment.exercises
        }
        rules = current_rules(self.assignment)  # a faulty ledger is said before anything is run
        if not (self.out.path / RULES).exists():  # a run that is killed must not leave pages that show more than they may
            write_rules(self.out, rules)
        self.changed |= catch_up(self.out, self.results, self.assignment)
        pool = open_pool(
            self.steps,
            self.exercises,
            entries=len(self.collection.entries),
            jobs=self.options.jobs,
            scheduler=self.options.scheduler,
            insecure=self.options.insecure,
        )
        try:
            self.tell(at)
            for work, report in pool.reports(self._to_do(at)):
                data = self.alone.first(work, report)
                self._keep(work, data)  # also what is to be tried again: a run that is ended has something to go on from
                if TRIED not in data:
                    self._count(at, work, report)
            for work, report, data in self.alone.again(pool, self._kept):
                self._keep(work, data)
                self._count(at, work, report)
            at.done += len(self.alone.not_tried)
            self.tell(at)
        finally:
            pool.close()
            grades, notes = settle(self.out, self.results, self.assignment)
        return Summary(
            students=len(self.collection.students),
            entries=len(self.collection.entries),
            reused=at.reused,
            ungraded=at.ungraded,
            unplaced=self.collection.unplaced,
            layout=self.collection.layout,
            within=self.collection.within,
            undecided=tuple(sorted(self.undecided, key=lambda one: (one.student, one.exercise))),
            seconds=at.seconds,
            grades=grades,
            changed=frozenset(self.changed),
            notes=(
                *notes_on_ids(known),
                *self._without_an_answer(),
                *self._kept_from_earlier(),
                *not_tried_again(self.alone.not_tried),
                *notes,
            ),
        )

    def _refuse_class_of_a_student(self) -> None:
        """Raises GraderError where the place itself is called as a student: what lies in it would be others' by its word."""
        layout, name = self.collection.layout, self.collection.name
        students = {student.id: student for student in (*self.results.students(), *self.collection.students)}
        who = match((Student(id=name),), tuple(students.values())).get(name)
        if who is None or layout == "one-student" or {entry.student for entry in self.collection.entries} <= {who.id}:
            return
        what = f"`{shown(name)}` is a student of this class, {shown(who.id)}, and was read as {layout}: as the work of others."
        remedy = f"Say which it is: --layout one-student, or --layout {layout}."
        raise GraderError(Fault(str(self.out.path), what, remedy))

    def _count(self, at: Progress, work: Work, report: Report) -> None:
        at.done += 1
        at.ungraded += report.score is None
        at.slowest = max(at.slowest, (report.exercise, report.seconds), key=lambda one: one[1])
        waits = dict.fromkeys(one.detail for one in report.targets if one.is_undecided)
        self.undecided.extend(Undecided(student=work.student, exercise=work.exercise, detail=detail) for detail in waits)
        self.tell(at)

    def _forget_old_names(self) -> None:
        """An earlier run without the roster graded the same files under their own names: nobody is in the class twice."""
        known = {student.id for student in self.results.students()}
        old = tuple(name for name in self.collection.renamed if name in known)
        if old:
            self.results.drop(old)
            self.out.remove_pages(old)

    def _without_an_answer(self) -> Iterator[str]:
        """Who handed in something, but nothing that is graded: an archive of another kind, perhaps, or a text."""
        with_files = {entry.student for entry in self.collection.entries if entry.files}
        if without := [id for id in dict.fromkeys(entry.student for entry in self.collection.entries) if id not in with_files]:
            yield f"Handed in something, but nothing that can be graded: {named(without)}."

    def _kept_from_earlier(self) -> Iterator[str]:
        """Of whom there are marks, but no files this time: it may be meant, and it may be a file that was lost."""
        here = {entry.student for entry in self.collection.entries}
        if kept := list(dict.fromkeys(student for student, *_ in self.results.scores() if student not in here)):
            yield f"Not among these submissions, graded in an earlier run: {named(kept)}. Their marks stay."

    def _to_do(self, at: Progress) -> Iterator[Work]:
        """The entries that changed since they were graded, or never were; the others count as done."""
        judged_by = {one.id: judges(one, self.out.state.seed) for one in self.assignment.exercises}
        tried = {} if self.options.fresh else self.results.tried_alone()
        student, contents = "", Contents()
        for entry, key in self._with_keys():  # those of one student one after the other
            if entry.student != student:
                student, contents = entry.student, Contents()
            work = work_of(entry, judged_by[entry.exercise], contents)
            if self.options.fresh or key != work.key:
                yield work
                continue
            self._restore(entry)
            at.reused += 1
            if (before := tried.get(key)) and self.alone.meet(entry.student, entry.exercise, before):
                continue
            at.done += 1
            self.tell(at)

    def _with_keys(self) -> Iterator[tuple[Entry, str | None]]:
        """Each entry with the key of its result."""
        entries = self.collection.entries
        for some in (entries[start : start + _AT_ONCE] for start in range(0, len(entries), _AT_ONCE)):
            keys = self.results.keys({entry.student for entry in some})
            yield from ((entry, keys.get((entry.student, entry.exercise))) for entry in some)

    def _kept(self, student: str, exercise: str) -> Work | None:
        result = self.results.get(student, exercise)
        return None if result is None else kept_work(self.results, result, tuple(self.exercises))

    def _keep(self, work: Work, data: Mapping[str, Any]) -> None:
        self.changed.add(work.student)
        result = Result(student=work.student, exercise=work.exercise, key=work.key, report=data, work=work.to_json())
        self.out.write_report(work.student, work.exercise, data)  # first: a run that is killed here does both again
        self.results.put(result, work.sources)

    def _restore(self, entry: Entry) -> None:
        """The report's file, where somebody removed it."""
        if not self.out.report(entry.student, entry.exercise).exists():
            result = self.results.get(entry.student, entry.exercise)
            if result is not None:
                self.out.write_report(entry.student, entry.exercise, result.report)
