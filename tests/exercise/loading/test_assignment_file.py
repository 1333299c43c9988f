"""Assignments: which exercises, and what they change in them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from exercise_files import (
    assignment,
    assignment_faults,
    pairs,
    with_parts,
)
from places import EXERCISES

from grader.exercise.loading import load_assignment
from grader.sandbox.limits import Limits


def test_the_shipped_assignment_is_the_chapter() -> None:
    """Five exercises in the order of the book, with torch arrays."""
    chapter = load_assignment(EXERCISES / "assignments" / "autodiff_chapter.yaml", lambda name: EXERCISES / f"{name}.yaml")
    assert [exercise.id for exercise in chapter.exercises] == [
        "tanh_derivative",
        "chain_rule",
        "scalar_linear",
        "linear_layer",
        "tanh_layer",
    ]
    assert {exercise.arrays for exercise in chapter.exercises} == {"torch"}
    assert chapter.id == "autodiff_chapter"


def test_an_assignment_overrides_its_exercises(tmp_path: Path) -> None:
    """Arrays, limits and numerical for all; points for one, shared among its targets as before."""
    found = assignment(
        tmp_path,
        "schema: 1\ntitle: Set 1\nexercises: [chain_rule, tanh_layer]\narrays: torch\nnumerical: forbid\nlimits: {seconds: 3}\n"
        "points: {tanh_layer: 6}\ndue: 2026-10-01T23:59:00+02:00\n",
    )
    chain, layer = found.exercises
    assert (chain.arrays, chain.numerical, chain.limits) == ("torch", "forbid", Limits(seconds=3, memory_mib=1024))
    assert [target.points for _, target in layer.targets()] == [4.0, 2.0]
    assert chain.points == 4.0
    assert found.due == datetime.fromisoformat("2026-10-01T23:59:00+02:00")


def test_an_assignment_may_name_files(tmp_path: Path) -> None:
    """Paths are relative to the assignment's own file."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yaml").write_text(with_parts(), "utf-8")
    found = assignment(tmp_path, "schema: 1\ntitle: Set 1\nexercises: [own/mine.yaml]\n")
    assert [exercise.id for exercise in found.exercises] == ["mine"]


@pytest.mark.parametrize(("text", "message"), pairs("assignment_faults.txt"))
def test_every_fault_of_an_assignment_says_what_to_do(text: str, message: str, tmp_path: Path) -> None:
    """In the same three parts as those of exercises."""
    assert message == assignment_faults(tmp_path, f"schema: 1\ntitle: Set 1\n{text}\n")


def test_faults_of_the_exercises_are_said_with_those_of_the_assignment(tmp_path: Path) -> None:
    """One run shows all that has to be mended."""
    (tmp_path / "mine.yaml").write_text(with_parts().replace("title: Test", "title:"), "utf-8")
    text = assignment_faults(tmp_path, "schema: 1\ntitle: on\nexercises: [./mine.yaml]\n")
    assert "ps1.yaml:2: title is `on`, which YAML reads as true." in text
    assert f"{tmp_path / 'mine.yaml'}:2: title is empty." in text
