"""
Write the source notebooks of an assignment for nbgrader: one for each exercise, or one for all.

Building again keeps every id, every cell that the instructor wrote, and the text between BEGIN and END SOLUTION where no model
answer is given.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import handout
from grader.errors import ExerciseError, Fault, GraderError
from grader.exercise import catalogue, starter
from grader.files import write_whole
from grader.nbgrader.cells import GeneratedCell, body_in, cells
from grader.nbgrader.course import BuildPlan, CourseAssignment
from grader.nbgrader.model_answers import bodies
from grader.nbgrader.needs import needs_nbgrader
from grader.reference import prepare
from grader.sandbox.limits import Limits

if TYPE_CHECKING:
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise

SOURCE = "source"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The notebooks that a build wrote, and notes for the instructor."""

    notebooks: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def build(
    assignment: Assignment, root: Path, *, solutions: Sequence[Path] = (), one_notebook: bool = False, student_seeds: bool = False
) -> Built:
    """
    Write `source/ASSIGNMENT/*.ipynb` in a course, and the plan of the assignment.

    `solutions` are folders of model answers. Raises GraderError when a file cannot be written, nbgrader does not take the
    assignment's name, or an existing notebook cannot be read.
    """
    needs_nbgrader()
    _check_names(assignment)
    groups = {assignment.id: assignment.exercises} if one_notebook else {one.id: (one,) for one in assignment.exercises}
    folder = root / SOURCE / assignment.id
    written: dict[Path, bytes] = {}
    notes: list[str] = []
    for name, exercises in groups.items():
        path = folder / f"{name}.ipynb"
        old = _read(path)
        shares = len(exercises) > 1
        generated = [cell for one in exercises for cell in _generated(one, solutions, old, notes, has_section_lines=shares)]
        written[path] = _checked(path, _merged(generated, old)).encode()
    for exercise in assignment.exercises:
        if not _is_shipped(exercise):
            written |= {folder / name: data for name, data in handout.exercise_files(exercise).items()}
    plan = BuildPlan.of(
        assignment,
        root,
        {name: tuple(exercise.id for exercise in exercises) for name, exercises in groups.items()},
        student_seeds=student_seeds,
    )
    try:
        for path, data in written.items():
            write_whole(path, data)
            path.chmod(0o644)
        for path in folder.glob(f"{prepare.BESIDE}/*.record"):
            if path not in written:  # it belongs to an earlier state of the exercise
                path.unlink()
    except OSError as error:
        raise GraderError(Fault(str(folder), f"It cannot be written: {error.strerror}.", "Name another course folder.")) from None
    notes += _left_over(folder, written)
    if assignment.late is not None or assignment.overrides:
        notes.append("late: and overrides: have no effect in nbgrader, which has late penalties and manual scores of its own.")
    CourseAssignment(root=root, id=assignment.id).save(plan, assignment)
    return Built(notebooks=tuple(path for path in written if path.suffix == ".ipynb"), notes=tuple(notes))


def _check_names(assignment: Assignment) -> None:
    """Refuse a name that cannot be a folder of nbgrader's exchange, which divides names at `+`."""
    if "+" in assignment.id or assignment.id.strip() != assignment.id:
        what = f"nbgrader takes no assignment called `{assignment.id}`."
        raise GraderError(Fault(assignment.path, what, "Name the file with letters, digits, `_` and `-`: problem_set_1.yaml."))


def _left_over(folder: Path, written: Container[Path]) -> Iterator[str]:
    """Name what an earlier build made and this one did not: nbgrader goes on releasing it."""
    for path in sorted(folder.glob("*.ipynb")):
        if path not in written and _is_generated(path):
            yield f"{path} is left over from an earlier build: remove it. Answers in it are left to a person."
    for path in sorted(folder.glob("*.yaml")):
        if path not in written and {"tasks:", "forward:"} <= set(path.read_text("utf-8", errors="replace").splitlines()):
            yield f"{path} is left over from an earlier build: remove it. No notebook of this assignment needs it."


