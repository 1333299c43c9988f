"""
Our steps in nbgrader's autograde; a course's configuration names them (`grader.nbgrader.configure`).

Every start of nbgrader imports this; the modules that grade are imported when a notebook of ours comes.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades  # type: ignore[import-untyped]
from traitlets import Bool, Enum

from grader.errors import Fault, GraderError, SubmissionError
from grader.nbgrader.cells import exercise_of
from grader.nbgrader.run import NbgraderRun, OurNotebook, converter_of, run_of

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.nbgrader.results import AssignmentResults
    from grader.outcome import Report
    from grader.sandbox import Isolation

_v4: Any = nbformat.v4  # its functions have no types
_node: Any = NotebookNode
_UNGRADED = "grader_ungraded"  # a key of nbgrader's resources: ids of grade cells that could not be graded


class RepairCells(NbGraderPreprocessor):  # type: ignore[misc]
    """
    Restores the released metadata in the cells of our notebooks, whatever a student or an editor did to it.

    A cell with an id that was not released becomes an ordinary one. A grade cell that was deleted comes back at the end, so that
    right functions earn its points. nbgrader's own steps then restore the text of locked cells.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Restore the metadata of a notebook of ours; leave others alone."""
        run = run_of(converter_of(self))
        if run.our_notebook(resources) is None or (released := run.released(resources)) is None:
            return nb, resources
        there: set[str] = set()
        for cell in reversed(nb.cells):  # the last of several copies counts, as in nbgrader
            found = cell.metadata.pop("nbgrader", None)
            name = found.get("grade_id") if isinstance(found, dict) else None
            if isinstance(name, str) and name in released and name not in there:
                cell.metadata["nbgrader"] = _node(released[name].metadata)
                there.add(name)
        for name, cell in released.items():
            if name not in there and cell.is_graded_code:
                self.log.warning("The grade cell %s was deleted; it is put back.", name)
                nb.cells.append(_v4.new_code_cell(cell.source, metadata={"nbgrader": dict(cell.metadata)}))
        return nb, resources


