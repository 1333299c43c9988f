"""Wrong model answers are found, and missing ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auditing import RIGHT, SQUARES, SandboxFor, audited, told
from builders import tanh_layer

from grader.audit import find_solutions, solution_folders
from grader.exercise import catalogue
from grader.exercise.loading import load_exercise


def test_the_seed_course_has_model_answers_in_numpy_and_torch() -> None:
    """It is a PyTorch course."""
    for name in ("tanh_derivative", "chain_rule", "scalar_linear", "linear_layer", "tanh_layer"):
        exercise = load_exercise(catalogue.find(name).path)
        assert {path.parent.name for path in find_solutions(exercise, solution_folders(exercise))} >= {"solutions", "torch"}


def test_a_wrong_model_answer_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Its status, case and seed are named; the other form of the answer is tried as well."""
    found = audited(SQUARES, sandbox_for, tmp_path, RIGHT, RIGHT.replace("2 * x", "x"))
    assert 'The model answer answer1.py is judged wrong_value for g in the case "small 1" at seed 0.' in told(found)
    assert "answer0.py" not in told(found)


def test_no_model_answer_is_a_fault(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """What was not tried is not proved."""
    assert "There is no model answer to try." in told(audited(SQUARES, sandbox_for, tmp_path))


def test_a_model_answer_by_differences_is_found_where_they_are_forbidden(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The probe refuses it, and the audit says so."""
    layer = tanh_layer()
    only_weights = replace(layer, numerical="forbid", tasks=layer.tasks[:1])
    solution = """
import numpy as np

def dY_dW(W, X, B):
    J = np.zeros((len(B), *W.shape))
    for place in np.ndindex(W.shape):
        D = np.zeros_like(W)
        D[place] = 1e-5
        J[(slice(None), *place)] = (np.tanh((W + D) @ X + B) - np.tanh((W - D) @ X + B)) / 2e-5
    return J
"""
    assert "is judged refused for dY_dW" in told(audited(only_weights, sandbox_for, tmp_path, solution))