def _is_generated(path: Path) -> bool:
    try:
        return any(cell["metadata"].get("grader") == "generated" for cell in json.loads(path.read_bytes())["cells"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False  # nbgrader says what is wrong with it


# The cells of a notebook


def _generated(
    exercise: Exercise, solutions: Sequence[Path], old: dict[str, Any] | None, notes: list[str], *, has_section_lines: bool
) -> list[GeneratedCell]:
    """Generate the cells of an exercise with the model answers of a file, else with those that the notebook has already."""
    answers = _model_answers(exercise, solutions)
    kept = {_id(cell): body_in(_source(cell)) for cell in (old or {"cells": []})["cells"]}
    for cell in cells(exercise, answers, has_section_lines=has_section_lines):
        if cell.role == "solution" and not body_in(cell.source) and kept.get(cell.id):
            answers[cell.function] = kept[cell.id]
    generated = list(cells(exercise, answers, has_section_lines=has_section_lines))
    if lacking := [cell.function for cell in generated if cell.role == "solution" and not body_in(cell.source)]:
        notes.append(f"{exercise.id}: no model answer for {', '.join(lacking)}; write it between BEGIN and END SOLUTION.")
    return generated


def _model_answers(exercise: Exercise, folders: Sequence[Path]) -> dict[str, str]:
    from grader.audit import find_solutions, solution_folders

    places = (*folders, *solution_folders(exercise))
    files = [path for path in find_solutions(exercise, places) if (path.parent.name == "torch") == (exercise.arrays == "torch")]
    if not files:
        return {}
    try:
        return bodies(files[0].read_text(encoding="utf-8"), _parameters(exercise))
    except (SyntaxError, ValueError, OSError) as error:
        raise GraderError(Fault(str(files[0]), f"The model answer cannot be read: {error}.", "Mend it.")) from None


def _parameters(exercise: Exercise) -> dict[str, tuple[str, ...]]:
    given = {one.function: starter.parameters(one.arguments) for task in exercise.tasks for one in task.call.given}
    return {**given, **{task.function: starter.parameters(task.call.arguments) for task in exercise.tasks}}


# Notebooks


def _merged(generated: Sequence[GeneratedCell], old: dict[str, Any] | None) -> dict[str, Any]:
    """Make a notebook of the generated cells; each cell of the instructor's follows the same generated cell as before."""
    fresh = [_cell(cell) for cell in generated]
    if old is None:
        return {"cells": fresh, "metadata": {"kernelspec": _KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    ours = {cell.id for cell in generated} | {_id(cell) for cell in old["cells"] if cell["metadata"].get("grader") == "generated"}
    after: dict[str | None, list[dict[str, Any]]] = {}
    anchor: str | None = None
    for cell in old["cells"]:
        if _id(cell) not in ours:
            after.setdefault(anchor, []).append(cell)
        elif any(_id(cell) == one.id for one in generated):
            anchor = _id(cell)
    merged = list(after.get(None, ()))
    for cell in fresh:
        merged += [cell, *after.get(_id(cell), ())]
    metadata = {**old["metadata"], "kernelspec": old["metadata"].get("kernelspec", _KERNEL)}
    return {"cells": merged, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(cell: GeneratedCell) -> dict[str, Any]:
    ours = {
        "grade": cell.role == "grade",
        "grade_id": cell.id,
        "locked": cell.role != "solution",
        "schema_version": 3,
        "solution": cell.role == "solution",
        "task": False,
        **({"points": cell.points} if cell.role == "grade" else {}),
    }
    data: dict[str, Any] = {
        "cell_type": "markdown" if cell.role == "statement" else "code",
        "id": cell.notebook_id,
        "metadata": {"grader": "generated", "nbgrader": ours},
        "source": cell.source,
    }
    return data if cell.role == "statement" else {**data, "execution_count": None, "outputs": []}


def _id(cell: Mapping[str, Any]) -> str | None:
    found = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return found if isinstance(found, str) else None


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _read(path: Path) -> dict[str, Any] | None:
    """Read the notebook that is there already; None where there is none. Raises GraderError when it cannot be read."""
    if not path.exists():
        return None
    try:
        notebook = _nbformat().read(path, as_version=4)
    except Exception as error:  # nbformat raises what its parsers raise
        what = f"The notebook that is there cannot be read: {str(error).splitlines()[0]}"
        raise GraderError(Fault(str(path), what, "Mend it, or move it away.")) from None
    found: dict[str, Any] = json.loads(json.dumps(notebook))
    return found


def _checked(path: Path, notebook: dict[str, Any]) -> str:
    """Write the notebook as text. Raises GraderError when Jupyter's or nbgrader's own validator refuses it."""
    from nbgrader.nbgraderformat import MetadataValidator  # type: ignore[import-untyped]

    nbformat = _nbformat()
    node = nbformat.from_dict(notebook)
    try:
        nbformat.validate(node)
        MetadataValidator().validate_nb(node)
    except Exception as error:  # two families of ValidationError, one of them a plain Exception
        what = f"nbgrader would refuse this notebook: {str(error).splitlines()[0]}"
        raise GraderError(Fault(str(path), what, "Mend your own cells in it, or move it away and build again.")) from None
    text: str = nbformat.writes(node)
    return text + "\n"


def _nbformat() -> Any:  # its functions have no types, and importing it takes seconds
    import nbformat

    return nbformat


# The copy of an exercise for students


def _is_shipped(exercise: Exercise) -> bool:
    """Whether the shipped catalogue judges as this exercise does; points are the grade cell's, limits the sandbox's."""
    from grader.exercise.loading import load_exercise

    file = catalogue.shipped() / f"{exercise.id}.yaml"
    try:
        return file.is_file() and _judged(load_exercise(file)) == _judged(exercise)
    except ExerciseError:
        return False


def _judged(exercise: Exercise) -> str:
    tasks = tuple(replace(task, targets=tuple(replace(target, points=1.0) for target in task.targets)) for task in exercise.tasks)
    return replace(exercise, tasks=tasks, limits=Limits()).sha256