class SandboxedExecute(Execute):  # type: ignore[misc]
    """
    Grades the grade cells of our notebooks in the sandbox; leaves other notebooks to nbgrader's kernel.

    Student code of our notebooks meets the kernel only if the instructor added code cells with points of their own. Our
    exceptions never leave this step: a cell that could not be graded is left to a person. Errors of nbgrader's own database and
    kernel do leave it, and nbgrader says what became of the submission.
    """

    # Not configurable: `--no-execute` would leave the outputs that the student handed in.
    enabled = Bool(True)

    isolation = Enum(["strict", "best", "none"], default_value="best", help="How student code is isolated.").tag(config=True)
    feedback = Enum(
        ["full", "hints", "score"], default_value="full", help="What students see: with numbers, causes only, points only."
    ).tag(config=True)
    feedback_cases = Enum(
        ["public", "secret"],
        default_value="public",
        help="Which cases students see: those that they have, or those that earn the points.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Fill in the outputs of a notebook."""
        ours = self._run.our_notebook(resources or {})
        released = self._run.released(resources) if ours else None
        if ours is None or released is None:
            return self._executed(nb, resources, km)
        reports = self._reports(ours, nb)
        own = {name for name, cell in released.items() if ours.needs_kernel(name, cell)}
        graded = {name for name, cell in released.items() if cell.is_graded_code} - own
        grade_cells = [cell for cell in nb.cells if cell.cell_type == "code" and _grade_id(cell) in graded]
        if own:
            nb, resources = self._executed(nb, resources, km, exclude=grade_cells)
        else:
            _show_load_errors(nb, reports)
        resources[_UNGRADED] = self._fill_in(grade_cells, ours, reports)
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Execute one cell unless the sandbox grades it."""
        if cell.metadata.get("nbgrader", {}).get("grade_id") in self._excluded:
            return cell, resources
        found: tuple[NotebookNode, Any] = super().preprocess_cell(cell, resources, index)
        return found

    _excluded: frozenset[str | None] = frozenset()

    def _executed(self, nb: NotebookNode, resources: Any, km: Any, exclude: Sequence[NotebookNode] = ()) -> tuple[Any, Any]:
        """Execute the notebook in the kernel, unless execution was turned off (`--no-execute`)."""
        if not self.config.get("Execute", {}).get("enabled", True):
            return nb, resources
        self._excluded = frozenset(map(_grade_id, exclude))
        found: tuple[Any, Any] = super().preprocess(nb, resources, km)
        return found

    @property
    def _run(self) -> NbgraderRun:
        return run_of(converter_of(self))

    @property
    def _levels(self) -> tuple[Feedback, ShownCases]:
        return cast("Feedback", self.feedback), cast("ShownCases", self.feedback_cases)

    @property
    def _isolation(self) -> Isolation:
        return cast("Isolation", self.isolation)

    def _reports(self, ours: OurNotebook, nb: NotebookNode) -> Mapping[str, Report]:
        """Grade a notebook; return the reports by exercise, without those that failed. Raises nothing."""
        reports: dict[str, Report] = {}
        if ours.fault:
            return reports
        with self._logged():
            from grader.nbgrader import submitted

            folder = self._folder(ours)
            submitted.refuse_links(folder)
            results = self._run.results(ours.course, *self._levels)
            code = submitted.student_code(nb.cells, submitted.checks_of(ours.course.cells(ours.notebook)))
            beside = submitted.modules_beside(converter_of(self).coursedir, ours.student, ours.course.id)
            results.keep_students({ours.student: submitted.submitted_at(folder)})
            for exercise in ours.exercises:
                with self._logged():
                    request = results.handed_in(ours.student, ours.notebook, exercise, code, beside)
                    reports[exercise.id] = self._run.grade(results, request, exercise, self._isolation)
            self._keep_missing(results, ours)
        return reports

    def _keep_missing(self, results: AssignmentResults, ours: OurNotebook) -> None:
        """Note the notebooks of the assignment that this student did not hand in; nbgrader gives them 0 itself."""
        for notebook in ours.course.plan.notebooks if ours.course.plan else ():
            if not (self._folder(ours) / f"{notebook}.ipynb").exists():
                for exercise in ours.course.exercises(notebook):
                    request = results.not_handed_in(ours.student, notebook, exercise)
                    self._run.grade(results, request, exercise, self._isolation)

    def _folder(self, ours: OurNotebook) -> Path:
        """Return the folder that the student handed in."""
        coursedir = converter_of(self).coursedir
        return Path(coursedir.format_path(coursedir.submitted_directory, ours.student, ours.course.id))

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Log an exception of ours instead of raising it, with its traceback unless it is a message in words."""
        try:
            yield
        except GraderError as error:
            self.log.error("%s", error)
        except Exception:
            self.log.error("%s", traceback.format_exc())

    def _fill_in(self, grade_cells: Sequence[NotebookNode], ours: OurNotebook, reports: Mapping[str, Report]) -> set[str]:
        """Write points and reasons into the grade cells; return the ids of those that could not be graded."""
        from grader.nbgrader.outputs import graded_output, not_graded_output

        exercises = {exercise.id: exercise for exercise in ours.exercises}
        shown: set[str] = set()
        ungraded: set[str] = set()
        for cell in grade_cells:
            name = _grade_id(cell) or ""
            id = exercise_of(name)
            points = float(cell.metadata["nbgrader"].get("points", 0.0))
            earned, reasons = None, None
            if id in reports:
                with self._logged():
                    earned, reasons = graded_output(
                        reports[id], exercises[id], name, points, *self._levels, is_first=id not in shown
                    )
                    shown.add(id)
            if earned is None:
                ungraded.add(name)
            number = _v4.new_output("execute_result", {"text/plain": repr(earned or 0.0)})
            cell.execution_count = None
            cell.outputs = [reasons or not_graded_output(), number]
        return ungraded


class SaveSandboxedGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves the points as nbgrader does; a cell that we could not grade gets none and is left to a person."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        if _grade_id(cell) in resources.get(_UNGRADED, ()):
            grade = self.gradebook.find_grade(_grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()


class SandboxedExporter(NotebookExporter):
    """
    The exporter that nbgrader's converter makes when a run begins; it ends our part of the run with the converter's.

    Otherwise results and sandbox would stay open until Python frees the converter: hours later in the formgrader's server.
    """

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)  # type: ignore[no-untyped-call]
        converter: Any = self.parent
        convert = converter.convert_notebooks

        def convert_and_end() -> None:
            try:
                convert()
            finally:
                run_of(converter).end()

        converter.convert_notebooks = convert_and_end

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **named: Any) -> Any:
        """
        Open a notebook. Raises SubmissionError, which nbgrader logs, for a notebook of ours that is too heavy.

        nbformat builds each of its values, several times over: 30 MB of `[],[],[]` become gigabytes in the process of the class.
        """
        if resources and run_of(self.parent).our_notebook(resources) is not None:
            _refuse_heavy(Path(filename))
        return super().from_filename(filename, resources=resources, **named)


def _refuse_heavy(path: Path) -> None:
    from grader.judging.notebooks import NotebookError, refuse_heavy
    from grader.judging.submission import read_regular_file

    try:
        refuse_heavy(read_regular_file(path))
    except NotebookError as error:
        raise SubmissionError(Fault(path.name, error.what, error.remedy)) from None


def _show_load_errors(nb: NotebookNode, reports: Mapping[str, Report]) -> None:
    """Put the exception of a student's cell below it, as a kernel would."""
    errors = {one.source: one for report in reports.values() for one in report.load_errors}
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    for one in errors.values():
        number = one.source.rpartition(", cell ")[2]
        if number.isdigit() and 0 < int(number) <= len(code):
            kind, _, value = one.detail.partition(": ")
            lines = [*one.traceback.splitlines(), one.detail]
            code[int(number) - 1].outputs.append(_v4.new_output("error", ename=kind, evalue=value, traceback=lines))


def _grade_id(cell: NotebookNode) -> str | None:
    found = cell.metadata.get("nbgrader", {}).get("grade_id")
    return found if isinstance(found, str) else None
