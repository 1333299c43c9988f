"""Exercise files made from parts of the right one, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import EXERCISES, TESTS

from grader.errors import ExerciseError, Fault
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_assignment, parse_exercise
from grader.exercise.model import (
    Exercise,
    Target,
)

DATA = TESTS / "exercise" / "loading" / "files"
BASE = (DATA / "exercise.yaml").read_text("utf-8")
SHIPPED = sorted(EXERCISES.glob("*.yaml"))


def with_parts(**parts: str) -> str:
    """Write a small right exercise, with some of its sections replaced."""
    sections = {
        "dims": "  n: 2..6\n  m: 2..5",
        "inputs": "  W: m n\n  X: n",
        "forward": "  Y: tanh(W @ X)\n  L: sum(Y)",
        "tasks": "  - call: f(W, X)\n    returns:\n      dW: {gradient: L, wrt: W}",
        **parts,
    }
    return "schema: 1\ntitle: Test\n" + "".join(f"{name}:\n{text}\n" for name, text in sections.items() if text)


def loaded(**parts: str) -> Exercise:
    """Load the small exercise, with some of its sections replaced."""
    return parse_exercise(with_parts(**parts), "test")


def faults(text: str) -> tuple[Fault, ...]:
    """Return the faults of a text."""
    with pytest.raises(ExerciseError) as raised:
        parse_exercise(text, "test", "x.yaml")
    return raised.value.faults


def faults_with(**parts: str) -> str:
    """Return the faults of the small exercise with a section replaced."""
    return "\n".join(map(str, faults(with_parts(**parts))))


def target(text: str, **parts: str) -> Target:
    """Return the one target of the small exercise."""
    exercise = loaded(tasks=f"  - call: f(W, X)\n    returns:\n      d: {text}", **parts)
    return exercise.tasks[0].targets[0]


TWO = {
    "forward": "  Z: W @ X\n  Y: tanh(Z)\n  L: sum(Y)",
    "upstream": "  dY: like Y\n  dZ: like Z",
    "tasks": "  - call: f(W, X, dY, dZ)\n    returns:\n      d: {vjp: [Y, Z], wrt: W, upstream: [dY, dZ]}",
}


def pairs(name: str) -> list[tuple[str, str]]:
    """Read each text of a data file with its message."""
    found = [block.split("\n==>\n") for block in (DATA / name).read_text("utf-8").split("\n----\n")]
    return [(text.replace("NUL", "\0"), message.rstrip("\n")) for text, message in found]


# What stands in the right file, what stands there instead, and what is said of it.
FAULTS = [(*change.split("\n-->\n"), message) for change, message in pairs("faults.txt")]


def assignment(tmp_path: Path, text: str) -> Assignment:
    """Load an assignment from a text."""
    file = tmp_path / "ps1.yaml"
    file.write_text(text, "utf-8")
    return load_assignment(file, lambda name: EXERCISES / f"{name}.yaml")


def assignment_faults(tmp_path: Path, text: str) -> str:
    """Return the faults of an assignment."""

    def find(name: str) -> Path:
        if not (EXERCISES / f"{name}.yaml").exists():
            raise ExerciseError(Fault("", f"There is no exercise `{name}`.", "Did you mean `chain_rule`?"))
        return EXERCISES / f"{name}.yaml"

    file = tmp_path / "ps1.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ExerciseError) as raised:
        load_assignment(file, find)
    return str(raised.value).replace(str(file), "ps1.yaml")


HEAD = "schema: 1\ntitle: Set 1\n"
