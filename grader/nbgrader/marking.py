"""
A student's notebook -> reports, looked up where it was graded before, else from the sandbox.

A result is good for one source, exercise, seed and version; it lies in the assignment's OUT folder, where the pool of
`grader nbgrader autograde` puts them in advance.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grader import grading
from grader.batch.results import Result, Results, open_results
from grader.batch.roster import Student
from grader.batch.work import Steps, Work, grade_work, sandboxed
from grader.nbgrader.cells import cells
from grader.nbgrader.course import Course
from grader.outcome import Counterexample, Diagnosis, Record, Report, Status, TargetReport
from grader.preparing import ENGINE, prepare
from grader.sandbox.sandbox import Sandbox
from grader.submission import Submission
from grader.trial import LoadError
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.batch.out import Out
    from grader.exercise import Arrays, Exercise
    from grader.sandbox import Isolation
    from grader.trial import Job, Trial

_IDLE_SECONDS = 60.0  # after which a process that goes on, as the formgrader's, ends its sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookReport(Report):
    """A report that also says which cells raised while they were loaded."""

    load_errors: tuple[LoadError, ...] = ()

    @classmethod
    def of(cls, report: Report, load_errors: tuple[LoadError, ...]) -> NotebookReport:
        """The report with what its cells raised."""
        return cls(**{item.name: getattr(report, item.name) for item in fields(Report)}, load_errors=load_errors)

    def to_json(self) -> dict[str, Any]:
        """The report's own data, and the errors."""
        errors = [{"source": one.source, "detail": one.detail, "traceback": one.traceback} for one in self.load_errors]
        return {**Report.to_json(self), "load_errors": errors}


def report_of(data: Mapping[str, Any]) -> NotebookReport:
    """A report from its JSON data, as the sandbox made it."""
    facts = {name: data[name] for name in _PLAIN}
    return NotebookReport(
        **facts,
        layers=tuple(data["layers"]),
        flags=tuple(data["flags"]),
        targets=tuple(map(_target_of, data["targets"])),
        load_errors=tuple(LoadError(**one) for one in data.get("load_errors", ())),
    )


_PLAIN = (
    "exercise",
    "title",
    "exercise_sha256",
    "student",
    "source_sha256",
    "seed",
    "versions",
    "isolation",
    "output",
    "seconds",
)


def _target_of(data: Mapping[str, Any]) -> TargetReport:
    facts = dict(data)
    if "auto_score" in facts:  # a person gave other points since
        facts["score"] = facts.pop("auto_score")
    counts, example, found = facts.pop("cases"), facts.pop("counterexample"), facts.pop("diagnosis")
    if example is not None:
        index = example["index"]
        numbers = {name: None if example[name] is None else float(example[name]) for name in ("expected", "actual")}
        example = Counterexample(**{**example, **numbers, "index": None if index is None else tuple(index)})
    return TargetReport(
        **{**facts, "status": Status(facts["status"])},
        correct=counts["correct"],
        total=counts["total"],
        counterexample=example,
        diagnosis=found and Diagnosis(**found),
    )


# What of a notebook is graded


def student_code(notebook_cells: Iterable[Any], checks: Container[str]) -> list[str]:
    """
    The code cells in order, empty where they only test (grade cells, copies of ours): numbers of cells in messages stay right.

    Raises TypeError, KeyError or AttributeError for what is no list of cells.
    """
    code = []
    for cell in notebook_cells:
        if cell["cell_type"] != "code":
            continue
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        ours = cell.get("metadata", {}).get("nbgrader")
        tests = isinstance(ours, dict) and ours.get("grade") is True and ours.get("solution") is not True
        code.append("" if tests or source.strip() in checks else source)
    while code and not code[-1].strip():  # grade cells that were put back at the end
        code.pop()
    return code


def checks_of(exercises: Sequence[Exercise]) -> frozenset[str]:
    """The sources of the grade cells of these exercises."""
    return frozenset(cell.source for one in exercises for cell in cells(one, {}) if cell.role == "grade")


def notebook_of(code: Sequence[str]) -> bytes:
    """A notebook of these cells and nothing else: the same for all that is graded alike."""
    plain = [{"cell_type": "code", "source": source} for source in code]
    return json.dumps({"cells": plain}).encode("utf-8", "surrogatepass")


# Grading


