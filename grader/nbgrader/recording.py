"""
All submissions of an assignment: a pool grades what is new into the results, then nbgrader's own converter records.

nbgrader's converter takes one submission after the other and writes one database; with the results there, it only looks them
up. A killed run can go on: each result is on disk before the next one counts as begun.
"""

from __future__ import annotations

import glob
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from grader.course.grade import Progress
from grader.course.workers.pools import processors
from grader.errors import Fault, GraderError
from grader.nbgrader.cells import IMPORT
from grader.nbgrader.converter import Account, counting_converter
from grader.nbgrader.course import CourseAssignment
from grader.nbgrader.needs import needs_nbgrader
from grader.nbgrader.pool import grade_new
from grader.nbgrader.reading_back import read_back
from grader.nbgrader.results import AssignmentResults

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.sandbox import Isolation

LOG = "nbgrader.log"  # in the assignment's folder
_RETRY = "Mend that and give the same command again: what is graded is kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSummary:
    """
    The outcome of a run.

    `lost` names each submission of which something could not be graded or recorded, with the reason. Scores of an earlier
    submission of the same student stay.
    """

    graded: int
    reused: int
    recorded: int
    lost: tuple[str, ...]
    grades: Path
    log: Path | None = None  # where nbgrader had more to say


def autograde(
    root: Path, assignment: str, *, jobs: int = 0, force: bool = False, tell: Callable[[Progress], None] = lambda _: None
) -> RecordingSummary:
    """
    Grade and record all submissions of an assignment; with `force`, nbgrader records again what it has already.

    Raises GraderError when the assignment was never built or released, or nothing can be graded here.
    """
    needs_nbgrader()
    course = CourseAssignment(root=root.resolve(), id=assignment)
    if course.plan is None:
        raise course.not_built()
    with chdir(course.root):
        run = _AutogradeRun(course=course, app=_app(course, force=force), tell=tell)
        if not run.submitted():
            place = run.app.coursedir.format_path(run.app.coursedir.submitted_directory, "*", course.id)
            raise GraderError(Fault(place, "Nothing was handed in.", f"Collect it: nbgrader collect {course.id}"))
        with _logged_to(course.folder / LOG, run.app.log):
            with course.held():
                run.grade(jobs or processors())
            run.record()
        return run.summary()


@contextmanager
def _logged_to(path: Path, log: logging.Logger) -> Iterator[None]:
    """Keep what nbgrader logs, tracebacks above all, in a file: the summary has one line for each lost submission."""
    path.unlink(missing_ok=True)
    file = logging.FileHandler(path, encoding="utf-8", delay=True)
    file.setLevel(logging.ERROR)
    others, log.handlers, propagates, log.propagate = log.handlers, [file], log.propagate, False
    try:
        yield
    finally:
        log.handlers, log.propagate = others, propagates
        file.close()


def _app(course: CourseAssignment, *, force: bool) -> Any:
    """Make nbgrader's autograde program with the course's configuration. Raises GraderError unless that names our steps."""
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
class _AutogradeRun:
    course: CourseAssignment
    app: Any
    tell: Callable[[Progress], None]
    graded: Progress = field(default_factory=lambda: Progress(total=0))
    account: Account = field(default_factory=Account)

    def submitted(self) -> list[tuple[str, Path]]:
        """Find every student who handed in, with the folder."""
        coursedir = self.app.coursedir
        folder = coursedir.submitted_directory
        pattern = coursedir.format_path(folder, "(?P<student_id>.*)", self.course.id, escape=True)
        paths = sorted(glob.glob(coursedir.format_path(folder, "*", self.course.id)))  # noqa: PTH207 - the pattern is nbgrader's
        return [(match["student_id"], Path(path)) for path in paths if (match := re.fullmatch(pattern, path))]

    def grade(self, jobs: int) -> None:
        """Grade what is new into the results."""
        from grader.nbgrader.preprocessors import SandboxedExecute

        step = SandboxedExecute(parent=self.app)
        isolation = cast("Isolation", step.isolation)
        results = AssignmentResults(self.course, cast("Feedback", step.feedback), cast("ShownCases", step.feedback_cases))
        try:
            self.graded = grade_new(results, self.app.coursedir, self.submitted(), jobs=jobs, isolation=isolation, tell=self.tell)
        finally:
            results.close()

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
                    self._note_left_over(gradebook.find_assignment(self.course.id).notebooks)
            except MissingEntry:
                what = f"nbgrader does not know the assignment {self.course.id} yet."
                raise GraderError(Fault(url, what, f"nbgrader generate_assignment {self.course.id}")) from None
            except SQLAlchemyError as error:
                what = f"The gradebook cannot be used: {str(error).splitlines()[0]}."
                raise GraderError(Fault(url, what, _RETRY)) from None

    def _convert(self) -> None:
        from nbgrader.converters import NbGraderException  # type: ignore[import-untyped]

        try:
            counting_converter(self.app, self.account, self.tell, len(self.submitted())).start()
        except NbGraderException as error:
            # It is raised at the end when a submission was lost; at once, while another exception is handled, when nbgrader
            # cannot go on at all.
            if not self.account.lost or error.__context__ is not None:
                raise GraderError(Fault(str(self.course.root), f"nbgrader stopped: {error}", _RETRY)) from None

        for student, _ in self.submitted():
            if student not in self.account.seen:
                self.account.lose(student, "there is no notebook in the submission")

    def _read_back(self, url: str) -> None:
        results = AssignmentResults(self.course)
        try:
            read_back(self.course, results, url)
            results.write_grades()
            for student, exercise, score, _ in results.results.scores():
                if score is None:
                    self.account.leave_to_a_person(student, f"{exercise} could not be graded")
        finally:
            results.close()

    def _note_left_over(self, notebooks: Iterable[Any]) -> None:
        """Note released notebooks of an earlier build: they have no results of ours."""
        for notebook in notebooks:
            is_built = any(IMPORT in (cell.source or "") for cell in notebook.source_cells)
            if is_built and self.course.plan and notebook.name not in self.course.plan.notebooks:
                for one in notebook.submissions:
                    if one.needs_manual_grade:
                        what = f"{notebook.name} is of an earlier build and was not graded"
                        self.account.leave_to_a_person(one.student.id, what)

    def summary(self) -> RecordingSummary:
        """Sum the run up."""
        return RecordingSummary(
            graded=self.graded.done - self.graded.reused,
            reused=self.graded.reused,
            recorded=len(self.account.recorded),
            lost=tuple(f"{student}: {why}." for student, why in sorted(self.account.lost.items())),
            grades=self.course.folder / "grades.csv",
            log=log if (log := self.course.folder / LOG).exists() else None,
        )
