"""What needs no running comes out as if it had been run: reports are the same, byte for byte but for the time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from classroom import hand_in
from places import ROOT

from grader.course import rescore
from grader.course.grade import Options, grade_folder
from grader.course.results.database import open_results
from grader.course.results.out import existing_out
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_exercise
from grader.exercise.model import Exercise

EXERCISE = load_exercise(ROOT / "exercises" / "tanh_layer.yaml")
HEAD = "import numpy as np\ndef dY_dB(W, X, B):\n    Y = np.tanh(W @ X + B)\n    return {B}\ndef dY_dW(W, X, B):\n    {W}\n"
RIGHT_B = "np.diag(1 - Y**2)"
RIGHT_W = "return np.einsum('ki,j->kij', np.diag(1 - np.tanh(W @ X + B) ** 2), X)"
ANSWERS = {
    "right": (RIGHT_B, RIGHT_W),
    "declared": ("np.eye(len(B))", "return np.einsum('ki,j->kij', np.eye(len(B)), X)"),
    "square": (RIGHT_B, "return np.einsum('ki,j->kij', np.diag(1 - (W @ X + B) ** 2), X)"),
    "sign": (f"-{RIGHT_B}", RIGHT_W),
    "some_cases": (f"{RIGHT_B} if len(B) < 4 else np.zeros((len(B), len(B)))", RIGHT_W),
    "raises": ("1 / 0", "raise ValueError('no')"),
    "shape": ("Y", "return X"),
    "not_written": (RIGHT_B, "raise NotImplementedError"),
    "autodiff": (RIGHT_B, "import torch; return torch.zeros(3)"),
    "loops": (RIGHT_B, "raise SystemExit(0)"),
}


def declared(**changes: Any) -> Exercise:
    """Change all declared mistakes of the exercise."""
    tasks = tuple(
        replace(
            task,
            targets=tuple(
                replace(
                    target,
                    mistakes=tuple(
                        replace(one, **{"hint": f"{one.hint} (really)", "credit": 0.3, **changes}) for one in target.mistakes
                    ),
                )
                for target in task.targets
            ),
        )
        for task in EXERCISE.tasks
    )
    return replace(EXERCISE, tasks=tasks, title="Another title")


def with_points(exercise: Exercise, factor: float) -> Exercise:
    """Multiply the points of an exercise."""
    tasks = tuple(
        replace(task, targets=tuple(replace(target, points=factor * target.points) for target in task.targets))
        for task in exercise.tasks
    )
    return replace(exercise, tasks=tasks)


def graded(tmp_path: Path, out: str, exercise: Exercise) -> dict[str, Any]:
    """Grade the class; return its reports without their times."""
    problems = Assignment(id="ps1", title="Set 1", exercises=(exercise,))
    files = {f"{name}/tanh_layer.py": HEAD.format(B=b, W=w) for name, (b, w) in ANSWERS.items()}
    grade_folder(hand_in(tmp_path / "class", files), problems, tmp_path / out, options=Options(seed=7))
    found = {}
    for path in sorted((tmp_path / out / "reports").glob("*/*.json")):
        found[path.parent.name] = {**json.loads(path.read_bytes()), "seconds": 0}
    return found


@pytest.mark.parametrize(
    "changed",
    [declared(), with_points(declared(credit=0.9), 3.0), replace(with_points(EXERCISE, 0.7), partial="cases")],
    ids=["words and credits", "points", "partial points"],
)
def test_bringing_up_to_date_is_running_again(changed: Exercise, tmp_path: Path) -> None:
    """For right answers, named and unnamed mistakes, answers right in some cases, and everything that never came to a value."""
    graded(tmp_path, "out", EXERCISE)
    again = graded(tmp_path, "fresh", changed)
    with existing_out(tmp_path / "out") as out:
        results = open_results(out)
        try:
            students = rescore.catch_up(out, results, Assignment(id="ps1", title="Set 1", exercises=(changed,)))
        finally:
            results.close()
    assert set(ANSWERS) == set(students)
    assert again == graded(tmp_path, "out", changed)
    assert again["declared"]["score"] != again["right"]["score"]
