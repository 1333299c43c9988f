"""The check in a grade cell: what students see in Jupyter and under Validate, and what stock nbgrader reads as points."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

pytest.importorskip("nbgrader")

import numpy as np
from nbgrader_class import HALF_W, WRONG, B, Course, W, run_nbgrader

from grader.errors import GraderError
from grader.nbgrader import public_check
from grader.nbgrader.student_check import NotRightError, share_of_points

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own


def right(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
    """∂Y/∂W."""
    return np.asarray(np.einsum("ki,j->kij", np.diag(1 - np.tanh(W @ X + B) ** 2), X))


def half(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
    """∂Z/∂W, a declared mistake."""
    return np.asarray(np.einsum("ki,j->kij", np.eye(len(B)), X))


def wrong(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Neither."""
    return W


@pytest.mark.parametrize(("function", "points"), [(right, 2.0), (half, 1.0), (wrong, 0.0)])
def test_its_value_is_a_number_of_points(function: Callable[..., np.ndarray], points: float) -> None:
    """Stock nbgrader takes this number as the score where our configuration is missing."""
    assert points == public_check(W, 2, dY_dW=function)


def test_points_of_the_cell_may_differ_from_the_exercises() -> None:
    """An assignment may rescale them."""
    assert public_check(W, 5, dY_dW=half) == 2.5


def test_it_shows_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Outside Jupyter as text."""
    public_check(W, 2, dY_dW=half)
    assert "That is ∂Z/∂W." in capsys.readouterr().out


def test_under_validate_it_raises_the_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate shows errors only."""
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    with pytest.raises(NotRightError, match=r"That is ∂Z/∂W\.") as caught:
        public_check(W, 2, dY_dW=half)
    assert str(caught.value).splitlines() == caught.value._render_traceback_()


@pytest.mark.parametrize(
    ("share", "points"), [(1.0, 3.0), (0.5, 1.5), (float("nan"), 0.0), (float("inf"), 0.0), (2.0, 3.0), (-1.0, 0.0)]
)
def test_points_are_finite_and_between_nothing_and_all(share: float, points: float) -> None:
    """Whatever the share is: nbgrader gives all points for NaN."""
    assert points == share_of_points(share, 3.0)


def test_a_cell_of_a_task_that_is_gone() -> None:
    """Said in words."""
    with pytest.raises(GraderError, match="has no target for the grade cell `tanh_layer-dY_dX-dY_dX`"):
        public_check("tanh_layer-dY_dX-dY_dX", 1, dY_dW=right)


def test_it_needs_neither_nbgrader_nor_torch() -> None:
    """Students' kernels start without the two; `import grader.nbgrader` does not even load NumPy."""
    program = "import sys, grader.nbgrader; print(sorted({'nbgrader', 'torch', 'numpy', 'traitlets'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_validate_passes_right_answers_and_says_what_is_wrong_with_others(course: Course) -> None:
    """In the student's kernel."""
    course.hand_in("s01")
    course.hand_in("s02", HALF_W)
    said = {}
    for student in ("s01", "s02"):
        path = str(course.root / f"submitted/{student}/tanh_layer/tanh_layer.ipynb")
        _copy_exercise(course, student)
        said[student] = run_nbgrader("validate", path, stdout=True)
    assert "Success! Your notebook passes all the tests." in said["s01"]
    assert "The shape is right, the values differ" in said["s02"]


def test_stock_nbgrader_grades_the_same_notebooks(course: Course) -> None:
    """By the cells' values, in the kernel, with the credit of mistakes that the catalogue declares."""
    (course.root / "source/tanh_layer/tanh_layer.yaml").unlink()
    course.hand_in("s01", HALF_W, WRONG)
    (course.root / "nbgrader_config.py").write_text("c = get_config()\n")
    course.autograde()
    assert {W: 1.0, B: 0.0} == course.marks("s01")


def _copy_exercise(course: Course, student: str) -> None:
    """Write what `nbgrader fetch_assignment` puts beside the notebook."""
    text = (course.root / "release/tanh_layer/tanh_layer.yaml").read_text(encoding="utf-8")
    (course.root / f"submitted/{student}/tanh_layer/tanh_layer.yaml").write_text(text, encoding="utf-8")
