"""
A student's notebook -> reports, looked up where it was graded before, else from the sandbox.

A result is good for one source, exercise, seed and version; it lies in the assignment's OUT folder, where the pool of
`grader nbgrader autograde` puts them in advance.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.intake.entries import MAX_SOURCES
from grader.course.intake.files import Readable
from grader.course.intake.imports import add_imported
from grader.course.intake.students import Student
from grader.course.intake.trees import tree_of
from grader.course.results.database import Results, open_results
from grader.course.results.decisions import least
from grader.course.results.gradebook import rows, write_grades
from grader.course.results.keeping import keep
from grader.course.results.stored import Graded, Result
from grader.course.workers.grading import SandboxWorker, grade_request
from grader.course.workers.keys import basis_of
from grader.course.workers.request import GradingRequest, with_key
from grader.errors import Fault, SubmissionError
from grader.judging.judge import Judge
from grader.judging.notebooks import MAX_CODE_BYTES, NotebookError, bare_notebook, code_cells
from grader.judging.submission import read_regular_file
from grader.nbgrader.course import Course
from grader.outcome import Report, Status
from grader.reference.prepare import prepare_secret
from grader.render.public import from_results

if TYPE_CHECKING:
    from grader.course.results.out import Out
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.nbgrader.cells import Cell
    from grader.sandbox import Isolation

_LONGEST_TIME = 200  # bytes of a time and the blanks around it
_IDLE_SECONDS = 60.0  # after which a process that goes on, as the formgrader's, ends its sandbox


def report_of(graded: Graded) -> Report:
    """A report from its JSON data, as the sandbox made it: without the points that a person gave since."""
    return from_results(graded.report)


# What of a notebook is graded


def cells_of(name: str, data: bytes) -> list[Mapping[str, Any]]:
    """
    Return the code cells of a notebook's bytes as nbformat has them, as far as `student_code` looks at them.

    Raises SubmissionError when they cannot be read.
    """
    try:
        found = code_cells(data, with_nbgrader=True)
    except NotebookError as error:
        raise SubmissionError(Fault(name, error.what, error.remedy)) from None
    return [{"cell_type": "code", "source": cell.source, "metadata": {"nbgrader": cell.nbgrader}} for cell in found]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A file that the instructor gave; a link of theirs leads to what nbgrader copies."""

    root: Path
    path: str

    @property
    def name(self) -> str:
        """Without folders."""
        return self.path.rpartition("/")[2]

    def read(self) -> bytes:
        """The bytes. Raises SubmissionError when it is no regular file."""
        return read_regular_file(self.root / self.path)


def modules_beside(coursedir: Any, student: str, assignment: str) -> tuple[Readable, ...]:
    """
    The student's modules and the instructor's, which nbgrader puts in the place of files of the same path.

    Of a student's as many as `grader grade` looks at, the nearest to the notebook, never through a link. Those in folders
    come first: of two that one import may mean, the last counts. Raises SubmissionError when a folder cannot be read.
    """
    submitted = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    files = (file for file in tree_of(submitted).files if file.suffix == ".py")
    beside: dict[str, Readable] = {file.path: file for file in sorted(files, key=_depth)[:MAX_SOURCES]}
    given = (path.relative_to(source).as_posix() for path in source.rglob("*.py"))
    beside |= {path: _Given(root=source, path=path) for path in given}
    return tuple(sorted(beside.values(), key=_depth, reverse=True))


def _depth(file: Readable) -> tuple[int, str]:
    return file.path.count("/"), file.path


def refuse_links(folder: Path) -> None:
    """
    Raises SubmissionError for a symbolic link in what was handed in.

    What it leads to would come into the sandbox, from where student code can show it: the seed, or somebody else's answers.
    """
    if link := next((path for path in sorted(folder.rglob("*")) if path.is_symlink()), None):
        remedy = "Put the file itself in its place, or remove the link."
        raise SubmissionError(Fault(str(link), f"{link.name} is a symbolic link", remedy))


def submitted_at(folder: Path) -> datetime | None:
    """The time that the exchange wrote into a submission; None where there is none that can be read."""
    from nbgrader.utils import parse_utc  # type: ignore[import-untyped]

    try:  # a pipe has no end, and may have any name
        written = read_regular_file(folder / "timestamp.txt")
        at: datetime = parse_utc(written[:_LONGEST_TIME].decode().strip() if len(written) <= _LONGEST_TIME else "")
    except Exception:  # dateutil's are no closed list
        return None
    return at.replace(tzinfo=UTC)


def is_blank(path: Path) -> bool:
    """Whether a small file holds nothing but blanks; a large one is not looked at."""
    return path.stat().st_size <= _LONGEST_TIME and not path.read_bytes().strip()


def checks_of(cells: Iterable[Cell]) -> frozenset[str]:
    """The sources of the grade cells among these."""
    return frozenset(cell.source for cell in cells if cell.role == "grade")


# Grading


