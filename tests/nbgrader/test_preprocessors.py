"""Grade cells of our notebooks get their points from the sandbox, whatever stands in the notebook; nothing fails open."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.course.results.gradebook import write_grades

pytest.importorskip("nbgrader")

from nbgrader_class import HALF_W, RIGHT_W, WRONG, B, Course, Notebook, W, cell_of, code

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own


# Marks


def test_right_half_right_and_wrong_answers(course: Course) -> None:
    """A declared mistake earns its credit."""
    course.hand_in("s01")
    course.hand_in("s02", HALF_W, WRONG)
    course.autograde()
    assert [{W: 2.0, B: 1.0}, {W: 1.0, B: 0.0}] == [course.marks("s01"), course.marks("s02")]


def test_a_grade_cell_has_one_number_and_the_reasons(course: Course) -> None:
    """The number is what nbgrader reads, the reasons are rich output beside it."""
    course.hand_in("s01", HALF_W)
    course.autograde()
    reasons, number = course.outputs("s01", W)
    assert ["display_data", "execute_result", ["1.0"]] == [
        reasons["output_type"],
        number["output_type"],
        number["data"]["text/plain"],
    ]
    assert "That is ∂Z/∂W." in "".join(reasons["data"]["text/html"])


@pytest.mark.parametrize(("feedback", "is_said"), [("full", True), ("hints", False)])
def test_the_instructor_says_whether_numbers_are_shown(course: Course, feedback: str, is_said: bool) -> None:
    """Causes without numbers: `hints`."""
    course.hand_in("s01", HALF_W)
    course.autograde(f"--SandboxedExecute.feedback={feedback}")
    assert is_said == ("you returned" in "".join(course.outputs("s01", W)[0]["data"]["text/html"]))


def test_the_seed_is_in_no_notebook(course: Course) -> None:
    """Neither in the released nor in the autograded one."""
    course.hand_in("s01", HALF_W)
    course.autograde()
    seed = str(json.loads((course.root / "grading/tanh_layer/state.json").read_text())["seed"])
    texts = [path.read_text() for path in course.root.rglob("*.ipynb")]
    assert [False] * 4 == [seed in text for text in texts]


def test_every_graded_assignment_leaves_an_out_folder(course: Course) -> None:
    """Reports and grades; what was not handed in is not 0."""
    course.hand_in("s01", HALF_W)
    course.autograde()
    assert (
        "student,tanh_layer,total,submitted_at,late_seconds,late_penalty\ns01,2,2,2026-11-20T10:00:00+00:00,,\n"
        == course.grades()
    )
    assert ["s01", 2.0, ["wrong_value", "correct"]] == [
        course.report("s01")["student"],
        course.report("s01")["score"],
        [target["status"] for target in course.report("s01")["targets"]],
    ]


def test_a_second_run_looks_the_marks_up(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what changed is run again."""
    from grader.judging.judge import Judge

    course.hand_in("s01")
    course.autograde()
    monkeypatch.setattr(Judge, "grade", lambda *a, **k: pytest.fail("it was run again"))
    course.autograde("--force")
    assert {W: 2.0, B: 1.0} == course.marks("s01")


def test_a_changed_exercise_is_graded_again(course: Course) -> None:
    """The assignment's file is read as it is now."""
    course.hand_in("s01", HALF_W)
    course.autograde()
    path = course.root / "tanh_layer.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("credit: 0.5", "credit: 0.25"), encoding="utf-8")
    course.autograde("--force")
    assert {W: 0.5, B: 1.0} == course.marks("s01")


# Students' notebooks


def test_code_may_be_spread_over_cells(course: Course) -> None:
    """Helpers, magics and a cell that fails among them."""
    course.hand_in(
        "s01",
        "return helper(W, X, B)",
        first=("%matplotlib inline", f"def helper(W, X, B):\n    {RIGHT_W}".replace("\nr", "\n    r")),
    )
    course.autograde()
    assert {W: 2.0, B: 1.0} == course.marks("s01")


