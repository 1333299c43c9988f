"""
All submissions of an assignment: a pool grades what is new into the results, then nbgrader's own converter records.

nbgrader's converter takes one submission after the other and writes one database; with the results there it only looks them
up. A killed run goes on: each result is on disk before the next one counts as begun.
"""

from __future__ import annotations

import glob
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from grader.course.grade import Progress
from grader.course.workers.grading import sandboxed
from grader.course.workers.pools import processors
from grader.course.workers.request import GradingRequest
from grader.course.workers.threads import Threads
from grader.errors import Fault, GraderError, SubmissionError
from grader.judging.judge import Judge
from grader.judging.submission import read_regular_file
from grader.nbgrader.cells import IMPORT
from grader.nbgrader.course import Course
from grader.nbgrader.needs import needs_nbgrader
from grader.nbgrader.reading_back import read_back
from grader.nbgrader.reports import (
    Marker,
    cells_of,
    checks_of,
    is_blank,
    modules_beside,
    refuse_links,
    student_code,
    submitted_at,
)
from grader.sandbox import Sandbox

if TYPE_CHECKING:
    from grader.course.intake.files import Readable
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.sandbox import Isolation


LOG = "nbgrader.log"  # in the assignment's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    What a run did.

    `lost` names each submission of which something could not be graded or recorded, with the reason. Marks of an earlier one
    of the same student stay.
    """

    graded: int
    reused: int
    recorded: int
    lost: tuple[str, ...]
    grades: Path
    log: Path | None = None  # where nbgrader had more to say


def autograde(
    root: Path, assignment: str, *, jobs: int = 0, force: bool = False, tell: Callable[[Progress], None] = lambda _: None
) -> Summary:
    """
    Grade and record all submissions of an assignment; `force` has nbgrader record what it has already, too.

    Raises GraderError when the assignment was never built or released, or nothing can be graded here.
    """
    needs_nbgrader()
    course = Course(root=root.resolve(), id=assignment)
    if course.plan is None:
        raise course.not_built()
    with chdir(course.root):
        run = _Run(course=course, app=_app(course, force=force), tell=tell)
        if next(run.submissions(), None) is None:
            place = run.app.coursedir.format_path(run.app.coursedir.submitted_directory, "*", course.id)
            raise GraderError(Fault(place, "Nothing was handed in.", f"Collect it: nbgrader collect {course.id}"))
        with _logged_to(course.folder / LOG, run.app.log):
            with course.held():
                run.grade(jobs or processors())
            run.record()
        return run.summary()


@contextmanager
def _logged_to(path: Path, log: logging.Logger) -> Iterator[None]:
    """Keeps what nbgrader logs, tracebacks above all, in a file: the summary has a line for each submission that is lost."""
    path.unlink(missing_ok=True)
    file = logging.FileHandler(path, encoding="utf-8", delay=True)
    file.setLevel(logging.ERROR)
    others, log.handlers, propagates, log.propagate = log.handlers, [file], log.propagate, False
    try:
        yield
    finally:
        log.handlers, log.propagate = others, propagates
        file.close()


def _app(course: Course, *, force: bool) -> Any:
    """The autograde program of nbgrader with the course's configuration. Raises GraderError unless that names our steps."""
    from nbgrader.apps import AutogradeApp  # type: ignore[import-untyped]

    app = AutogradeApp()
    app.initialize([course.id, "--log-level=ERROR", *(["--force"] if force else [])])
    app.coursedir.assignment_id = course.id
    if "SandboxedExecute" not in str(app.config.get("Autograde", {}).get("autograde_preprocessors", "")):
        what = "This course's configuration does not grade in the sandbox."
        remedy = "Add two lines:\nfrom grader.nbgrader import configure\nconfigure(c)"
        raise GraderError(Fault(str(course.root / "nbgrader_config.py"), what, remedy))
    return app


