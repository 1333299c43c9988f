"""The package as a program or a notebook uses it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from places import SOLUTIONS

import grader


def dY_dB(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the right answer of tanh_layer."""
    return np.diag(1 - np.tanh(W @ X + B) ** 2)


def test_load_takes_an_id_or_a_path() -> None:
    """The same exercise, by either name."""
    by_id = grader.load("tanh_layer")
    assert isinstance(by_id, grader.Exercise)
    assert by_id == grader.load(Path(by_id.path))
    assert (by_id.title, by_id.points) == ("Jacobians of a tanh layer", 3.0)


def test_load_takes_an_assignment_by_id_or_path() -> None:
    """With all its exercises, which are looked up beside it and in the catalogue."""
    by_id = grader.load("autodiff_chapter")
    assert isinstance(by_id, grader.Assignment)
    assert "tanh_layer" in [exercise.id for exercise in by_id.exercises]
    assert by_id == grader.load(by_id.path)


def test_an_assignment_is_no_exercise() -> None:
    """Where one exercise is asked for, the message says what to name."""
    with pytest.raises(grader.ExerciseError, match="This is an assignment"):
        grader.check(grader.load("autodiff_chapter").path, dY_dB=dY_dB)


def test_an_unknown_exercise_is_an_exercise_error() -> None:
    """The message names what is known."""
    with pytest.raises(grader.ExerciseError, match="There is no exercise `tanh_lair`"):
        grader.load("tanh_lair")


def test_check_judges_the_functions_that_it_is_given() -> None:
    """Only they count: full marks for the one, and its points."""
    report = grader.check("tanh_layer", dY_dB=dY_dB)
    assert (report.score, report.points) == (1.0, 1.0)
    assert "dY_dB(W, X, B)" in report._repr_html_()


def test_check_names_the_likely_mistake() -> None:
    """As the command line does."""
    report = grader.check("tanh_layer", dY_dB=lambda W, X, B: np.eye(len(B)))
    diagnosis = report.targets[0].diagnosis
    assert diagnosis is not None
    assert diagnosis.rule == "declared"
    assert "That is ∂Z/∂B." in repr(report)


def test_check_refuses_a_function_that_is_not_asked_for() -> None:
    """A misspelt name is told, not ignored."""
    with pytest.raises(grader.GraderError, match="does not ask for dY_db"):
        grader.check("tanh_layer", dY_db=dY_dB)


def test_grade_runs_a_submission_in_the_sandbox() -> None:
    """The report of a file, confined."""
    submission = grader.Submission.from_file(SOLUTIONS / "tanh_layer.py", student="s01")
    report = grader.grade("tanh_layer", submission)
    assert (report.score, report.points, report.student) == (3.0, 3.0, "s01")
    assert report.isolation in {"strict", "best"}


def test_tensors_where_an_assignment_asks_for_them() -> None:
    """float64 by default while the functions run, and as before afterwards."""
    import torch

    seen = []

    def dY_dB(W: torch.Tensor, X: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
        seen.append(torch.zeros(1).dtype)
        return torch.diag(1 - torch.tanh(W @ X + B) ** 2)

    assert grader.check("tanh_layer", dY_dB=dY_dB, arrays="torch").score == 1.0
    assert set(seen) == {torch.float64}
    assert torch.get_default_dtype() is torch.float32


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """Two students: one right, one wrong."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "s01.py").write_text("import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n")
    (folder / "s02.py").write_text("def dY_dx(x):\n    return x\n")
    return folder


def test_a_class_is_graded_as_on_the_command_line(submissions: Path, tmp_path: Path) -> None:
    """Scores by student, files in OUT; the second call grades nothing anew."""
    seen: list[int] = []
    done = grader.grade_class(
        "tanh_derivative", submissions, tmp_path / "out", seed=0, jobs=1, progress=lambda at: seen.append(at.done)
    )
    assert isinstance(done, grader.Summary)
    points = grader.load("tanh_derivative").points  # type: ignore[union-attr]
    assert {"s01": points, "s02": 0.0} == {row.student.id: row.total for row in done.rows}
    assert (2, 0, 0, 2) == (done.students, done.reused, done.ungraded, seen[-1])
    assert {"grades.csv", "report.html", "feedback", "reports"} <= {path.name for path in (tmp_path / "out").iterdir()}
    assert 2 == grader.grade_class(grader.load("tanh_derivative"), submissions, tmp_path / "out", jobs=1).reused


def test_what_is_wrong_with_a_class_is_an_exception(submissions: Path, tmp_path: Path) -> None:
    """Where, what and what to do: no such exercise, folder or layout, and a folder that holds other things."""
    out = tmp_path / "out"
    with pytest.raises(grader.ExerciseError, match="There is no exercise `tanh_lair`"):
        grader.grade_class("tanh_lair", submissions, out)
    with pytest.raises(grader.GraderError, match="nowhere"):
        grader.grade_class("tanh_derivative", tmp_path / "nowhere", out)
    with pytest.raises(grader.GraderError, match="piles"):
        grader.grade_class("tanh_derivative", submissions, out, layout="piles")
    with pytest.raises(grader.GraderError, match="submissions"):
        grader.grade_class("tanh_derivative", submissions, submissions, seed=0)