def test_a_module_beside_the_notebook_is_imported(course: Course) -> None:
    """The student's own, unless the instructor gave one of that name."""
    helper = "import numpy as np\n\n\ndef diagonal(Y):\n    return np.diag(1 - Y**2)\n"
    for student in ("s01", "s02"):
        path = course.hand_in(
            student, dY_dB="Y = np.tanh(W @ X + B)\nreturn diagonal(Y)", first=("x = 1\nfrom helper import diagonal",)
        )
        path.with_name("helper.py").write_text(helper if student == "s01" else "def diagonal(Y):\n    return Y\n")
    course.autograde()
    assert [{W: 2.0, B: 1.0}, {W: 2.0, B: 0.0}] == [course.marks("s01"), course.marks("s02")]
    (course.root / "source/tanh_layer/helper.py").write_text(helper)
    course.autograde("--force")
    assert {W: 2.0, B: 1.0} == course.marks("s02")


DIAGONAL = "import numpy as np\n\n\ndef diagonal(Y):\n    return np.diag(1 - Y**2)\n"
CALLS_IT = "Y = np.tanh(W @ X + B)\nreturn diagonal(Y)"


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Files beside a notebook."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def test_a_package_beside_the_notebook_is_imported(course: Course) -> None:
    """With its init and what it names, as `grader grade` does; the instructor's file takes the place of the student's."""
    files = {"utils/__init__.py": "from .maths import diagonal", "utils/maths.py": DIAGONAL, "utils/rest.py": "1 / 0"}
    for student, line in (("s01", "from utils.maths import diagonal"), ("s02", "from utils import diagonal")):
        put(course.hand_in(student, dY_dB=CALLS_IT, first=(line,)).parent, files)
    put(course.hand_in("s03", dY_dB=CALLS_IT, first=("import utils.maths as um\ndiagonal = um.diagonal",)).parent, files)
    put(course.root / "submitted/s03/tanh_layer", {"utils/maths.py": "def diagonal(Y):\n    return Y\n"})
    course.autograde()
    assert [{W: 2.0, B: 1.0}, {W: 2.0, B: 1.0}, {W: 2.0, B: 0.0}] == [course.marks(f"s0{n}") for n in (1, 2, 3)]
    put(course.root / "source/tanh_layer", {"utils/maths.py": DIAGONAL})
    course.autograde("--force")
    assert {W: 2.0, B: 1.0} == course.marks("s03")


def test_of_two_modules_of_a_name_the_one_beside_the_notebook_is_imported(course: Course) -> None:
    """As in Jupyter; a link of the instructor's leads to the file that nbgrader copies."""
    path = course.hand_in("s01", dY_dB=CALLS_IT, first=("from helper import diagonal",))
    put(path.parent, {"a/helper.py": "1 / 0", "helper.py": DIAGONAL, "z/helper.py": "1 / 0"})
    course.hand_in("s02", dY_dB=CALLS_IT, first=("from shared import diagonal",))
    put(course.root, {"helper.py": DIAGONAL})
    (course.root / "source/tanh_layer/shared.py").symlink_to(course.root / "helper.py")
    course.autograde()
    assert [{W: 2.0, B: 1.0}] * 2 == [course.marks("s01"), course.marks("s02")]


@pytest.mark.parametrize(
    "magic", ["%matplotlib inline", "%%time\nx = 1", "!ls", "x = !ls", "%pip install numpy", "%%bash\nls", "sum?"]
)
def test_magics_and_shell_lines_cost_nothing(course: Course, magic: str) -> None:
    """A kernel would run them; here they are passed over or refused, and the functions count."""
    course.hand_in("s01", first=(magic,))
    course.autograde()
    assert {W: 2.0, B: 1.0} == course.marks("s01")


def test_a_cell_that_fails_is_reported_below_it(course: Course) -> None:
    """As a kernel would; what comes after it still counts."""
    course.hand_in("s01", first=("1 / 0",))
    course.autograde()
    notebook = json.loads((course.root / "autograded/s01/tanh_layer/tanh_layer.ipynb").read_text(encoding="utf-8"))
    (failed,) = [cell for cell in notebook["cells"] if "".join(cell["source"]) == "1 / 0"]
    assert ["ZeroDivisionError"] == [output["ename"] for output in failed["outputs"]]
    assert {W: 2.0, B: 1.0} == course.marks("s01")


