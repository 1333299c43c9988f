"""A course of nbgrader with one exercise, and students who hand in notebooks."""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders import tanh_layer

from grader.exercise.assignment import Assignment
from grader.exercise.loading import dump, load_exercise
from grader.nbgrader.building import build

W, B = "tanh_layer-dY_dW-dY_dW", "tanh_layer-dY_dB-dY_dB"  # the grade cells
RIGHT_W = 'Y = np.tanh(W @ X + B)\nreturn np.einsum("ki,j->kij", np.diag(1 - Y**2), X)'
RIGHT_B = "Y = np.tanh(W @ X + B)\nreturn np.diag(1 - Y**2)"
HALF_W = 'return np.einsum("ki,j->kij", np.eye(len(B)), X)'  # a declared mistake, which earns half
WRONG = "return W"
CONFIGURATION = """\
from grader.nbgrader import configure

c = get_config()
c.CourseDirectory.course_id = "course"
configure(c)
"""

Notebook = dict[str, Any]


def run_nbgrader(*arguments: str, status: int = 0, stdout: bool = False) -> str:
    """Run one command of nbgrader in this process; return its log, or what it prints."""
    environment = os.environ
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nbgrader.tests import run_nbgrader  # type: ignore[import-untyped]

        try:
            return str(run_nbgrader(list(arguments), retcode=status, stdout=stdout))
        finally:
            # It leaves a plain dict in its place, whose changes no process that is started later would see.
            os.environ = environment  # noqa: B003  # the very object again, not another


@dataclass(frozen=True)
class Course:
    """A course folder in which `tanh_layer` was released."""

    root: Path
    database: str = ""  # an address; by default the file in the course folder

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run one command of nbgrader in this process; return its log. nbgrader looks for `alembic` on the path."""
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return run_nbgrader(*arguments, status=status)

    def autograde(self, *arguments: str, status: int = 0) -> str:
        """Run plain `nbgrader autograde`."""
        return self.run("autograde", "tanh_layer", *arguments, status=status)

    def api(self) -> Any:
        """Make the object that the formgrader's buttons call; it lives as long as the server."""
        from nbgrader.apps import NbGraderAPI  # type: ignore[import-untyped]
        from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
        from traitlets.config import Config

        config = Config()
        exec((self.root / "nbgrader_config.py").read_text(), {"get_config": lambda: config})
        config.CourseDirectory.root = str(self.root)
        return NbGraderAPI(CourseDirectory(config=config), config=config)

    def released(self) -> Notebook:
        """Read the notebook that students get."""
        return _read(self.root / "release/tanh_layer/tanh_layer.ipynb")

    def hand_in(
        self,
        student: str,
        dY_dW: str = RIGHT_W,
        dY_dB: str = RIGHT_B,
        *,
        first: tuple[str, ...] = (),
        edit: Callable[[Notebook], object] = lambda notebook: None,
    ) -> Path:
        """Hand in bodies of the two functions, with cells put before them, after an edit of the notebook."""
        notebook = self.released()
        for name, body in (("dY_dW", dY_dW), ("dY_dB", dY_dB)):
            cell = cell_of(notebook, f"tanh_layer-{name}")
            indented = body.replace("\n", "\n    ")
            cell["source"] = source(cell).replace("# YOUR CODE HERE\n    raise NotImplementedError()", indented)
        notebook["cells"][2:2] = [code(text) for text in first]
        edit(notebook)
        return self.hand_in_file(student, json.dumps(notebook))

    def hand_in_file(self, student: str, text: str) -> Path:
        """Hand in a file with this text."""
        folder = self.root / "submitted" / student / "tanh_layer"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
        path = folder / "tanh_layer.ipynb"
        path.write_text(text, encoding="utf-8")
        return path

    def gradebook(self) -> Any:
        """Open the gradebook, for a `with` block."""
        from nbgrader.api import Gradebook  # type: ignore[import-untyped]

        return Gradebook(self.database or f"sqlite:///{self.root}/gradebook.db")

    def marks(self, student: str) -> dict[str, float | None]:
        """Read a student's points by grade cell from nbgrader's gradebook; None where a person has to look."""
        with self.gradebook() as gradebook:
            found = gradebook.find_submission_notebook("tanh_layer", "tanh_layer", student)
            return {grade.name: None if grade.needs_manual_grade else grade.auto_score for grade in found.grades}

    def outputs(self, student: str, cell: str) -> list[dict[str, Any]]:
        """Read the outputs of a cell of the autograded notebook."""
        path = self.root / "autograded" / student / "tanh_layer/tanh_layer.ipynb"
        outputs: list[dict[str, Any]] = cell_of(_read(path), cell)["outputs"]
        return outputs

    def report(self, student: str) -> Mapping[str, Any]:
        """Read the student's report in the OUT folder."""
        return _read(self.root / "grading/tanh_layer/reports" / student / "tanh_layer.json")

    def grades(self) -> str:
        """Read the table in the OUT folder."""
        return (self.root / "grading/tanh_layer/grades.csv").read_text(encoding="utf-8")


def make(root: Path, configuration: str = CONFIGURATION) -> Course:
    """Make a course with the exercise of `builders.tanh_layer`, built and not yet released."""
    root.mkdir(parents=True)
    (root / "tanh_layer.yaml").write_text(dump(tanh_layer()), encoding="utf-8")
    (root / "nbgrader_config.py").write_text(configuration, encoding="utf-8")
    build(assignment(root), root)
    return Course(root)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def assignment(root: Path) -> Assignment:
    """Load the exercise file of a course as an assignment of its own."""
    exercise = load_exercise(root / "tanh_layer.yaml")
    return Assignment(id="tanh_layer", title=exercise.title, exercises=(exercise,), path=exercise.path)


def copy(course: Course, root: Path) -> Course:
    """Copy a course to another folder."""
    shutil.copytree(course.root, root)
    return Course(root)


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """Find the cell with a grade id."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def source(cell: Mapping[str, Any]) -> str:
    """Return the text of a cell."""
    return "".join(cell["source"])


def code(text: str) -> dict[str, Any]:
    """Make an ordinary code cell."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
