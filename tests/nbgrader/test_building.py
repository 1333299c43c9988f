"""Source notebooks hold what students need and no secret; building again loses nothing of the instructor's."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbgrader_class
from builders import tanh_layer
from nbgrader_class import B, Notebook, W, cell_of, code, source

from grader.errors import GraderError
from grader.exercise.assignment import Assignment, LateRule
from grader.exercise.loading import dump, load_exercise
from grader.nbgrader import public_check
from grader.nbgrader.building import build
from grader.nbgrader.course import CourseAssignment
from grader.reference import prepare, store

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own

IDS = [
    "tanh_layer--statement",
    "tanh_layer--imports",
    "tanh_layer-dY_dW",
    W,
    "tanh_layer-dY_dB",
    B,
]
MODEL = """\
import numpy as np


def _slope(Z):
    return 1 - np.tanh(Z) ** 2


def dY_dB(W, X, B):
    return np.diag(_slope(W @ X + B))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> nbgrader_class.Course:
    """Build a course once."""
    return nbgrader_class.make(tmp_path_factory.mktemp("building") / "course")


def read(root: Path, name: str = "tanh_layer") -> Notebook:
    """Read a source notebook."""
    found: Notebook = json.loads((root / f"source/tanh_layer/{name}.ipynb").read_text(encoding="utf-8"))
    return found


def ids(notebook: Notebook) -> list[str | None]:
    """Return the grade ids of the cells."""
    return [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]


def test_a_notebook_an_exercise_a_locked_grade_cell_a_target(built: nbgrader_class.Course) -> None:
    """In the order of the exercise, with its points."""
    notebook = read(built.root)
    found = [cell["metadata"]["nbgrader"] for cell in notebook["cells"]]
    assert IDS == ids(notebook)
    assert [W, B] == [one["grade_id"] for one in found if one["grade"] and one["locked"]]
    assert [2.0, 1.0] == [one["points"] for one in found if one["grade"]]
    assert ["tanh_layer-dY_dW", "tanh_layer-dY_dB"] == [one["grade_id"] for one in found if one["solution"]]


def test_signature_and_docstring_stay_in_the_released_notebook(released_course: nbgrader_class.Course) -> None:
    """Only the body is cut out."""
    cell = cell_of(released_course.released(), "tanh_layer-dY_dW")
    assert source(cell).startswith('def dY_dW(W, X, B):\n    """\n    ∂Y/∂W, shape (m, m, n).')
    assert source(cell).endswith('    """\n    # YOUR CODE HERE\n    raise NotImplementedError()')


def test_no_secret_is_released(released_course: nbgrader_class.Course) -> None:
    """No seed, tolerance, declared mistake or model answer in what students get."""
    folder = released_course.root / "release/tanh_layer"
    files = [path for path in folder.rglob("*") if path.is_file()]
    text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    seed = str(json.loads((released_course.root / "grading/tanh_layer/state.json").read_text())["seed"])
    assert {".ipynb", ".yaml", ".record"} == {path.suffix for path in files}
    notebook = json.dumps(released_course.released())
    assert [False] * 5 == [seed in text, "mistakes" in text, "That is ∂Z" in text, "SOLUTION" in notebook, "rtol" in notebook]


def test_an_exercise_that_students_do_not_have_comes_along(built: nbgrader_class.Course) -> None:
    """Beside the notebook, without its mistakes, as the check in the grade cells needs it."""
    found = load_exercise(built.root / "source/tanh_layer/tanh_layer.yaml")
    assert [()] * 2 == [target.mistakes for _, target in found.targets()]
    assert [task.call for task in tanh_layer().tasks] == [task.call for task in found.tasks]


def test_the_public_record_comes_along_alone(released_course: nbgrader_class.Course) -> None:
    """Students get the record of the public seed."""
    (path,) = (released_course.root / "release/tanh_layer/records").iterdir()
    given = load_exercise(released_course.root / "release/tanh_layer/tanh_layer.yaml")
    record = store.read(path, given.record_sha256, prepare.PUBLIC_SEED)
    assert record is not None
    assert (prepare.PUBLIC_SEED, given.record_sha256) == (record.seed, record.record_sha256)


