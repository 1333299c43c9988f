"""
nbgrader's steps with ours in them: what the course's configuration names (`grader.nbgrader.configure`).

Every start of nbgrader imports this; what grades is imported when a notebook of ours comes.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, finalize

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades  # type: ignore[import-untyped]
from traitlets import Bool, Enum

from grader.errors import Fault, GraderError, SubmissionError
from grader.nbgrader.cells import IMPORT, REBUILD, exercise_of
from grader.nbgrader.course import Course, course_at

if TYPE_CHECKING:
    from grader.exercise.model import Exercise
    from grader.nbgrader.reports import Marker
    from grader.outcome import Report
    from grader.sandbox import Isolation

_v4: Any = nbformat.v4  # its functions have no types
_node: Any = NotebookNode
_UNGRADED = "grader_ungraded"  # among the resources: grade ids that could not be graded, for a reason of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """A notebook that `grader nbgrader build` made: what it asks for, or why that cannot be said now."""

    course: Course
    notebook: str
    student: str
    exercises: tuple[Exercise, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell of the released notebook, as nbgrader's database has it."""

    metadata: Mapping[str, Any]
    source: str
    cell_type: str


class RepairCells(NbGraderPreprocessor):  # type: ignore[misc]
    """
    Gives cells of our notebooks the metadata that was released, whatever a student or an editor made of it.

    A cell with an id that was not released becomes an ordinary one; a grade cell that is gone comes back at the end: whose
    functions are right earns the points. nbgrader's own steps then restore what is locked.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """The notebook with its released metadata."""
        if _ours(self, resources) is None or (released := _released(self, resources)) is None:
            return nb, resources
        there: set[str] = set()
        for cell in reversed(nb.cells):  # of copies the last counts, as in nbgrader
            found = cell.metadata.pop("nbgrader", None)
            name = found.get("grade_id") if isinstance(found, dict) else None
            if isinstance(name, str) and name in released and name not in there:
                cell.metadata["nbgrader"] = _node(released[name].metadata)
                there.add(name)
        for name, cell in released.items():
            if name not in there and cell.metadata["grade"] and cell.cell_type == "code":
                self.log.warning("The grade cell %s was deleted; it is put back.", name)
                nb.cells.append(_v4.new_code_cell(cell.source, metadata={"nbgrader": dict(cell.metadata)}))
        return nb, resources


class SandboxedExecute(Execute):  # type: ignore[misc]
    """
    Grades the grade cells of our notebooks in the sandbox; other notebooks are executed as ever.

    Student code of our notebooks meets the kernel only where the instructor put code cells with marks of their own into
    them. No exception of ours leaves it: what could not be graded is left to a person. What nbgrader's own database and
    kernel raise does, and nbgrader says what became of it.
    """

    # Not configurable: `--no-execute` would leave the outputs that the student handed in.
    enabled = Bool(True)

    isolation = Enum(["strict", "best", "none"], default_value="best", help="What student code is kept in.").tag(config=True)
    feedback = Enum(
        ["full", "hints", "score"], default_value="full", help="What students see: with numbers, causes only, points only."
    ).tag(config=True)
    feedback_cases = Enum(
        ["public", "secret"],
        default_value="public",
        help="Of which cases: those that students have, or those that earn the points.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """The notebook with its outputs."""
        ours = _ours(self, resources or {})
        released = _released(self, resources) if ours else None
        if ours is None or released is None:
            return self._executed(nb, resources, km)
        marks = self._marks(ours, nb)
        foreign = {name for name, cell in released.items() if _is_foreign(name, cell, ours)}
        graded = {name for name, cell in released.items() if cell.metadata["grade"] and cell.cell_type == "code"}
        held = [cell for cell in nb.cells if cell.cell_type == "code" and _grade_id(cell) in graded - foreign]
        if foreign:
            nb, resources = self._executed(nb, resources, km, without=held)
        else:
            _show_load_errors(nb, marks)
        self._give(held, ours, marks, resources)
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """One cell, executed unless it is ours."""
        if cell.metadata.get("nbgrader", {}).get("grade_id") in self._without:
            return cell, resources
        found: tuple[NotebookNode, Any] = super().preprocess_cell(cell, resources, index)
        return found

    _without: frozenset[str | None] = frozenset()

    def _executed(self, nb: NotebookNode, resources: Any, km: Any, without: Sequence[NotebookNode] = ()) -> tuple[Any, Any]:
        """The notebook from the kernel, unless execution was turned off (`--no-execute`)."""
        if not self.config.get("Execute", {}).get("enabled", True):
            return nb, resources
        self._without = frozenset(map(_grade_id, without))
        found: tuple[Any, Any] = super().preprocess(nb, resources, km)
        return found

    def _marks(self, ours: _Ours, nb: NotebookNode) -> Mapping[str, Report]:
        """The reports on a notebook by exercise, without those that failed. Raises nothing."""
        marks: dict[str, Report] = {}
        if ours.fault:
            return marks
        with self._logged():
            from grader.nbgrader import reports

            reports.refuse_links(self._folder(ours))
            marker = _run_of(_converter(self)).marker(ours.course, self.feedback, self.feedback_cases)
            code = reports.student_code(nb.cells, reports.checks_of(ours.course.cells(ours.notebook)))
            beside = reports.modules_beside(_converter(self).coursedir, ours.student, ours.course.id)
            marker.keep_students({ours.student: reports.submitted_at(self._folder(ours))})
            for exercise in ours.exercises:
                with self._logged():
                    work = marker.work(ours.student, ours.notebook, exercise, code, beside)
                    marks[exercise.id] = reports.mark(marker, work, exercise, self._isolation)
            self._keep_missing(marker, ours)
        return marks

    def _keep_missing(self, marker: Marker, ours: _Ours) -> None:
        """Note the notebooks of the assignment that this student did not hand in; nbgrader gives them 0 itself."""
        from grader.nbgrader import reports

        for notebook in ours.course.plan.notebooks if ours.course.plan else ():
            if not (self._folder(ours) / f"{notebook}.ipynb").exists():
                for exercise in ours.course.exercises(notebook):
                    reports.mark(marker, marker.missing(ours.student, notebook, exercise), exercise, self._isolation)

    def _folder(self, ours: _Ours) -> Path:
        """What the student handed in."""
        coursedir = _converter(self).coursedir
        return Path(coursedir.format_path(coursedir.submitted_directory, ours.student, ours.course.id))

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Keeps a fault of ours inside: it goes into the log, with its traceback where it is no message in words."""
        try:
            yield
        except GraderError as error:
            self.log.error("%s", error)
        except Exception:
            self.log.error("%s", traceback.format_exc())

    @property
    def _isolation(self) -> Isolation:
        return cast("Isolation", self.isolation)

    def _give(self, held: Sequence[NotebookNode], ours: _Ours, marks: Mapping[str, Report], resources: dict[str, Any]) -> None:
        """Write points and reasons into the grade cells."""
        exercises = {exercise.id: exercise for exercise in ours.exercises}
        told: set[str] = set()
        ungraded: set[str | None] = set()
        for cell in held:
            name = _grade_id(cell) or ""
            id = exercise_of(name)
            points = float(cell.metadata["nbgrader"].get("points", 0.0))
            earned, shown = None, None
            if id in marks:
                with self._logged():
                    earned, shown = _outcome(
                        marks[id], exercises[id], name, points, self.feedback, self.feedback_cases, is_first=id not in told
                    )
                    told.add(id)
            if earned is None:
                ungraded.add(name)
            cell.execution_count = None
            cell.outputs = [shown or _not_graded(), _v4.new_output("execute_result", {"text/plain": repr(earned or 0.0)})]
        resources[_UNGRADED] = ungraded


class SaveSandboxedGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves the points as ever, and leaves what we could not grade to a person, without points in between."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        if _grade_id(cell) in resources.get(_UNGRADED, ()):
            grade = self.gradebook.find_grade(_grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()


def _outcome(
    report: Report, exercise: Exercise, name: str, points: float, feedback: Any, cases: Any, *, is_first: bool
) -> tuple[float | None, NotebookNode]:
    """The points of one grade cell, None where it is ungraded, and the reasons. What was printed is shown once a notebook."""
    from grader.nbgrader.checking import only, share_of_points
    from grader.render import html, terminal
    from grader.render.words import total_line

    part = only(report, exercise, name)
    if not is_first:
        part = replace(part, output="", public_output=None if part.public_output is None else "", flags=(), load_errors=())
    text = terminal.render(part, exercise, cases=cases) if feedback == "full" else total_line(part)
    page = html.fragment(part, exercise, feedback=feedback, cases=cases)
    shown = _v4.new_output("display_data", {"text/html": page, "text/plain": text})
    return None if part.score is None else share_of_points(part.score / part.points, points), shown


def _not_graded() -> Any:
    text = "We could not grade this (our fault, no points lost). A person will; the log of `nbgrader autograde` says why."
    return _v4.new_output("display_data", {"text/html": f"<p><strong>{text}</strong></p>", "text/plain": text})


def _show_load_errors(nb: NotebookNode, marks: Mapping[str, Report]) -> None:
    """Put what a student's cell raised below it, as a kernel would."""
    errors = {one.source: one for report in marks.values() for one in report.load_errors}
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    for one in errors.values():
        number = one.source.rpartition(", cell ")[2]
        if number.isdigit() and 0 < int(number) <= len(code):
            kind, _, value = one.detail.partition(": ")
            lines = [*one.traceback.splitlines(), one.detail]
            code[int(number) - 1].outputs.append(_v4.new_output("error", ename=kind, evalue=value, traceback=lines))


# Which notebooks are ours


def _ours(step: Any, resources: Mapping[str, Any]) -> _Ours | None:
    """The notebook in hand if it is ours; never what the notebook says of itself."""
    names = resources.get("nbgrader", {})
    if "assignment" not in names or "notebook" not in names:
        return None
    course = Course(root=Path(_converter(step).coursedir.root), id=names["assignment"])
    facts: dict[str, Any] = {"course": course, "notebook": names["notebook"], "student": names.get("student", "")}
    try:
        facts["course"] = course = course_at(course.root, course.id)
        if course.plan is not None and names["notebook"] in course.plan.notebooks:
            return _Ours(**facts, exercises=course.exercises(names["notebook"]))
    except Exception as error:  # then it may be ours, and nothing of it must run in the kernel
        _run_of(_converter(step)).tell(error)
        return _Ours(**facts, fault=str(error))
    if not any(IMPORT in cell.source for cell in (_released(step, resources) or {}).values()):
        return None
    what = f"The notebook {names['notebook']} was built with grader, and the assignment's plan does not have it."
    remedy = f"Was it taken out of the assignment? Then remove it from the source and release folders, too. Else: {REBUILD}"
    fault = GraderError(Fault(str(course.folder), what, remedy))
    _run_of(_converter(step)).tell(fault)
    return _Ours(**facts, fault=str(fault))


# A run of nbgrader


class SandboxedExporter(NotebookExporter):
    """
    The exporter that nbgrader's converter makes when a run begins: here it has the run say when it ends.

    What is kept open for a run would else be let go when Python comes to it: in the formgrader's server, hours later.
    """

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)  # type: ignore[no-untyped-call]
        converter: Any = self.parent
        convert = converter.convert_notebooks

        def convert_and_end() -> None:
            try:
                convert()
            finally:
                _run_of(converter).end()

        converter.convert_notebooks = convert_and_end

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **named: Any) -> Any:
        """
        The notebook as it is written. Raises SubmissionError, which nbgrader logs, for one of ours that is too much to open.

        nbformat builds every value in it, several times over: 30 MB of `[],[],[]` are gigabytes, in the process of the class.
        """
        if resources and _ours(SimpleNamespace(parent=self), resources) is not None:
            _refuse_heavy(Path(filename))
        return super().from_filename(filename, resources=resources, **named)