@dataclass(slots=True)
class _Run:
    course: Course
    app: Any
    tell: Callable[[Progress], None]
    graded: Progress = field(default_factory=lambda: Progress(total=0))
    recorded: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)  # student -> why
    seen: set[str] = field(default_factory=set)  # by nbgrader's converter
    submitted: dict[str, datetime | None] = field(default_factory=dict)  # when, of what can be read

    def grade(self, jobs: int) -> None:
        """Fill the results."""
        exercises = {exercise.id: exercise for exercise in self.course.assignment.exercises}
        isolation = self._isolation()
        marker = Marker(self.course, *self._feedback())
        pool: Threads | None = None
        try:
            judges = _Judges(marker, exercises)
            marker.keep_students(dict.fromkeys(student for student, _ in self.submissions()))
            works = list(self._works(marker))
            marker.keep_students(self.submitted)
            self.graded = Progress(total=len(works), reused=0)
            todo = [work for work in works if not self._is_known(marker, work)]
            if not todo:
                return
            _try_sandbox(exercises.values(), isolation)
            pool = Threads(jobs, sandboxed(isolation), judges)
            for work, report in pool.reports(judges.begun(todo)):
                marker.keep(judges.ended(work), report)
                self.graded.done += 1
                self.graded.ungraded += report.score is None
                self.tell(self.graded)
        finally:
            if pool is not None:
                pool.close()
            marker.close()

    def record(self) -> None:
        """Have nbgrader record what is graded, and read back what people gave."""
        from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]
        from sqlalchemy.exc import SQLAlchemyError

        url = self.app.coursedir.db_url
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's own, of its database library
            try:
                with Gradebook(url) as gradebook:
                    gradebook.find_assignment(self.course.id)
                self._convert()
                self._read_back(url)
                with Gradebook(url) as gradebook:
                    self._tell_left_over(gradebook.find_assignment(self.course.id).notebooks)
            except MissingEntry:
                what = f"nbgrader does not know the assignment {self.course.id} yet."
                raise GraderError(Fault(url, what, f"nbgrader generate_assignment {self.course.id}")) from None
            except SQLAlchemyError as error:
                what = f"The gradebook cannot be used: {str(error).splitlines()[0]}."
                raise GraderError(Fault(url, what, _RETRY)) from None

    def _convert(self) -> None:
        from nbgrader.converters import NbGraderException  # type: ignore[import-untyped]

        try:
            _converter(self).start()
        except NbGraderException as error:  # at the end, when it lost a submission; at once, when it cannot go on
            if not self.lost or "database" in str(error):
                raise GraderError(Fault(str(self.course.root), f"nbgrader stopped: {error}", _RETRY)) from None

        for student, _ in self.submissions():
            if student not in self.seen:
                self.lose(student, "there is no notebook in the submission")

    def _read_back(self, url: str) -> None:
        marker = Marker(self.course)
        try:
            read_back(self.course, marker, url)
            marker.write_grades()
            for student, exercise, score, _ in marker.results.scores():
                if score is None:
                    self.lost.setdefault(student, f"{exercise} could not be graded; a person has to look at it in the formgrader")
        finally:
            marker.close()

    def _tell_left_over(self, notebooks: Iterable[Any]) -> None:
        """Name what was released of an earlier build: our results have nothing of it."""
        for notebook in notebooks:
            is_built = any(IMPORT in (cell.source or "") for cell in notebook.source_cells)
            if is_built and self.course.plan and notebook.name not in self.course.plan.notebooks:
                for one in notebook.submissions:
                    if one.needs_manual_grade:
                        what = f"{notebook.name} is of an earlier build and was not graded"
                        self.lost.setdefault(one.student.id, f"{what}; a person has to look at it in the formgrader")

    def summary(self) -> Summary:
        """What was done."""
        return Summary(
            graded=self.graded.done - self.graded.reused,
            reused=self.graded.reused,
            recorded=len(self.recorded),
            lost=tuple(f"{student}: {why}." for student, why in sorted(self.lost.items())),
            grades=self.course.folder / "grades.csv",
            log=log if (log := self.course.folder / LOG).exists() else None,
        )

    def lose(self, student: str, why: str) -> None:
        """Note that nbgrader could not take in a submission."""
        self.lost[student] = f"{why}; nothing of it is recorded"
        self.recorded.discard(student)

    def submissions(self) -> Iterator[tuple[str, Path]]:
        """Every student who handed in, with the folder."""
        coursedir = self.app.coursedir
        folder = coursedir.submitted_directory
        pattern = coursedir.format_path(folder, "(?P<student_id>.*)", self.course.id, escape=True)
        for path in sorted(glob.glob(coursedir.format_path(folder, "*", self.course.id))):  # noqa: PTH207 - the pattern is nbgrader's
            if match := re.fullmatch(pattern, path):
                yield match["student_id"], Path(path)

    def _works(self, marker: Marker) -> Iterator[GradingRequest]:
        """
        Every exercise of every submission that can be read here.

        What cannot is left to nbgrader's converter, which knows more formats, and says why.
        """
        assert self.course.plan is not None
        for student, folder in self.submissions():
            try:
                refuse_links(folder)
                beside = modules_beside(self.app.coursedir, student, self.course.id)
            except Exception:
                continue
            for notebook in self.course.plan.notebooks:
                try:
                    works = self._works_of(marker, student, folder, notebook, beside)
                except Exception:  # whatever it is, MemoryError included: it is this student's alone
                    continue
                self.submitted[student] = submitted_at(folder)
                yield from works

    def _works_of(
        self, marker: Marker, student: str, folder: Path, notebook: str, beside: Sequence[Readable]
    ) -> list[GradingRequest]:
        exercises = self.course.exercises(notebook)
        path = folder / f"{notebook}.ipynb"
        if not path.exists():
            return [marker.missing(student, notebook, exercise) for exercise in exercises]
        code = student_code(cells_of(path.name, read_regular_file(path)), checks_of(self.course.cells(notebook)))
        return [marker.work(student, notebook, exercise, code, beside) for exercise in exercises]

    def _is_known(self, marker: Marker, work: GradingRequest) -> bool:
        if marker.known(work) is None:
            return False
        marker.keep_level(work, is_shown_anew=False)
        self.graded.done += 1
        self.graded.reused += 1
        self.tell(self.graded)
        return True

    def _isolation(self) -> Isolation:
        from grader.nbgrader.preprocessors import SandboxedExecute

        return cast("Isolation", SandboxedExecute(parent=self.app).isolation)

    def _feedback(self) -> tuple[Feedback, ShownCases]:
        from grader.nbgrader.preprocessors import SandboxedExecute

        step = SandboxedExecute(parent=self.app)
        return cast("Feedback", step.feedback), cast("ShownCases", step.feedback_cases)


