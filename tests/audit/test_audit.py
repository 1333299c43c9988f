"""The audit of the catalogue, and of a right exercise: nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from auditing import RIGHT, SQUARES, SandboxFor, audited, told
from builders import one_target

from grader.audit import audit, find_solutions, solution_folders
from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.exercise.model import Gradient

CATALOGUE = sorted(catalogue.shipped().glob("*.yaml"))


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_every_exercise_of_the_catalogue_is_right(path: Path, sandbox_for: SandboxFor) -> None:
    """Model answers, starters, mistakes, differences, conditioning."""
    exercise = load_exercise(path)
    found = audit(exercise, find_solutions(exercise, solution_folders(exercise)), sandbox_for, seeds=(0, 1))
    assert told(found) == ""
    assert found.model_answers >= 1
    assert found.declared == sum(len(target.mistakes) for _, target in exercise.targets())
    assert found.built_in > 0
    assert found.symbolic == found.targets


def test_a_right_exercise_is_right(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The small one that the others vary."""
    found = audited(SQUARES, sandbox_for, tmp_path, RIGHT)
    assert (told(found), found.is_right, found.model_answers) == ("", True, 1)
    assert found.difference < 1e-9


def test_an_ill_conditioned_exercise_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Cases that cannot be drawn are a fault, not a traceback."""
    found = audited(one_target("E = 1e-20 * sum(x)", Gradient(of="E", wrt="x"), "n"), sandbox_for, tmp_path, RIGHT)
    assert "no draw is usable" in told(found)