def test_the_check_beside_a_released_notebook_needs_no_torch(
    released_course: nbgrader_class.Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor a cache: the record is read from beside the exercise."""
    monkeypatch.chdir(released_course.root / "release/tanh_layer")
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    monkeypatch.setattr(prepare, "_has_torch", lambda: False)
    monkeypatch.setattr(prepare, "make", lambda *arguments: pytest.fail("the record is computed again"))
    assert public_check(W, 2, dY_dW=lambda W, X, B: W) == 0.0


def test_a_record_of_the_exercise_as_it_was_is_removed(tmp_path: Path) -> None:
    """Building again leaves one record for each exercise."""
    course = nbgrader_class.make(tmp_path / "course")
    records = course.root / "source/tanh_layer/records"
    (before,) = records.iterdir()
    exercise = course.root / "tanh_layer.yaml"
    exercise.write_text(exercise.read_text(encoding="utf-8").replace("n: 2..6", "n: 2..5"), encoding="utf-8")
    build(nbgrader_class.assignment(course.root), course.root)
    (after,) = records.iterdir()
    assert before != after


def test_an_exercise_of_the_catalogue_does_not(tmp_path: Path) -> None:
    """Students have it with their installation."""
    from grader.exercise import catalogue

    exercise = load_exercise(catalogue.find("tanh_layer").path)
    build(Assignment(id="tanh_layer", title="", exercises=(exercise,), path=exercise.path), tmp_path)
    assert ["tanh_layer.ipynb"] == [path.name for path in (tmp_path / "source/tanh_layer").iterdir()]


def test_the_seed_is_the_instructors_alone(built: nbgrader_class.Course) -> None:
    """In a folder of the course that nobody else can read, and it is drawn once."""
    folder = built.root / "grading/tanh_layer"
    before = (folder / "state.json").read_text()
    build(nbgrader_class.assignment(built.root), built.root)
    assert [0o700, 0o600] == [folder.stat().st_mode & 0o777, (folder / "state.json").stat().st_mode & 0o777]
    assert before == (folder / "state.json").read_text()


def test_a_model_answer_goes_between_begin_and_end_solution(tmp_path: Path) -> None:
    """With the helpers that it uses; the starter's signature and docstring stay above it."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/tanh_layer.py").write_text(MODEL)
    course = nbgrader_class.make(tmp_path / "course")
    built = build(nbgrader_class.assignment(course.root), course.root, solutions=(tmp_path / "solutions",))
    body = source(cell_of(read(course.root), "tanh_layer-dY_dB")).partition("### BEGIN SOLUTION\n")[2]
    assert (
        "    def _slope(Z):\n        return 1 - np.tanh(Z) ** 2\n    return np.diag(_slope(W @ X + B))\n    ### END SOLUTION"
    ) == body
    assert ("tanh_layer: no model answer for dY_dW; write it between BEGIN and END SOLUTION.",) == built.notes


def test_building_again_keeps_an_answer_with_a_long_text(tmp_path: Path) -> None:
    """Byte for byte: indenting the lines of a text would change it."""
    course = nbgrader_class.make(tmp_path / "course")
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    notebook = read(course.root)
    cell = cell_of(notebook, "tanh_layer-dY_dB")
    cell["source"] = source(cell).replace("raise NotImplementedError", 'text = """\na\n"""\n    return text')
    path.write_text(json.dumps(notebook), encoding="utf-8")
    build(nbgrader_class.assignment(course.root), course.root)
    assert source(cell) == source(cell_of(read(course.root), "tanh_layer-dY_dB"))


def test_building_again_keeps_the_answer_of_a_function_with_an_odd_name(tmp_path: Path) -> None:
    """Ids of cells have other characters than names; notes have the name."""
    weights, bias = tanh_layer().tasks
    odd = replace(tanh_layer(), id="odd", tasks=(weights, replace(bias, call=replace(bias.call, function="d\u0177"))))
    (tmp_path / "odd.yaml").write_text(dump(odd), encoding="utf-8")
    one = load_exercise(tmp_path / "odd.yaml")
    assignment = Assignment(id="odd", title="", exercises=(one,), path=one.path)
    note = "odd: no model answer for dY_dW, d\u0177; write it between BEGIN and END SOLUTION."
    assert (note,) == build(assignment, tmp_path).notes
    path = tmp_path / "source/odd/odd.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = cell_of(notebook, "odd-d_u177")
    cell["source"] = source(cell).replace("raise NotImplementedError", "return np.eye(2)")
    path.write_text(json.dumps(notebook), encoding="utf-8")
    build(assignment, tmp_path)
    assert "return np.eye(2)" in source(cell_of(json.loads(path.read_text(encoding="utf-8")), "odd-d_u177"))


def two_exercises(folder: Path) -> Assignment:
    """Make an assignment of two exercises that ask for the same."""
    for id in ("first", "second"):
        (folder / f"{id}.yaml").write_text(dump(replace(tanh_layer(), id=id)), encoding="utf-8")
    exercises = tuple(load_exercise(folder / f"{id}.yaml") for id in ("first", "second"))
    return Assignment(id="both", title="", exercises=exercises, path=str(folder / "both.yaml"))


def test_rules_that_have_no_effect_are_said(tmp_path: Path) -> None:
    """They have in `grader grade`; nbgrader has penalties and manual scores of its own."""
    late = Assignment(id="ps1", title="", exercises=(tanh_layer(),), late=LateRule(per_day=0.1))
    note = "late: and overrides: have no effect in nbgrader, which has late penalties and manual scores of its own."
    assert note in build(late, tmp_path).notes
    assert note not in build(replace(late, late=None), tmp_path).notes


@pytest.mark.parametrize(
    ("kept", "one_notebook", "left"),
    [(1, False, ["second.ipynb", "second.yaml"]), (2, True, ["first.ipynb", "second.ipynb"])],
)
def test_what_an_earlier_build_left_is_said(tmp_path: Path, kept: int, one_notebook: bool, left: list[str]) -> None:
    """It would still be released; the instructor's own notebooks and files are not named."""
    assignment = two_exercises(tmp_path)
    build(assignment, tmp_path)
    folder = tmp_path / "source/both"
    (folder / "own.ipynb").write_text('{"cells": []}')
    (folder / "own.yaml").write_text("a: 1\n")
    notes = build(replace(assignment, exercises=assignment.exercises[:kept]), tmp_path, one_notebook=one_notebook).notes
    said = [note.partition(" is left over from an earlier build: remove it")[0] for note in notes if "left over" in note]
    assert [str(folder / name) for name in left] == said


def test_building_again_keeps_what_the_instructor_wrote(tmp_path: Path) -> None:
    """Own cells where they stood, a model answer in a generated cell, all ids; the rest is made anew."""
    course = nbgrader_class.make(tmp_path / "course")
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    notebook = read(course.root)
    notebook["cells"].insert(0, {**code("# my own, first"), "id": "own1"})
    notebook["cells"].insert(4, {**code("# my own, after dY_dW"), "id": "own2"})
    cell = cell_of(notebook, "tanh_layer-dY_dB")
    cell["source"] = source(cell).replace("raise NotImplementedError", "return np.eye(2)")
    cell_of(notebook, "tanh_layer--statement")["source"] = "edited by hand"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    exercise = course.root / "tanh_layer.yaml"
    exercise.write_text(exercise.read_text(encoding="utf-8").replace("Jacobians of a", "Both Jacobians of a"), encoding="utf-8")
    build(nbgrader_class.assignment(course.root), course.root)
    again = read(course.root)
    assert [None, *IDS[:3], None, *IDS[3:]] == ids(again)
    assert ["# my own, first", "# my own, after dY_dW"] == [
        source(cell) for cell in again["cells"] if not ids({"cells": [cell]})[0]
    ]
    assert source(cell_of(again, "tanh_layer--statement")).startswith("# Both Jacobians")
    assert "    ### BEGIN SOLUTION\n    return np.eye(2)\n    ### END SOLUTION" in source(cell_of(again, "tanh_layer-dY_dB"))


def test_building_again_changes_nothing_where_nothing_changed(built: nbgrader_class.Course) -> None:
    """Byte for byte."""
    path = built.root / "source/tanh_layer/tanh_layer.ipynb"
    before = path.read_bytes()
    build(nbgrader_class.assignment(built.root), built.root)
    assert before == path.read_bytes()


def test_exercises_may_share_a_notebook(tmp_path: Path) -> None:
    """Each has a part of its own, so that functions of the same name do not clash."""
    build(two_exercises(tmp_path), tmp_path, one_notebook=True)
    notebook = json.loads((tmp_path / "source/both/both.ipynb").read_text(encoding="utf-8"))
    marked = [source(cell).splitlines()[0] for cell in notebook["cells"] if source(cell).startswith("# exercise")]
    assert ["# exercise: first"] * 3 + ["# exercise: second"] * 3 == marked
    plan = CourseAssignment(root=tmp_path, id="both").plan
    assert plan is not None
    assert {"both": ("first", "second")} == plan.notebooks


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no notebook", "The notebook that is there cannot be read"),
        ('{"cells": [{}]}', "The notebook that is there cannot be read"),
    ],
)
def test_a_notebook_that_cannot_be_read_is_not_written_over(tmp_path: Path, text: str, words: str) -> None:
    """It may hold the instructor's work."""
    course = nbgrader_class.make(tmp_path / "course")
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    path.write_text(text)
    with pytest.raises(GraderError, match=words):
        build(nbgrader_class.assignment(course.root), course.root)
    assert text == path.read_text()