def _drop_grade_cells(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]


def _duplicate(notebook: Notebook) -> None:
    notebook["cells"] += [json.loads(json.dumps(cell)) for cell in notebook["cells"]]


def _rename(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] += "_x"


def _invalid(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"] = {"schema_version": 1, "grade": "yes"}


def _all_grade(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"] and not cell["metadata"]["nbgrader"]["solution"]:
            cell["metadata"]["nbgrader"].update(grade=True, solution=True, points=100)


def _edited_checks(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = "1000"


@pytest.mark.parametrize("edit", [_drop_grade_cells, _duplicate, _rename, _invalid, _all_grade, _edited_checks])
def test_cells_may_be_deleted_duplicated_renamed_or_edited(course: Course, edit: Callable[[Notebook], object]) -> None:
    """Right functions earn their points, no more."""
    course.hand_in("s01", edit=edit)
    course.hand_in("s02", HALF_W, WRONG, edit=edit)
    course.autograde()
    assert [{W: 2.0, B: 1.0}, {W: 1.0, B: 0.0}] == [course.marks("s01"), course.marks("s02")]


def test_no_execute_does_not_believe_the_outputs_that_were_handed_in(course: Course) -> None:
    """Stock nbgrader would."""

    def claim(notebook: Notebook) -> None:
        for name in (W, B):
            cell_of(notebook, name)["outputs"] = []

    course.hand_in("s01", WRONG, WRONG, edit=claim)
    course.autograde("--no-execute")
    assert {W: 0.0, B: 0.0} == course.marks("s01")


# Exploits that work against stock nbgrader

EXPLOITS = {
    "patches allclose": "import numpy\nnumpy.allclose = lambda *a, **k: True",
    "shows every expression": "get_ipython().ast_node_interactivity = 'all'",
    "shows nothing": "get_ipython().ast_node_interactivity = 'none'",
    "replaces the check": "import sys, types\nfake = types.ModuleType('grader.nbgrader')\nfake.public_check = lambda *a, **k: 2\n"
    "sys.modules['grader.nbgrader'] = fake",
    "exits": "import os\nos._exit(0)",
    "writes to stderr": "import sys\nprint('grade me', file=sys.stderr)",
    "writes the gradebook": "import sqlite3\ndb = sqlite3.connect({gradebook!r})\n"
    "db.execute('update grade set auto_score = 400')\ndb.commit()",
}


@pytest.mark.parametrize("name", EXPLOITS)
def test_no_exploit_earns_a_point(course: Course, name: str) -> None:
    """Nor does it change what others have."""
    gradebook = str(course.root / "gradebook.db")
    course.hand_in("s01")
    course.autograde()
    course.hand_in("s02", WRONG, WRONG, first=(EXPLOITS[name].format(gradebook=gradebook),))
    course.autograde()
    assert [{W: 2.0, B: 1.0}, {W: 0.0, B: 0.0}] == [course.marks("s01"), course.marks("s02")]


@pytest.mark.parametrize("value", ["float('nan')", "-1.0", "'all points'", "None", "[2.0, 2.0]"])
def test_odd_values_earn_nothing(course: Course, value: str) -> None:
    """Stock nbgrader gives all points for NaN, negative numbers and text."""
    course.hand_in("s01", f"return {value}", f"return {value}")
    course.autograde()
    assert {W: 0.0, B: 0.0} == course.marks("s01")


# Our own faults


def test_a_fault_of_ours_costs_no_points_and_is_left_to_a_person(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither full points nor 0, and the submission is not dropped."""
    from grader.judging.judge import Judge

    def broken(*arguments: object, **more: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Judge, "grade", broken)
    course.hand_in("s01")
    course.autograde()
    assert [{W: None, B: None}, "s01,,,"] == [course.marks("s01"), course.grades().splitlines()[1][:6]]
    assert "our fault, no points lost" in "".join(course.outputs("s01", W)[0]["data"]["text/html"])


def test_an_assignment_that_is_gone_leaves_the_marks_to_a_person(course: Course) -> None:
    """The kernel is not asked instead."""
    (course.root / "tanh_layer.yaml").unlink()
    course.hand_in("s01")
    log = course.autograde()
    assert {W: None, B: None} == course.marks("s01")
    assert "tanh_layer.yaml" in log


def _forget_the_notebook(root: Path) -> None:
    path = root / "grading/tanh_layer/nbgrader.json"
    path.write_text(path.read_text().replace('"tanh_layer": [', '"another": ['))


@pytest.mark.parametrize("forget", [_forget_the_notebook, lambda root: shutil.rmtree(root / "grading")])
def test_a_notebook_of_ours_that_the_plan_does_not_have_is_left_to_a_person(
    course: Course, forget: Callable[[Path], object]
) -> None:
    """Left over from an earlier build, or in a copy of the course without its secrets: the kernel could be deceived."""
    forget(course.root)
    course.hand_in("s01", first=("open('ran', 'w')",))
    log = course.autograde()
    assert [{W: None, B: None}, False] == [course.marks("s01"), any(course.root.rglob("ran"))]
    assert 1 == log.count("The notebook tanh_layer was built with grader, but it is not in the assignment's plan")


def test_a_task_with_another_name_since_the_build_is_left_to_a_person(course: Course) -> None:
    """Its solution cell is none of the instructor's own: the kernel is not asked."""
    path = course.root / "tanh_layer.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("call: dY_dB(", "call: dY_db("), encoding="utf-8")
    course.hand_in("s01", first=("open('ran', 'w')",))
    course.autograde()
    assert [{W: 2.0, B: None}, False] == [course.marks("s01"), any(course.root.rglob("ran"))]


# The table of grades


def test_the_table_is_written_once_a_run(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time grows with the class: once a notebook would be quadratic. It is complete when the run ends."""
    from grader.nbgrader import results

    written: list[int] = []

    def noted(*arguments: Any) -> None:
        written.append(1)
        write_grades(*arguments)

    monkeypatch.setattr(results, "write_grades", noted)
    for student in ("s01", "s02", "s03"):
        course.hand_in(student)
    course.autograde()
    assert [1, ["s01,3", "s02,3", "s03,3"]] == [len(written), [line[:5] for line in course.grades().splitlines()[1:]]]


def test_the_table_is_complete_when_the_formgraders_button_returns(course: Course) -> None:
    """In a server that goes on for days."""
    api = course.api()
    for student in ("s01", "s02"):
        course.hand_in(student)
        assert api.autograde("tanh_layer", student)["success"]
        assert f"{student},3,3," in course.grades()


def test_a_stopped_run_leaves_its_table(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was graded before Ctrl-C is in it."""
    from grader.nbgrader.run import NbgraderRun

    real = NbgraderRun.grade

    def stop_at_the_second(run: Any, results: Any, work: Any, *more: Any) -> Any:
        if work.student == "s02":
            raise KeyboardInterrupt
        return real(run, results, work, *more)

    monkeypatch.setattr(NbgraderRun, "grade", stop_at_the_second)
    for student in ("s01", "s02"):
        course.hand_in(student)
    assert not course.api().autograde("tanh_layer", "*")["success"]
    assert "s01,3,3," in course.grades()


def test_under_another_exporter_the_table_is_written_with_the_converters_end(course: Course) -> None:
    """Where the course has one of its own."""
    config = course.root / "nbgrader_config.py"
    own = "c.Autograde.exporter_class = 'nbconvert.exporters.NotebookExporter'\nconfigure(c)"
    config.write_text(config.read_text().replace("configure(c)", own))
    course.hand_in("s01")
    course.autograde()
    gc.collect()
    assert "s01,3,3," in course.grades()


# Notebooks and cells that are not ours


def test_an_instructors_own_question_in_words_is_nbgraders(course: Course) -> None:
    """A markdown cell has no outputs; one without an answer has its 0 without a person."""
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    question = {
        "cell_type": "markdown",
        "id": "why",
        "source": "Why?",
        "metadata": {"nbgrader": _meta("why", grade=True, solution=True)},
    }
    notebook["cells"].append(question)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    course.run("generate_assignment", "tanh_layer", "--force")
    course.hand_in("s01")
    course.hand_in("s02", edit=lambda notebook: cell_of(notebook, "why").update(source="Because."))
    course.autograde()
    assert [{W: 2.0, B: 1.0, "why": 0.0}, {W: 2.0, B: 1.0, "why": None}] == [course.marks("s01"), course.marks("s02")]
    cell = cell_of(json.loads((course.root / "autograded/s02/tanh_layer/tanh_layer.ipynb").read_text(encoding="utf-8")), "why")
    assert {"outputs", "execution_count"} & set(cell) == set()


def test_a_notebook_that_is_not_ours_is_executed(course: Course) -> None:
    """Its tests are the instructor's."""
    cells = [
        {**code("x = 1"), "id": "a", "metadata": {"nbgrader": _meta("x", solution=True)}},
        {**code("assert x == 1"), "id": "b", "metadata": {"nbgrader": _meta("test_x", grade=True)}},
    ]
    folder = course.root / "source/other"
    folder.mkdir()
    notebook = {**course.released(), "cells": cells}
    (folder / "other.ipynb").write_text(json.dumps(notebook))
    course.run("generate_assignment", "other")
    for student, source in (("s01", "x = 1"), ("s02", "x = 2")):
        cells[0]["source"] = source
        place = course.root / "submitted" / student / "other"
        place.mkdir(parents=True)
        (place / "other.ipynb").write_text(json.dumps(notebook))
    course.run("autograde", "other")
    with course.gradebook() as gradebook:
        assert [3.0, 0.0] == [gradebook.find_submission("other", student).score for student in ("s01", "s02")]


def test_an_instructors_own_tests_beside_ours_run_in_the_kernel(course: Course) -> None:
    """Ours are not run there."""
    path = course.root / "source/tanh_layer/tanh_layer.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    test = (
        "Z = dY_dB(np.eye(2), np.zeros(2), np.zeros(2))\nassert Z.shape == (2, 2)\n"
        "### BEGIN HIDDEN TESTS\nassert Z[0, 0] == 1\n### END HIDDEN TESTS"
    )
    notebook["cells"].append({**code(test), "id": "own", "metadata": {"nbgrader": _meta("own_test", grade=True)}})
    path.write_text(json.dumps(notebook), encoding="utf-8")
    course.run("generate_assignment", "tanh_layer", "--force")
    course.hand_in("s01", WRONG)
    course.autograde()
    assert {W: 0.0, B: 1.0, "own_test": 3.0} == course.marks("s01")
    assert ["display_data", "execute_result"] == [output["output_type"] for output in course.outputs("s01", B)]


def test_what_a_course_adds_to_nbgraders_lists_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it never set the list: traitlets keeps such additions aside."""
    from traitlets.config import Config

    from grader.nbgrader import configure

    c = Config()
    c.Autograde.sanitize_preprocessors.append("a.B")
    configure(c)
    assert ["grader.nbgrader.preprocessors.RepairCells", "a.B"] == [c.Autograde.sanitize_preprocessors[at] for at in (0, -1)]


def _meta(name: str, *, grade: bool = False, solution: bool = False) -> dict[str, Any]:
    points = {"points": 3.0} if grade else {}
    return {"grade": grade, "grade_id": name, "locked": grade, "schema_version": 3, "solution": solution, "task": False, **points}


def test_a_submission_with_a_link_is_left_to_a_person(course: Course) -> None:
    """What the link leads to does not come into the sandbox; nbgrader records the notebook without points."""
    (course.root / "secret.py").write_text("SEED = 7")
    (course.hand_in("s01", dY_dW="import secret; return secret.SEED").parent / "secret.py").symlink_to(course.root / "secret.py")
    assert "secret.py is a symbolic link" in course.autograde()
    assert {None} == set(course.marks("s01").values())
    assert not (course.root / "grading/tanh_layer/reports").exists()
