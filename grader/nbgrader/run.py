"""
A run of nbgrader's autograde: what is read and opened once for all submissions, from its first notebook to its last.

Every start of nbgrader imports this; the modules that grade are imported when a notebook of ours comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, finalize

from grader.errors import Fault, GraderError
from grader.nbgrader.cells import REBUILD, exercise_of
from grader.nbgrader.course import CourseAssignment, Courses
from grader.nbgrader.released import ReleasedCell, read_released

if TYPE_CHECKING:
    from grader.course.workers.grading import SandboxWorker
    from grader.course.workers.request import GradingRequest
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.nbgrader.results import AssignmentResults
    from grader.outcome import Report
    from grader.sandbox import Isolation


@dataclass(frozen=True, slots=True, kw_only=True)
class OurNotebook:
    """A student's copy of a notebook that `grader nbgrader build` made: its exercises, or why they cannot be found now."""

    course: CourseAssignment
    notebook: str
    student: str
    exercises: tuple[Exercise, ...] = ()
    fault: str = ""

    def needs_kernel(self, name: str, cell: ReleasedCell) -> bool:
        """
        Whether a released cell is code of the instructor's own.

        A solution cell with an id of ours may belong to a task that has another name by now.
        """
        if cell.cell_type != "code" or cell.is_check or self.fault:
            return False
        if any(name == one.id for one in self.course.cells(self.notebook)):
            return False
        return bool(cell.metadata["grade"]) or all(exercise_of(name) != exercise.id for exercise in self.exercises)


class NbgraderRun:
    """The files, the results and the sandbox of one run of nbgrader's converter."""

    def __init__(self, coursedir: Any, log: Any) -> None:
        self._coursedir = coursedir
        self._log = log
        self._courses = Courses()
        self._released: dict[tuple[str, str], dict[str, ReleasedCell] | None] = {}
        self._told: set[str] = set()
        self._results: AssignmentResults | None = None
        self._worker: tuple[Isolation, SandboxWorker] | None = None

    def released(self, resources: Mapping[str, Any]) -> dict[str, ReleasedCell] | None:
        """Return the released cells of the notebook at hand; None where the database has none: nbgrader says so itself."""
        names = resources["nbgrader"]
        key = names["assignment"], names["notebook"]
        if key not in self._released:
            self._released[key] = read_released(names)
        return self._released[key]

    def our_notebook(self, resources: Mapping[str, Any]) -> OurNotebook | None:
        """Return the notebook at hand if it is ours, by the plan and by what was released: students can edit the notebook."""
        names = resources.get("nbgrader", {})
        if "assignment" not in names or "notebook" not in names:
            return None
        root, id, notebook = Path(self._coursedir.root), names["assignment"], names["notebook"]
        student = names.get("student", "")
        try:
            course = self._courses.at(root, id)
            if course.plan is not None and notebook in course.plan.notebooks:
                return OurNotebook(course=course, notebook=notebook, student=student, exercises=course.exercises(notebook))
        except Exception as error:  # it may be ours: none of it may run in the kernel
            self.tell(error)
            course = CourseAssignment(root=root, id=id)
            return OurNotebook(course=course, notebook=notebook, student=student, fault=str(error))
        if not any(cell.is_check for cell in (self.released(resources) or {}).values()):
            return None
        what = f"The notebook {notebook} was built with grader, but it is not in the assignment's plan."
        remedy = f"Was it taken out of the assignment? Then remove it from the source and release folders, too. Else: {REBUILD}"
        fault = GraderError(Fault(str(course.folder), what, remedy))
        self.tell(fault)
        return OurNotebook(course=course, notebook=notebook, student=student, fault=str(fault))

    def results(self, course: CourseAssignment, feedback: Feedback, cases: ShownCases) -> AssignmentResults:
        """Open the results of an assignment, as its files are now. Raises GraderError when they cannot be opened."""
        from grader.nbgrader.results import AssignmentResults

        if self._results is None or self._results.course is not course:
            self._close_results()
            self._results = AssignmentResults(course, feedback, cases)
        return self._results

    def grade(self, results: AssignmentResults, request: GradingRequest, exercise: Exercise, isolation: Isolation) -> Report:
        """Report on a submission, from the results or from the sandbox. Raises GraderError when nothing can be graded here."""
        from grader.course.workers.grading import grade_request

        if (known := results.earlier_report(request)) is not None:
            results.keep_feedback_level(request, is_shown_anew=True)
            return known
        report = grade_request(request, results.judge(exercise, request.student), self._worker_in(isolation))
        results.keep(request, report)
        return report

    def _worker_in(self, isolation: Isolation) -> SandboxWorker:
        from grader.course.workers.grading import SandboxWorker

        if self._worker is None or self._worker[0] != isolation:
            self._close_worker()
            self._worker = isolation, SandboxWorker(isolation, ahead=True)
        return self._worker[1]

    def tell(self, fault: Exception) -> None:
        """Log a fault that concerns every submission, once."""
        if str(fault) not in self._told:
            self._told.add(str(fault))
            self._log.error("%s", fault)

    def end(self) -> None:
        """Write the table of grades, close the results and the sandbox. Raises nothing: reports are kept already."""
        for close in (self._close_results, self._close_worker):
            try:
                close()
            except Exception as error:
                self._log.error("%s", error)

    def _close_results(self) -> None:
        results, self._results = self._results, None
        if results is not None:
            results.close()

    def _close_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker[1].close()


# Beside the converter rather than in it: nbgrader makes a converter for each run, and none of our objects lives as long.
_runs: WeakKeyDictionary[Any, NbgraderRun] = WeakKeyDictionary()


def run_of(converter: Any) -> NbgraderRun:
    """Return the run of a converter; the formgrader's button makes a converter of its own."""
    if converter not in _runs:
        _runs[converter] = NbgraderRun(converter.coursedir, converter.log)
        finalize(converter, _runs[converter].end)  # for another exporter than ours; at the latest when Python ends
    return _runs[converter]


def converter_of(step: Any) -> Any:
    """Return the converter of a preprocessor: nbgrader makes the exporter its parent, and the converter the exporter's."""
    return step.parent.parent
