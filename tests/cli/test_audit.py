"""`grader audit` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run


def test_audit_tells_an_unknown_exercise_from_a_faulty_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, the reason on stderr."""
    Path("faulty.yaml").write_text("schema: 1\n", "utf-8")
    status, out, err = run(capsys, "audit", "nosuch", "./nosuch.yaml", "./faulty.yaml")
    lines = [
        "✗ nosuch: there is no such exercise",
        "✗ ./nosuch.yaml: there is no such exercise",
        "✗ ./faulty.yaml: the file is faulty",
    ]
    assert (1, lines) == (status, out.splitlines())
    assert "There is no exercise `nosuch`" in err