def _refuse_heavy(path: Path) -> None:
    from grader.judging.notebooks import NotebookError, refuse_heavy
    from grader.judging.submission import read_regular_file

    try:
        refuse_heavy(read_regular_file(path))
    except NotebookError as error:
        raise SubmissionError(Fault(path.name, error.what, error.remedy)) from None


class _Run:
    """What is read and opened once for all submissions of a run."""

    def __init__(self, log: Any) -> None:
        self.released: dict[tuple[str, str], dict[str, _Cell] | None] = {}
        self._log = log
        self._told: set[str] = set()
        self._marker: Marker | None = None

    def marker(self, course: Course, feedback: Any, cases: Any) -> Marker:
        """The results of an assignment, as its files are now. Raises GraderError when they cannot be opened."""
        from grader.nbgrader.reports import Marker

        if self._marker is None or self._marker.course is not course:
            self.end()
            self._marker = Marker(course, feedback, cases)
        return self._marker

    def tell(self, fault: Exception) -> None:
        """Logs what holds for every submission, once."""
        if str(fault) not in self._told:
            self._told.add(str(fault))
            self._log.error("%s", fault)

    def end(self) -> None:
        """Writes the table of grades, and closes the results. Raises nothing: what is graded is kept."""
        marker, self._marker = self._marker, None
        try:
            if marker is not None:
                marker.close()
        except Exception as error:
            self._log.error("%s", error)


