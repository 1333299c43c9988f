"""Audit an exercise with model answers that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from builders import one_target

from grader.audit import Audit, audit
from grader.exercise.model import Exercise, Gradient
from grader.sandbox import Sandbox
from grader.sandbox.limits import Arrays

SandboxFor = Callable[[Arrays], Sandbox]
RIGHT = "import numpy as np\ndef g(x):\n    return 2 * x\n"
SQUARES = one_target("E = sum(x ** 2)", Gradient(of="E", wrt="x"), "n")


def audited(exercise: Exercise, sandbox_for: SandboxFor, tmp_path: Path, *solutions: str) -> Audit:
    """Audit an exercise with these model answers, at two seeds."""
    paths = []
    for number, solution in enumerate(solutions):
        path = tmp_path / f"answer{number}.py"
        path.write_text(solution, "utf-8")
        paths.append(path)
    return audit(exercise, paths, sandbox_for, seeds=(0, 1))


def told(found: Audit) -> str:
    """Return all faults as text."""
    return "\n".join(map(str, found.faults))
