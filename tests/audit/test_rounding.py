"""Entries that zero would replace unseen are named."""

from __future__ import annotations

from pathlib import Path

from auditing import SandboxFor, audited, told
from builders import one_target

from grader.exercise.model import Jacobian


def test_entries_that_are_too_small_to_be_judged_are_named(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Zero would be right for them in every case."""
    exercise = one_target("y = x * where(arange(n) == 0, 1.0e-14, 1.0)", Jacobian(of="y", wrt="x"), "n n")
    solution = "import numpy as np\ndef g(x):\n    return np.diag(np.where(np.arange(len(x)) == 0, 1e-14, 1.0))\n"
    found = told(audited(exercise, sandbox_for, tmp_path, solution))
    assert "Zero would be right in every case at seed 0 for g[0, 0], which is at most 1e-14." in found
    large = one_target("y = x * where(arange(n) == 0, 1.0e-7, 1.0)", Jacobian(of="y", wrt="x"), "n n")
    assert "Zero would be right" not in told(audited(large, sandbox_for, tmp_path, solution.replace("1e-14", "1e-7")))