class Marker:
    """
    The results of one assignment, open for looking up and for adding. The table of grades is written when it is closed.

    `feedback` and `shown_cases` are what the course's configuration lets students see; they are kept with each result, for the
    pages that are made of it without that configuration.
    """

    def __init__(self, course: Course, feedback: Feedback = "full", shown_cases: ShownCases = "public") -> None:
        self.course = course
        self.feedback: Feedback = feedback
        self.shown_cases: ShownCases = shown_cases
        self.out: Out = course.out()
        self.results: Results = open_results(self.out)
        self._has_news = False

    def close(self) -> None:
        """Writes the table where something came in, and lets go of the results. Raises GraderError when the disk is full."""
        try:
            if self._has_news:
                self.write_grades()
        finally:
            self.results.close()

    def write_grades(self) -> None:
        """The table, as the results are now."""
        write_grades(self.out, rows(self.out, self.results))
        self._has_news = False

    def work(
        self, student: str, notebook: str, exercise: Exercise, code: Sequence[str], beside: Sequence[Readable]
    ) -> GradingRequest:
        """
        One exercise of a notebook as it is graded; its key says everything that the verdict depends on.

        Modules `beside` it come along where it imports them. Raises SubmissionError for one that cannot be read.
        """
        name = f"{notebook}.ipynb"
        if sum(map(len, code)) > MAX_CODE_BYTES:  # not even kept
            what = f"{name}: The notebook holds more than {MAX_CODE_BYTES >> 20} MiB of code."
            return self._work(student, exercise, {}, Status.REFUSED, what)
        files = {name: bare_notebook(code)}
        add_imported(files, beside)
        return self._work(student, exercise, files)

    def missing(self, student: str, notebook: str, exercise: Exercise) -> GradingRequest:
        """One exercise whose notebook was not handed in."""
        return self._work(student, exercise, {}, Status.MISSING, f"{notebook}.ipynb was not handed in.")

    def known(self, work: GradingRequest) -> Report | None:
        """The report that this work was given before; None where it was not, or could not be graded."""
        result = self.results.get(work.student, work.exercise)
        if result is None or result.key != work.key:
            return None
        report = report_of(result.graded)
        return None if report.score is None else report

    def judge(self, exercise: Exercise, student: str) -> Judge:
        """Return who judges an exercise for a student, by the student's seed."""
        seed = self.course.seed(self.out, exercise.id, student)
        last = _last_judges.get(exercise.id)
        if last is None or (last.exercise, last.record.seed) != (exercise, seed):
            last = _last_judges[exercise.id] = Judge(exercise, prepare_secret(exercise, seed, folder=self.out.path))
        return last

    def keep(self, work: GradingRequest, report: Report) -> None:
        """Keep what came of a work, in the results and as the student's report."""
        graded = Graded(report=report, feedback=self.feedback, shown_cases=self.shown_cases)
        self.put(
            Result(student=work.student, exercise=work.exercise, key=work.key, graded=graded, manifest=work.manifest),
            work.sources,
        )

    def keep_level(self, work: GradingRequest, *, is_shown_anew: bool) -> None:
        """
        Keep what students see of a work that was graded before.

        As configured by now where nbgrader's own notebook shows it anew; else less at once, but never more than that shows.
        """
        result = self.results.get(work.student, work.exercise)
        if result is None:
            return
        before = result.graded.feedback or self.feedback
        level = self.feedback if is_shown_anew else least((before, self.feedback))
        said = {self.shown_cases} if is_shown_anew else {self.shown_cases, result.graded.shown_cases or "public"}
        cases: ShownCases = "secret" if said == {"secret"} else "public"
        if (result.graded.feedback, result.graded.shown_cases) != (level, cases):
            self.put(replace(result, graded=replace(result.graded, feedback=level, shown_cases=cases)))

    def put(self, result: Result, sources: Mapping[str, bytes] | None = None) -> None:
        """Keep a result and what it was graded from, and write the student's report."""
        self._has_news = True
        keep(self.out, self.results, result, sources)

    def keep_students(self, submitted_at: Mapping[str, datetime | None]) -> None:
        """Keep who handed in, and when; a time that is not known now stays as it was."""
        self._has_news = True
        self.results.put_students(tuple(Student(id=student, submitted_at=at) for student, at in submitted_at.items()))

    def _work(
        self, student: str, exercise: Exercise, files: Mapping[str, bytes], status: Status | None = None, detail: str = ""
    ) -> GradingRequest:
        work = GradingRequest(
            student=student,
            exercise=exercise.id,
            files=files,
            key="",
            status=status,
            detail=detail,
        )
        return with_key(work, basis_of(exercise.sha256, self.course.seed(self.out, exercise.id, student)))


_last_judges: dict[str, Judge] = {}  # of each exercise: reading a record takes longer than grading with it


def mark(marker: Marker, work: GradingRequest, exercise: Exercise, isolation: Isolation) -> Report:
    """The report on a work, from the results or this process's own sandbox. Raises GraderError when it cannot be made here."""
    if (known := marker.known(work)) is not None:
        marker.keep_level(work, is_shown_anew=True)
        return known
    with _own_worker(isolation) as worker:
        report = grade_request(work, marker.judge(exercise, work.student), worker)
    marker.keep(work, report)
    return report


# The sandbox of a process in which nbgrader grades one notebook after the other


@dataclass(slots=True)
class _Own:
    worker: SandboxWorker | None = None
    isolation: str = ""
    timer: threading.Timer | None = None


_own = _Own()
_lock = threading.RLock()


@contextmanager
def _own_worker(isolation: Isolation) -> Iterator[SandboxWorker]:
    """A worker that is kept for the next notebook, and ended when none comes."""
    with _lock:
        if _own.timer is not None:
            _own.timer.cancel()
        if _own.worker is None or _own.isolation != isolation:
            close_own_worker()
            _own.worker, _own.isolation = SandboxWorker(isolation, ahead=True), isolation
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
