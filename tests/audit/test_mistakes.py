"""Declared mistakes that are right, or that another one hides, are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auditing import RIGHT, SQUARES, SandboxFor, audited, told

from grader.exercise.formula import parse
from grader.exercise.loading import parse_exercise
from grader.exercise.model import Mistake


def test_a_mistake_that_is_right_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """A hint for the right answer would be told to nobody, or to everybody."""
    task = SQUARES.tasks[0]
    mistake = Mistake(returned=parse("x + x"), hint="Not so.")
    target = replace(task.targets[0], mistakes=(mistake,))
    wrong = replace(SQUARES, tasks=(replace(task, targets=(target,)),))
    assert "The mistake `x + x` of g gives right answers in too many cases." in told(audited(wrong, sandbox_for, tmp_path, RIGHT))


def test_two_mistakes_that_return_the_same_are_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The second hint would never be spoken."""
    task = SQUARES.tasks[0]
    mistakes = (Mistake(returned=parse("3 * x"), hint="Three?"), Mistake(returned=parse("x * 3"), hint="Why three?"))
    wrong = replace(SQUARES, tasks=(replace(task, targets=(replace(task.targets[0], mistakes=mistakes),)),))
    assert "The mistake `x * 3` of g is not named by its hint but by `Three?`." in told(
        audited(wrong, sandbox_for, tmp_path, RIGHT)
    )


def test_a_gate_alone_is_a_right_exercise(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The slope of relu at a number: 1 everywhere is right where relu is open, and no model answer."""
    text = "schema: 1\ntitle: x\ninputs: {x: scalar}\nforward: {y: relu(x)}\ntasks:\n  - call: g(x)\n"
    relu = parse_exercise(
        f"{text}    returns: {{d: {{gradient: y, wrt: x}}}}\n    mistakes: {{d: [{{returned: 1, hint: The gate.}}]}}\n", "relu"
    )
    found = audited(relu, sandbox_for, tmp_path, "def g(x):\n    return float(x > 0)\n")
    assert (told(found), found.declared) == ("", 1)
    assert "is judged wrong_value for d" in told(audited(relu, sandbox_for, tmp_path, "def g(x):\n    return 1.0\n"))