def test_own_cells_that_nbgrader_would_refuse_are_said(tmp_path: Path) -> None:
    """Before the release, and nothing is written."""
    course = nbgrader_class.make(tmp_path / "course")
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    notebook = read(course.root)
    own = {"grade": True, "grade_id": "own test", "locked": True, "solution": False, "schema_version": 3, "points": 1}
    notebook["cells"].append({**code("1"), "id": "own", "metadata": {"nbgrader": own}})
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(GraderError, match="nbgrader would refuse this notebook"):
        build(nbgrader_class.assignment(course.root), course.root)


def test_a_name_that_the_exchange_does_not_take(tmp_path: Path) -> None:
    """It divides names at plus signs."""
    with pytest.raises(GraderError, match=re.escape("nbgrader takes no assignment called `ps+1`.")):
        build(Assignment(id="ps+1", title="", exercises=(), path="ps+1.yaml"), tmp_path)


def test_nbgrader_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in words, before anything is written."""
    from grader.nbgrader import needs

    monkeypatch.setattr(needs, "version", lambda name: "0.8.4")
    with pytest.raises(GraderError, match=r"nbgrader 0\.8\.4 is installed") as caught:
        build(Assignment(id="ps1", title="", exercises=()), tmp_path)
    assert "pip install 'nbformat>=5.10' 'nbgrader<0.10,>=0.9.5'" in str(caught.value)


def test_quickstart_makes_a_course_that_works_at_once(tmp_path: Path) -> None:
    """Its example can be generated, and its configuration names our steps."""
    from grader.nbgrader.quickstart import quickstart

    quickstart(tmp_path / "my_course")
    course = nbgrader_class.Course(tmp_path / "my_course")
    with chdir(course.root):
        course.run("generate_assignment", "problem_set_1")
    assert (course.root / "release/problem_set_1/tanh_layer.ipynb").is_file()
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    assert 11 >= len(readme.splitlines()) - 1
    assert "`pip install autograd_grader-*.whl`" in readme  # what students' notebooks check themselves with


def test_quickstart_writes_over_nothing(tmp_path: Path) -> None:
    """A folder that holds something is refused."""
    from grader.nbgrader.quickstart import quickstart

    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(GraderError, match="There is something here already"):
        quickstart(tmp_path)