_RETRY = "Mend that and give the same command again: what is graded is kept."


def _converter(run: _Run) -> Any:
    """The converter of nbgrader, which counts, and says in a line what it could not take in."""
    from nbgrader.converters import Autograde

    at = Progress(total=sum(1 for _ in run.submissions()))

    class Counting(Autograde):  # type: ignore[misc]
        now = ""  # whose submission it is

        def init_destination(self, assignment_id: str, student_id: str) -> bool:
            self.now = student_id
            run.seen.add(student_id)
            try:  # before nbgrader looks at the time
                _refuse_odd(Path(self._format_source(assignment_id, student_id)))
                found: bool = super().init_destination(assignment_id, student_id)
            except (SubmissionError, _OddFileError, OSError) as error:  # raised, it would remove what is recorded
                run.lose(student_id, _said(error, "the files"))
                found = False
            if found:
                run.recorded.add(student_id)
            at.done += 1
            at.reused += not found
            run.tell(at)
            return found

        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            try:
                super().init_assignment(assignment_id, student_id)
            except Exception as error:
                run.lose(student_id, _said(error, "the files"))
                raise

        def convert_single_notebook(self, notebook_filename: str) -> None:
            try:
                super().convert_single_notebook(notebook_filename)
            except Exception as error:
                run.lose(self.now, _said(error, Path(notebook_filename).name))
                raise

    return Counting(coursedir=run.app.coursedir, parent=run.app)


class _OddFileError(Exception):
    """A file on which nbgrader would stop, or say nothing that helps."""


def _refuse_odd(folder: Path) -> None:
    """Raises an error for what is no file to be copied, as a link or a pipe, and for a time that is none."""
    refuse_links(folder)
    if odd := next((path for path in sorted(folder.rglob("*")) if not (path.is_dir() or path.is_file())), None):
        raise _OddFileError(f"{odd.name} is not a file that can be copied")
    time = folder / "timestamp.txt"  # a regular file, if it is there
    if time.exists() and submitted_at(folder) is None and not is_blank(time):
        raise _OddFileError("timestamp.txt holds no time that can be read")


def _said(error: Exception, name: str) -> str:
    """Why nbgrader could not take in a submission, in a line; the traceback is in its log."""
    kind = type(error).__name__
    first = (str(error).strip().splitlines() or [kind])[0]
    if isinstance(error, SubmissionError):
        return error.faults[0].what.rstrip(".")
    if isinstance(error, _OddFileError):
        return first
    known = {"NotJSONError": "is not a notebook: it is not JSON", "UnicodeDecodeError": "is not a notebook: it is not text"}
    if first.startswith("No notebooks found"):
        known[kind] = "have no notebook with a name of the assignment's"
    return f"{name} {known.get(kind, f'could not be taken in by nbgrader ({kind}: {first[:200]})')}"


class _Judges(Mapping[str, Judge]):
    """Judges by exercise, made when first asked for; with seeds for every student there is one a student."""

    def __init__(self, marker: Marker, exercises: Mapping[str, Exercise]) -> None:
        self._marker = marker
        self._exercises = exercises
        self._student_seeds = marker.course.plan is not None and marker.course.plan.student_seeds
        self._made: dict[str, Judge] = {}

    def begun(self, works: list[GradingRequest]) -> Iterator[GradingRequest]:
        """The works, each naming its own judge; the judges are made here, one after the other."""
        for work in works:
            name = f"{work.exercise}/{work.student}" if self._student_seeds else work.exercise
            if name not in self._made:
                self._made[name] = self._marker.judge(self._exercises[work.exercise], work.student)
            yield replace(work, exercise=name)

    def ended(self, work: GradingRequest) -> GradingRequest:
        """The work as it was."""
        if self._student_seeds:
            del self._made[work.exercise]
        return replace(work, exercise=work.exercise.partition("/")[0])

    def __getitem__(self, name: str) -> Judge:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _try_sandbox(exercises: Any, isolation: Isolation) -> None:
    """Raises SandboxError when the isolation cannot be had: better once here than in every notebook."""
    for arrays in {exercise.arrays for exercise in exercises}:
        with Sandbox(arrays, isolation) as sandbox:
            sandbox.layers  # noqa: B018 - asking for them starts it