class NotebookWorker:
    """Grades in sandboxes of its own, one for each kind of arrays, and listens for what loading raised."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation = isolation
        self._boxes: dict[Arrays, _Listening] = {}

    def grade(self, exercise: Exercise, submission: Submission, record: Record) -> NotebookReport:
        """The report. Raises SandboxError when the isolation cannot be had."""
        if exercise.arrays not in self._boxes:
            self._boxes[exercise.arrays] = _Listening(exercise.arrays, self._isolation)
        box = self._boxes[exercise.arrays]
        report = grading.grade(exercise, submission, record=record, sandbox=box)
        return NotebookReport.of(report, box.heard)

    def close(self) -> None:
        """Ends the sandboxes."""
        for box in list(self._boxes.values()):
            box.close()


class _Listening(Sandbox):
    """A sandbox that remembers what its last job raised while loading."""

    heard: tuple[LoadError, ...] = ()

    def run(self, job: Job) -> Trial:
        trial = super().run(job)
        self.heard = trial.load_errors
        return trial


class Marker:
    """The results of one assignment, open for looking up and for adding."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.out: Out = course.out()
        self.results: Results = open_results(self.out)

    def close(self) -> None:
        """Lets go of the results."""
        self.results.close()

    def work(self, student: str, notebook: str, exercise: Exercise, code: Sequence[str]) -> Work:
        """One exercise of a notebook as it is graded; its key says everything that the verdict depends on."""
        files = {f"{notebook}.ipynb": notebook_of(code)}
        return self._work(student, exercise, files, None)

    def missing(self, student: str, notebook: str, exercise: Exercise) -> Work:
        """One exercise whose notebook was not handed in."""
        return self._work(student, exercise, {}, f"{notebook}.ipynb was not handed in.")

    def known(self, work: Work) -> NotebookReport | None:
        """The report that this work was given before; None where it was not, or could not be graded."""
        result = self.results.get(work.student, work.exercise)
        if result is None or result.key != work.key:
            return None
        report = report_of(result.report)
        return None if report.score is None else report

    def record(self, exercise: Exercise, student: str) -> Record:
        """The cases and expected arrays of an exercise for a student."""
        return prepare(exercise, self.course.seed(self.out, exercise.id, student), folder=self.out.path)

    def keep(self, work: Work, report: Report) -> None:
        """Keep what came of a work, in the results and as the student's report."""
        self.put(Result(student=work.student, exercise=work.exercise, key=work.key, report=report.to_json()))

    def put(self, result: Result) -> None:
        """Keep a result, and write the student's report."""
        self.results.put(result)
        text = json.dumps(result.report, ensure_ascii=False, allow_nan=False, indent=1)
        self.out.write(self.out.report(result.student, result.exercise), text + "\n")

    def keep_student(self, student: str, submitted_at: datetime | None) -> None:
        """Keep who handed in, and when."""
        self.results.put_students((Student(id=student, submitted_at=submitted_at),))

    def _work(self, student: str, exercise: Exercise, files: Mapping[str, bytes], missing: str | None) -> Work:
        seed = self.course.seed(self.out, exercise.id, student)
        prints = [[name, hashlib.sha256(data).hexdigest()] for name, data in files.items()]
        told = json.dumps([exercise.id, exercise.sha256, seed, VERSION, ENGINE, prints])
        return Work(
            student=student,
            exercise=exercise.id,
            files=files,
            key=hashlib.sha256(told.encode()).hexdigest(),
            status=Status.MISSING if missing else None,
            detail=missing or "",
        )


def mark(marker: Marker, work: Work, exercise: Exercise, isolation: Isolation) -> NotebookReport:
    """The report on a work, from the results or this process's own sandbox. Raises GraderError when it cannot be made here."""
    if (known := marker.known(work)) is not None:
        return known
    with _own_worker(isolation) as worker:
        report = grade_work(work, exercise, marker.record(exercise, work.student), worker, steps(isolation))
    marker.keep(work, report)
    return report if isinstance(report, NotebookReport) else NotebookReport.of(report, ())


def steps(isolation: Isolation) -> Steps:
    """The steps of a batch, with workers that listen."""
    plain = sandboxed(isolation)
    return Steps(prepare=plain.prepare, missing=plain.missing, open_worker=lambda: NotebookWorker(isolation))


# The sandbox of a process in which nbgrader grades one notebook after the other


@dataclass(slots=True)
class _Own:
    worker: NotebookWorker | None = None
    isolation: str = ""
    timer: threading.Timer | None = None


_own = _Own()
_lock = threading.RLock()


@contextmanager
def _own_worker(isolation: Isolation) -> Iterator[NotebookWorker]:
    """A worker that is kept for the next notebook, and ended when none comes."""
    with _lock:
        if _own.timer is not None:
            _own.timer.cancel()
        if _own.worker is None or _own.isolation != isolation:
            close_own_worker()
            _own.worker, _own.isolation = NotebookWorker(isolation), isolation
        try:
            yield _own.worker
        finally:
            _own.timer = threading.Timer(_IDLE_SECONDS, close_own_worker)
            _own.timer.daemon = True
            _own.timer.start()


@atexit.register
def close_own_worker() -> None:
    """Ends this process's sandbox."""
    with _lock:
        if _own.worker is not None:
            _own.worker.close()
        _own.worker = None