_runs: WeakKeyDictionary[Any, _Run] = WeakKeyDictionary()


def _run_of(converter: Any) -> _Run:
    """The run of a converter; the formgrader's button makes one of its own."""
    if converter not in _runs:
        _runs[converter] = _Run(converter.log)
        finalize(converter, _runs[converter].end)  # under another exporter than ours; at the latest when Python ends
    return _runs[converter]


def _converter(step: Any) -> Any:
    """Nbgrader's converter: its exporter is the parent of its steps."""
    return step.parent.parent


def _released(step: Any, resources: Mapping[str, Any]) -> dict[str, _Cell] | None:
    """The cells that nbgrader's database has of a notebook; None where it has none: nbgrader says so itself."""
    names = resources["nbgrader"]
    known = _run_of(_converter(step)).released
    key = names["assignment"], names["notebook"]
    if key not in known:
        known[key] = _read_released(names)
    return known[key]


def _read_released(names: Mapping[str, Any]) -> dict[str, _Cell] | None:
    with Gradebook(names["db_url"]) as gradebook:
        try:
            notebook = gradebook.find_notebook(names["notebook"], names["assignment"])
        except MissingEntry:
            return None
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        found = {}
        for cell in notebook.source_cells:
            metadata = {
                "grade": cell.name in points,
                "grade_id": cell.name,
                "locked": cell.locked,
                "schema_version": 3,
                "solution": cell.name in solutions,
                "task": cell.name in tasks,
                "checksum": cell.checksum,
                "cell_type": cell.cell_type,
            }
            if cell.name in points or cell.name in tasks:
                metadata["points"] = {**points, **tasks}[cell.name]
            found[cell.name] = _Cell(metadata=metadata, source=cell.source or "", cell_type=cell.cell_type)
        return found


def _is_foreign(name: str, cell: _Cell, ours: _Ours) -> bool:
    """
    Whether a released cell is code of the instructor's own, which needs the kernel.

    A solution cell that is named as ours are may be of a task that has another name by now.
    """
    if cell.cell_type != "code" or IMPORT in cell.source or ours.fault:
        return False
    if any(name == one.id for one in ours.course.cells(ours.notebook)):
        return False
    return bool(cell.metadata["grade"]) or all(exercise_of(name) != exercise.id for exercise in ours.exercises)


def _grade_id(cell: NotebookNode) -> str | None:
    found = cell.metadata.get("nbgrader", {}).get("grade_id")
    return found if isinstance(found, str) else None
